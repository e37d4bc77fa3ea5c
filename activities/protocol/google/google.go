package google

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// Name is what inputs call the protocol.
const Name = "google"

// Protocol is the protocol of Google's APIs.
type Protocol struct{}

// Name is "google".
func (Protocol) Name() string { return Name }

// options of the protocol.
type options struct {
	// OperationURL is a template with {name} and perhaps {version}; default: the
	// start's URL up to its version segment + "/{name}".
	OperationURL string `json:"operationURL"`
	// RequestIDField says where the start carries its request id: "requestId", the
	// same as {"query": "requestId"}, or {"body": "requestId"}. Default: nowhere.
	RequestIDField json.RawMessage `json:"requestIdField"`
}

// Bind reads the options operationURL and requestIdField.
func (Protocol) Bind(raw json.RawMessage) (protocol.Bound, error) {
	var o options
	if err := protocol.Options(raw, &o); err != nil {
		return nil, err
	}
	if err := checkTemplate(o.OperationURL); err != nil {
		return nil, err
	}
	field, err := readRequestIDField(o.RequestIDField)
	if err != nil {
		return nil, err
	}
	return bound{operationURL: o.OperationURL, requestID: field}, nil
}

type bound struct {
	operationURL string
	requestID    requestIDField
}

// state is what is needed to go on.
type state struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	// Adopted: the caller named the URL, and not the service.
	Adopted bool `json:"adopted,omitempty"`
}

// Prepare adds nothing.
func (bound) Prepare(*protocol.Ask) {}

// Recognizes a name that contains "operations/".
func (bound) Recognizes(start protocol.Exchange) bool {
	body, ok := start.Object()
	return ok && strings.Contains(protocol.String(body["name"]), "operations/")
}

// Started reads the new operation, which may be done already.
func (b bound) Started(start protocol.Exchange) (protocol.Step, error) {
	if !start.Success() {
		return protocol.Step{}, violation("the start was answered with a redirect")
	}
	body, ok := start.Object()
	if !ok {
		return protocol.Step{}, violation("the start's answer is not a JSON object")
	}
	s := state{Name: protocol.String(body["name"])}
	if s.Name != "" { // what is done in the start answer may go without
		if problem := checkName(s.Name); problem != "" {
			return protocol.Step{}, violation("the operation's name " + problem)
		}
		s.URL = b.url(start.URL, s.Name)
		if len(s.URL) > maxURLBytes {
			return protocol.Step{}, violation("the operation has a name of " + strconv.Itoa(len(s.Name)) + " bytes")
		}
	}
	return read(s, body)
}

// Next asks for the operation.
func (b bound) Next(raw json.RawMessage) (protocol.Ask, error) {
	s, err := decode(raw)
	if err != nil {
		return protocol.Ask{}, err
	}
	return protocol.Ask{Method: http.MethodGet, URL: s.URL, Option: b.option(s)}, nil
}

// Answered reads the operation.
func (bound) Answered(raw json.RawMessage, answer protocol.Exchange) (protocol.Step, error) {
	s, err := decode(raw)
	if err != nil {
		return protocol.Step{}, err
	}
	body, ok := answer.Object()
	if !ok {
		return protocol.Step{}, violation("the answer is not a JSON object")
	}
	return read(s, body)
}

// Cancel posts to the operation's URL + ":cancel", which is best effort: the
// operation goes on being asked for until it is done (AIP-151; operations.proto,
// CancelOperation).
func (b bound) Cancel(raw json.RawMessage) (protocol.Ask, bool, error) {
	s, err := decode(raw)
	if err != nil {
		return protocol.Ask{}, false, err
	}
	path, query, has := strings.Cut(s.URL, "?")
	target := path + cancelVerb
	if has {
		target += "?" + query
	}
	return protocol.Ask{
		Method: http.MethodPost, URL: target, Option: b.option(s),
		Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte("{}"),
	}, true, nil
}

// cancelVerb is the custom method (AIP-136).
const cancelVerb = ":cancel"

// maxURLBytes of an operation leaves room for cancelVerb.
const maxURLBytes = perdure.MaxURLBytes - len(cancelVerb)

// option is what the operation's URL was made from.
func (b bound) option(s state) string {
	switch {
	case s.Adopted:
		return protocol.FromAdoption
	case b.operationURL != "":
		return "operationURL"
	}
	return ""
}

func decode(raw json.RawMessage) (state, error) {
	var s state
	if json.Unmarshal(raw, &s) != nil || s.URL == "" {
		return state{}, violation("the state is not this protocol's, or the operation was done with its start")
	}
	return s, nil
}

func violation(message string) error {
	return &perdure.ProtocolError{Protocol: Name, Message: message}
}
