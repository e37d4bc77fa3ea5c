package azure

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// state is what is needed to go on.
type state struct {
	Kind    kind  `json:"kind,omitempty"`
	Monitor place `json:"monitor,omitzero"`
	// Method and Resource are the start's: the value may be there.
	Method   string `json:"method,omitempty"`
	Resource place  `json:"resource,omitzero"`
	// Location came beside a status URL.
	Location place `json:"location,omitzero"`
	// FinalStateVia and ResultKey came with a resume token, and go before the options.
	FinalStateVia string `json:"finalStateVia,omitempty"`
	ResultKey     string `json:"resultKey,omitempty"`
	// Value is where the value is, once the operation has succeeded.
	Value place `json:"value,omitzero"`
}

// place is a URL that somebody named. One that is of no use is a violation when it
// is needed, and not before.
type place struct {
	URL   string `json:"url,omitempty"`
	Fault string `json:"fault,omitempty"` // why there is no URL
	// Adopted: whoever adopted the operation named it, and not the service.
	Adopted bool `json:"adopted,omitempty"`
}

func (p place) named() bool { return p.URL != "" || p.Fault != "" }

// get is the request for what is there.
func (p place) get() protocol.Ask {
	return protocol.Ask{Method: http.MethodGet, URL: p.URL, Option: p.option()}
}

// option: what a caller named is held against the service's allow list.
func (p place) option() string {
	if p.Adopted {
		return protocol.FromAdoption
	}
	return ""
}

// find reads a URL that an answer names in field.
func (b bound) find(e protocol.Exchange, field, ref string) place {
	if ref == "" {
		return place{}
	}
	target, err := e.Resolve(Name, field, ref)
	if bad, ok := errors.AsType[*perdure.ProtocolError](err); ok {
		return place{Fault: bad.Message}
	}
	target = protocol.WithAPIVersion(target, b.APIVersion)
	if len(target) > perdure.MaxURLBytes {
		return place{Fault: field + " makes a URL that is too long"}
	}
	return place{URL: target}
}

// must is a place that is needed now.
func (p place) must() (place, error) {
	if p.Fault != "" {
		return place{}, violation(p.Fault)
	}
	return p, nil
}

// step completes a step by the state.
func (s state) step(out protocol.Step) (protocol.Step, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return protocol.Step{}, err
	}
	out.State = raw
	return out, nil
}

// valued adds an answer's body to a step that has ended.
func valued(out protocol.Step, answer protocol.Exchange) protocol.Step {
	out.Value, out.HasValue = answer.Value()
	return out
}

func decode(raw json.RawMessage) (state, error) {
	var s state
	if json.Unmarshal(raw, &s) != nil || s.Monitor.URL == "" {
		return state{}, foreignState()
	}
	return s, nil
}

func foreignState() error {
	return violation("the state is not this protocol's, or the operation ended with its start")
}

func violation(message string) error {
	return &perdure.ProtocolError{Protocol: Name, Message: message}
}
