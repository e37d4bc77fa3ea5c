package google

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/perdure-dev/perdure"
)

// Error is an error in the API's words, a google.rpc.Status. The errors of this
// package's client, and of the handles that it gives, wrap one where the API refused a
// request or an operation failed.
type Error struct {
	// Code is the name of a google.rpc.Code, "NOT_FOUND".
	Code    string
	Message string
	// HTTPStatus of the answer; 0 where an operation failed, which is told by a 200.
	HTTPStatus int
	// Details are messages with an "@type" each, as the API wrote them.
	Details []json.RawMessage
}

// Error gives code and message.
func (e *Error) Error() string {
	return fmt.Sprintf("google: %s: %s", e.Code, e.Message)
}

// decodeError reads what starter does not: the details of an operation's error, which
// come alone, and the name of the code, which the body of an answer that refuses has
// beside the number (AIP-193).
func decodeError(said perdure.ServiceError) error {
	out := &Error{Code: said.Code, Message: said.Message, HTTPStatus: said.HTTPStatus}
	if json.Unmarshal(said.Details, &out.Details) == nil {
		return out
	}
	var body struct {
		Error struct {
			Status  string            `json:"status"`
			Details []json.RawMessage `json:"details"`
		} `json:"error"`
	}
	_ = json.Unmarshal(said.Details, &body) // the rest is known without
	out.Code, out.Details = cmp.Or(body.Error.Status, said.Code), body.Error.Details
	return out
}
