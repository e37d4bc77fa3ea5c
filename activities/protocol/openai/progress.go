package openai

import (
	"encoding/json"
	"strings"

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
	p := protocol.Number(body["progress"]) // videos: 0 to 100
	if p == nil || *p < 0 || *p > 100 {
		return nil, nil
	}
	return nil, p
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

// failure is why an object ended badly: its error or errors. The code is the word
// that ended it where they give none, and always where that word is not "failed".
func failure(word string, body map[string]json.RawMessage) *perdure.ServiceError {
	out := &perdure.ServiceError{}
	for _, field := range []string{"error", "last_error", "incomplete_details", "errors"} {
		if e := protocol.ErrorIn(first(body[field])); e != nil {
			out = e
			break
		}
	}
	if out.Code == "" || !strings.EqualFold(word, "failed") {
		out.Code = word
	}
	if whole, err := json.Marshal(body); err == nil {
		out.Details = whole // what was produced so far
	}
	return out
}

// first reads {"object": "list", "data": [error, ...]}, which batches have, and a
// plain array as its first error, nil where it is empty, and anything else as it is.
func first(raw json.RawMessage) json.RawMessage {
	var list struct {
		Data []json.RawMessage `json:"data"`
	}
	if json.Unmarshal(raw, &list.Data) != nil && json.Unmarshal(raw, &list) != nil || list.Data == nil {
		return raw
	}
	if len(list.Data) == 0 {
		return nil
	}
	return list.Data[0]
}
