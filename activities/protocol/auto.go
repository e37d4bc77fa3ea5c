package protocol

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/perdure-dev/perdure"
)

// auto stands for a protocol that is not decided yet. What nobody recognises and
// is a 2xx other than 202 is a plain synchronous success, its body the value.
type auto struct{}

// Prepare adds nothing.
func (auto) Prepare(*Ask) {}

// Recognizes is asked of the protocols that auto stands for, not of auto.
func (auto) Recognizes(Exchange) bool { return false }

// Started reads an answer that nobody recognises.
func (auto) Started(e Exchange) (Step, error) {
	switch {
	case !e.Success():
		return Step{}, &perdure.ProtocolError{Protocol: perdure.AutoProtocol, Message: fmt.Sprintf("the start was answered with %d, which means nothing to it", e.Status)}
	case e.Status == http.StatusAccepted:
		return Step{}, &perdure.ProtocolError{Protocol: perdure.AutoProtocol, Message: "the start was accepted, and nothing in the answer says where to ask; name a protocol"}
	}
	value, ok := e.Value()
	return Step{Outcome: Succeeded, Value: value, HasValue: ok, State: json.RawMessage(`{}`)}, nil
}

// Next has nothing to ask.
func (auto) Next(json.RawMessage) (Ask, error) { return Ask{}, undecided() }

// Answered has nothing to read.
func (auto) Answered(json.RawMessage, Exchange) (Step, error) { return Step{}, undecided() }

// Cancel knows no request.
func (auto) Cancel(json.RawMessage) (Ask, bool, error) { return Ask{}, false, nil }

func undecided() error {
	return &perdure.ProtocolError{Protocol: perdure.AutoProtocol, Message: "the operation ended with its start; there is nothing to ask"}
}
