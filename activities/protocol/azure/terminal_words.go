package azure

import (
	"encoding/json"
	"strings"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// terminal words, which compare without case; every other word means running. AG and
// ARM RPC know Succeeded, Failed and Canceled; the other spellings were seen in the
// wild (azcore, sdk/internal/poller: StatusCompleted, StatusCancelled).
var terminal = map[protocol.Outcome][]string{
	protocol.Succeeded: {"succeeded", "completed"},
	protocol.Failed:    {"failed"},
	protocol.Canceled:  {"canceled", "cancelled"},
}

func outcome(word string) protocol.Outcome {
	for o, words := range terminal {
		for _, w := range words {
			if strings.EqualFold(w, word) {
				return o
			}
		}
	}
	return protocol.Running
}

// provisioningState is the body's properties.provisioningState, "" where there is
// none, or none that is a string (ARM RPC, "provisioningState property").
func provisioningState(e protocol.Exchange) string {
	var properties map[string]json.RawMessage
	if json.Unmarshal(propertiesOf(e), &properties) != nil {
		return ""
	}
	return protocol.String(properties["provisioningState"])
}

// propertiesOf are the service's own: of the resource, or of the operation.
func propertiesOf(e protocol.Exchange) json.RawMessage {
	body, _ := e.Object()
	if raw := body["properties"]; len(raw) > 0 && raw[0] == '{' {
		return raw
	}
	return nil
}

// statusOf is the body's top-level status (AG, status monitor; ARM RPC,
// "Azure-AsyncOperation resource format").
func statusOf(e protocol.Exchange) string {
	body, _ := e.Object()
	return protocol.String(body["status"])
}

// unreadable: there is a body, and it is not JSON.
func unreadable(e protocol.Exchange) bool {
	value, ok := e.Value()
	return ok && !json.Valid(value)
}

// told is a step with what an answer says of the way.
func told(o protocol.Outcome, word string, answer protocol.Exchange) protocol.Step {
	return protocol.Step{Outcome: o, ServiceStatus: word, Percent: percentOf(answer), Progress: propertiesOf(answer)}
}

// percentOf is the body's percentComplete, nil where that is no percentage (ARM RPC,
// "Azure-AsyncOperation resource format"). The answer to a start can have it too.
func percentOf(e protocol.Exchange) *float64 {
	body, _ := e.Object()
	if p := protocol.Number(body["percentComplete"]); p != nil && *p >= 0 && *p <= 100 {
		return p
	}
	return nil
}

// ended is the step that a terminal word makes. The body is the value; of an operation
// that ended badly it is what was produced so far.
func ended(word string, answer protocol.Exchange) protocol.Step {
	out := valued(told(outcome(word), word, answer), answer)
	if out.Outcome == protocol.Failed {
		out.Error = whyFailed(word, answer)
	}
	return out
}
