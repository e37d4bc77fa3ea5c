package azure

import (
	"cmp"
	"encoding/json"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// whyFailed reads the error beside the word that ended an operation: the header
// x-ms-error-code before the body's error, odata.error, or the body itself if it has
// a code (azcore, internal/exported: NewResponseError). Without any the word is the
// code: a resource's type, which ARM's bodies have, is none.
func whyFailed(word string, answer protocol.Exchange) *perdure.ServiceError {
	body, _ := answer.Object()
	out := &perdure.ServiceError{}
	for _, raw := range []json.RawMessage{body["error"], body["odata.error"], withCode(body, answer)} {
		if e := protocol.ErrorIn(raw); e != nil {
			out = e
			break
		}
	}
	out.Code = protocol.Cut(cmp.Or(answer.Header.Get("X-Ms-Error-Code"), out.Code, word), maxCodeBytes)
	if whole, ok := answer.Value(); ok && json.Valid(whole) {
		out.Details = whole
	}
	return out
}

const maxCodeBytes = 255

// withCode is the body where it is itself an error.
func withCode(body map[string]json.RawMessage, answer protocol.Exchange) json.RawMessage {
	if _, ok := body["code"]; !ok {
		return nil
	}
	whole, _ := answer.Value()
	return whole
}
