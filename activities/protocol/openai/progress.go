package openai

import (
	"encoding/json"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// progress reads file_counts or request_counts, and the percentage where they give
// a total.
func progress(body map[string]json.RawMessage) (json.RawMessage, *float64) {
	for _, field := range []string{"file_counts", "request_counts"} {
		counts := body[field]
		if len(counts) == 0 || string(counts) == "null" {
			continue
		}
		return counts, percent(counts)
	}
	return nil, protocol.Number(body["progress"]) // videos: 0 to 100
}

func percent(counts json.RawMessage) *float64 {
	var c struct {
		Total, Completed, Failed, Cancelled float64
	}
	if json.Unmarshal(counts, &c) != nil || c.Total <= 0 {
		return nil
	}
	p := max(0, min(100, 100*(c.Completed+c.Failed+c.Cancelled)/c.Total))
	return &p
}

// failure is why an object ended badly: its error or errors, under the word that
// ended it where they give no code.
func failure(word string, body map[string]json.RawMessage) *perdure.ServiceError {
	out := &perdure.ServiceError{}
	for _, field := range []string{"error", "last_error", "incomplete_details", "errors"} {
		if e := protocol.ErrorIn(first(body[field])); e != nil {
			out = e
			break
		}
	}
	if out.Code == "" {
		out.Code = word
	}
	if whole, err := json.Marshal(body); err == nil {
		out.Details = whole // what was produced so far
	}
	return out
}

// first reads {"object": "list", "data": [error, ...]}, which batches have, as its
// first error, and anything else as it is.
func first(raw json.RawMessage) json.RawMessage {
	var list struct {
		Data []json.RawMessage `json:"data"`
	}
	if json.Unmarshal(raw, &list) == nil && len(list.Data) > 0 {
		return list.Data[0]
	}
	return raw
}
