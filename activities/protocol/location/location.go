// Package location speaks of operations as plain HTTP does: the start is answered
// with 202 and a Location, which is asked until it answers with something else
// (RFC 9110, section 15.3.3; RFC 7240 for Prefer: respond-async).
//
// May import: the root package, package protocol and the standard library.
package location

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// Name is what inputs call the protocol.
const Name = "location"

// Protocol is the protocol of any service's own 202.
type Protocol struct{}

// Name is "location".
func (Protocol) Name() string { return Name }

// options of the protocol.
type options struct {
	// Prefer: "Prefer: respond-async" is sent with the start.
	Prefer bool `json:"prefer"`
	// Cancel: "delete" cancels by DELETE on the Location; "" cannot cancel.
	Cancel string `json:"cancel"`
}

// Bind reads the options prefer and cancel.
func (Protocol) Bind(raw json.RawMessage) (protocol.Bound, error) {
	var o options
	if err := protocol.Options(raw, &o); err != nil {
		return nil, err
	}
	if o.Cancel != "" && o.Cancel != "delete" {
		return nil, &perdure.InputError{Field: "cancel", Message: `want "delete", or nothing where the service cannot cancel`}
	}
	return bound{o}, nil
}

type bound struct{ options }

// state is what is needed to go on.
type state struct {
	Monitor string `json:"monitor"`
	// Adopted: the caller named the monitor, and not the service.
	Adopted bool `json:"adopted,omitempty"`
	// Value is where the value is, once a 303 has named it.
	Value string `json:"value,omitempty"`
}

// Prepare adds to the preferences that the caller may have: respond-async goes well
// with a wait (RFC 7240, section 4.3).
func (b bound) Prepare(start *protocol.Ask) {
	if !b.Prefer {
		return
	}
	if start.Header == nil {
		start.Header = http.Header{}
	}
	given := start.Header.Values("Prefer")
	for _, v := range given {
		if strings.Contains(strings.ToLower(v), respondAsync) {
			return
		}
	}
	start.Header["Prefer"] = append(slices.Clone(given), respondAsync)
}

const respondAsync = "respond-async"

// Recognizes a 202 with Location.
func (bound) Recognizes(start protocol.Exchange) bool {
	return start.Status == http.StatusAccepted && start.Header.Get("Location") != ""
}

// Started reads the start's answer: 202 names the monitor, 303 the value, any
// other 2xx is the value itself.
func (b bound) Started(start protocol.Exchange) (protocol.Step, error) {
	switch {
	case start.Status == http.StatusAccepted:
		monitor, err := target(start)
		if err != nil {
			return protocol.Step{}, err
		}
		return step(state{Monitor: monitor}, protocol.Step{ServiceStatus: "202"})
	case start.Status == http.StatusSeeOther:
		return seeOther(state{}, start)
	case start.Success():
		return done(state{}, start)
	}
	return protocol.Step{}, violation("the start was answered with a redirect that is no 303")
}

// Next asks the monitor, or for the value that a 303 named.
func (bound) Next(raw json.RawMessage) (protocol.Ask, error) {
	s, err := decode(raw)
	if err != nil {
		return protocol.Ask{}, err
	}
	if s.Value != "" {
		return protocol.Ask{Method: http.MethodGet, URL: s.Value}, nil
	}
	ask := protocol.Ask{Method: http.MethodGet, URL: s.Monitor, SeeOther: true}
	if s.Adopted {
		ask.Option = protocol.FromAdoption
	}
	return ask, nil
}

// Answered reads the monitor's answer, 202 again is running, 303 names the value, any
// other 2xx is done, its body the value; or the value itself.
func (bound) Answered(raw json.RawMessage, answer protocol.Exchange) (protocol.Step, error) {
	s, err := decode(raw)
	if err != nil {
		return protocol.Step{}, err
	}
	switch {
	case answer.Status == http.StatusSeeOther && s.Value == "":
		return seeOther(s, answer)
	case !answer.Success():
		return protocol.Step{}, violation("the answer is a redirect that names nothing")
	case answer.Status == http.StatusAccepted && s.Value == "":
		return running(s, answer)
	}
	return done(s, answer)
}

// Cancel is DELETE on the monitor, where the option says so: whoever gives the option, or
// the monitor, has to be allowed to.
func (b bound) Cancel(raw json.RawMessage) (protocol.Ask, bool, error) {
	s, err := decode(raw)
	if err != nil || b.options.Cancel != "delete" || s.Monitor == "" {
		return protocol.Ask{}, false, err
	}
	ask := protocol.Ask{Method: http.MethodDelete, URL: s.Monitor, Option: "cancel"}
	if s.Adopted {
		ask.Option = protocol.FromAdoption
	}
	return ask, true, nil
}

// running reads a 202: a body may tell progress, a Location another monitor.
func running(s state, answer protocol.Exchange) (protocol.Step, error) {
	if answer.Header.Get("Location") != "" {
		monitor, err := target(answer)
		if err != nil {
			return protocol.Step{}, err
		}
		s.Monitor, s.Adopted = monitor, false
	}
	out := protocol.Step{ServiceStatus: "202"}
	if body, ok := answer.Object(); ok {
		out.Progress, _ = answer.Value()
		if word := protocol.String(body["status"]); word != "" {
			out.ServiceStatus = word
		}
		for _, field := range []string{"percentComplete", "percent", "progress"} {
			if p := protocol.Number(body[field]); p != nil && *p >= 0 && *p <= 100 {
				out.Percent = p
				break
			}
		}
	}
	return step(s, out)
}

func seeOther(s state, answer protocol.Exchange) (protocol.Step, error) {
	value, err := target(answer)
	if err != nil {
		return protocol.Step{}, err
	}
	s.Value = value
	return step(s, protocol.Step{Outcome: protocol.Succeeded, Fetch: true, ServiceStatus: "303"})
}

func done(s state, answer protocol.Exchange) (protocol.Step, error) {
	value, ok := answer.Value()
	return step(s, protocol.Step{
		Outcome: protocol.Succeeded, ServiceStatus: strconv.Itoa(answer.Status),
		Value: value, HasValue: ok,
	})
}

func step(s state, out protocol.Step) (protocol.Step, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return protocol.Step{}, err
	}
	out.State = raw
	return out, nil
}

func target(answer protocol.Exchange) (string, error) {
	location := answer.Header.Get("Location")
	if location == "" {
		return "", violation("the answer has no Location")
	}
	return answer.Resolve(Name, "Location", location)
}

func decode(raw json.RawMessage) (state, error) {
	var s state
	if json.Unmarshal(raw, &s) != nil || s.Monitor == "" && s.Value == "" {
		return state{}, violation("the state is not this protocol's, or the operation ended with its start")
	}
	return s, nil
}

func violation(message string) error {
	return &perdure.ProtocolError{Protocol: Name, Message: message}
}
