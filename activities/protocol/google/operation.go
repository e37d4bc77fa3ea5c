package google

import (
	"encoding/json"
	"strconv"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// done is the service's word for an operation that is over, however it ended.
const done = "done"

// read reads {name, metadata, done, error | response} (operations.proto, Operation).
func read(s state, body map[string]json.RawMessage) (protocol.Step, error) {
	over, err := isDone(body["done"])
	if err != nil {
		return protocol.Step{}, err
	}
	if !over && protocol.String(body["name"]) == "" {
		return protocol.Step{}, violation("the answer has no name, and is no operation")
	}
	encoded, err := json.Marshal(s)
	if err != nil {
		return protocol.Step{}, err
	}
	step := protocol.Step{State: encoded, RemoteID: s.Name}
	step.Progress, step.Percent = progress(body["metadata"])
	if over {
		end(&step, body)
	}
	return step, nil
}

// isDone: absent is false, as proto3 leaves out what has its default value.
func isDone(raw json.RawMessage) (bool, error) {
	if isAbsent(raw) {
		return false, nil
	}
	var over bool
	if json.Unmarshal(raw, &over) != nil {
		return false, violation("the operation's done is neither true nor false")
	}
	return over, nil
}

// end reads the error, or the response, which some services leave out.
func end(step *protocol.Step, body map[string]json.RawMessage) {
	step.ServiceStatus = done
	if raw := body["error"]; !isAbsent(raw) {
		step.Outcome, step.Error = failure(raw)
		return
	}
	step.Outcome = protocol.Succeeded
	if raw := body["response"]; !isAbsent(raw) {
		step.Value, step.HasValue = raw, true
	}
}

// failure reads a google.rpc.Status. Code 1, CANCELLED, is how an operation ends that
// was canceled (operations.proto, CancelOperation).
func failure(raw json.RawMessage) (protocol.Outcome, *perdure.ServiceError) {
	var status struct {
		Code    json.RawMessage `json:"code"`
		Message json.RawMessage `json:"message"`
		Details json.RawMessage `json:"details"`
	}
	if json.Unmarshal(raw, &status) != nil { // no object
		out := protocol.ErrorIn(raw)
		out.Code = unknown
		return protocol.Failed, out
	}
	out := &perdure.ServiceError{
		Code:    protocol.Cut(codeName(status.Code), maxCodeBytes),
		Message: protocol.Cut(protocol.String(status.Message), maxMessageBytes),
	}
	if !isAbsent(status.Details) {
		out.Details = status.Details
	}
	if out.Code == canceled {
		return protocol.Canceled, out
	}
	return protocol.Failed, out
}

// Bounds of what is taken over from a service's error.
const (
	maxCodeBytes    = 255
	maxMessageBytes = 4096
)

// progress is the metadata, and the percentage that many services have in it. The
// JSON of proto3 spells a field in two ways, and an int64 as a string.
func progress(metadata json.RawMessage) (json.RawMessage, *float64) {
	if isAbsent(metadata) {
		return nil, nil
	}
	fields, _ := protocol.Exchange{Body: metadata}.Object()
	for _, name := range []string{"progressPercent", "progress_percentage", "progressPercentage", "progress_percent"} {
		p := protocol.Number(fields[name])
		if p == nil {
			if n, err := strconv.ParseFloat(protocol.String(fields[name]), 64); err == nil {
				p = &n
			}
		}
		if p != nil && *p >= 0 && *p <= 100 {
			return metadata, p
		}
	}
	return metadata, nil
}

func isAbsent(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }
