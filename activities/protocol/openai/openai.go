package openai

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// Name is what inputs call the protocol.
const Name = "openai"

// Protocol is the protocol of OpenAI's API.
type Protocol struct{}

// Name is "openai".
func (Protocol) Name() string { return Name }

// options of the protocol.
type options struct {
	// StatusURL is a template with {id}; default: the start's URL + "/{id}".
	StatusURL string `json:"statusURL"`
	// CancelURL is a template with {id}; default: the status URL + "/cancel".
	CancelURL string `json:"cancelURL"`
	// StatusField is the field with the status; default "status".
	StatusField string `json:"statusField"`
}

// Bind reads the options statusURL, cancelURL and statusField.
func (Protocol) Bind(raw json.RawMessage) (protocol.Bound, error) {
	o := options{StatusField: "status"}
	if err := protocol.Options(raw, &o); err != nil {
		return nil, err
	}
	if o.StatusField == "" {
		return nil, &perdure.InputError{Field: "statusField", Message: "is empty, want a field's name"}
	}
	if err := checkTemplate("statusURL", o.StatusURL); err != nil {
		return nil, err
	}
	if err := checkTemplate("cancelURL", o.CancelURL); err != nil {
		return nil, err
	}
	return bound{o}, nil
}

type bound struct{ options }

// state is what is needed to go on.
type state struct {
	Object    string `json:"object,omitempty"`
	ID        string `json:"id"`
	StatusURL string `json:"statusURL"`
	// Adopted: the caller named the URL, and not the service.
	Adopted bool `json:"adopted,omitempty"`
}

// Prepare adds nothing.
func (bound) Prepare(*protocol.Ask) {}

// Recognizes an object of the table, with an id.
func (bound) Recognizes(start protocol.Exchange) bool {
	body, ok := start.Object()
	if !ok || protocol.String(body["id"]) == "" {
		return false
	}
	_, known := objects[protocol.String(body["object"])]
	return known
}

// Started reads the new object.
func (b bound) Started(start protocol.Exchange) (protocol.Step, error) {
	if !start.Success() {
		return protocol.Step{}, violation("the start was answered with a redirect")
	}
	body, ok := start.Object()
	if !ok {
		return protocol.Step{}, violation("the start's answer is not a JSON object")
	}
	id := protocol.String(body["id"])
	if id == "" {
		return protocol.Step{}, violation("the start's answer has no id")
	}
	if hasDots(id) {
		return protocol.Step{}, violation("the start's answer has an id with a dot segment")
	}
	s := state{Object: protocol.String(body["object"]), ID: id, StatusURL: b.statusURL(start.URL, id)}
	if len(s.StatusURL) > perdure.MaxURLBytes {
		return protocol.Step{}, violation("the start's answer has an id of " + strconv.Itoa(len(id)) + " bytes")
	}
	return b.read(s, body, start)
}

// Next asks for the object.
func (b bound) Next(raw json.RawMessage) (protocol.Ask, error) {
	s, err := decode(raw)
	if err != nil {
		return protocol.Ask{}, err
	}
	return protocol.Ask{Method: http.MethodGet, URL: s.StatusURL, Option: b.option(s)}, nil
}

// Answered reads the object.
func (b bound) Answered(raw json.RawMessage, answer protocol.Exchange) (protocol.Step, error) {
	s, err := decode(raw)
	if err != nil {
		return protocol.Step{}, err
	}
	body, ok := answer.Object()
	if !ok {
		return protocol.Step{}, violation("the status answer is not a JSON object")
	}
	return b.read(s, body, answer)
}

// Cancel posts to the status URL + "/cancel", for the objects that have it.
func (b bound) Cancel(raw json.RawMessage) (protocol.Ask, bool, error) {
	s, err := decode(raw)
	if err != nil {
		return protocol.Ask{}, false, err
	}
	if b.CancelURL != "" {
		return protocol.Ask{Method: http.MethodPost, URL: fillID(b.CancelURL, s.ID), Option: "cancelURL"}, true, nil
	}
	if !lookup(s.Object).cancel {
		return protocol.Ask{}, false, nil
	}
	return protocol.Ask{Method: http.MethodPost, URL: appendPath(s.StatusURL, "cancel"), Option: b.option(s)}, true, nil
}

// option is what the status URL was made from.
func (b bound) option(s state) string {
	switch {
	case s.Adopted:
		return protocol.FromAdoption
	case b.StatusURL != "":
		return "statusURL"
	}
	return ""
}

// Retry asks a GET again after 409 too, and after whatever x-should-retry
// says (OpenAI SDK for Go, internal/requestconfig: shouldRetry).
func (bound) Retry(answer protocol.Exchange) (retry, known bool) {
	switch answer.Header.Get("X-Should-Retry") {
	case "true":
		return true, true
	case "false": // what is transient for every protocol stays so: it never ends an operation
		return false, answer.Status == http.StatusConflict
	}
	if answer.Method == http.MethodGet && answer.Status == http.StatusConflict {
		return true, true
	}
	return false, false
}

func (b bound) read(s state, body map[string]json.RawMessage, answer protocol.Exchange) (protocol.Step, error) {
	word := protocol.String(body[b.StatusField])
	if word == "" {
		return protocol.Step{}, violation("the object has no " + b.StatusField)
	}
	if name := protocol.String(body["object"]); name != "" {
		s.Object = name
	}
	encoded, err := json.Marshal(s)
	if err != nil {
		return protocol.Step{}, err
	}
	step := protocol.Step{
		Outcome: lookup(s.Object).outcome(word), State: encoded,
		ServiceStatus: word, RemoteID: s.ID,
	}
	step.Progress, step.Percent = progress(body)
	if step.Outcome == protocol.Running {
		return step, nil
	}
	// The object is the value; of one that failed it is what was produced so far.
	step.Value, step.HasValue = answer.Value()
	if step.Outcome == protocol.Failed {
		step.Error = failure(word, body)
	}
	return step, nil
}

// statusURL is where the object is asked for.
func (b bound) statusURL(startURL, id string) string {
	if b.StatusURL != "" {
		return fillID(b.StatusURL, id)
	}
	startURL, _, _ = strings.Cut(startURL, "?")
	return appendPath(startURL, url.PathEscape(id))
}

func decode(raw json.RawMessage) (state, error) {
	var s state
	if err := json.Unmarshal(raw, &s); err != nil || s.StatusURL == "" {
		return state{}, violation("the state is not this protocol's")
	}
	return s, nil
}

func violation(message string) error {
	return &perdure.ProtocolError{Protocol: Name, Message: message}
}
