package azure

import (
	"encoding/json"
	"fmt"

	"github.com/perdure-dev/perdure"
)

// Error is an error in Azure's words. The errors of this package's clients, and of the
// handles that they give, wrap one where a service refused a request or an operation
// failed.
type Error struct {
	// StatusCode of the answer; 0 where an operation failed, which is told by a 200.
	StatusCode int
	ErrorCode  string
	Message    string
	// Target is what it is about; "": the service does not say.
	Target string
	// Details are the errors that led to this one.
	Details []ErrorDetail
}

// ErrorDetail is one of the errors that led to an Error.
type ErrorDetail struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Target  string `json:"target"`
}

// Error gives code and message.
func (e *Error) Error() string {
	return fmt.Sprintf("azure: %s: %s", e.ErrorCode, e.Message)
}

// decodeError reads what starter does not: the body's "error", beside the status or alone.
func decodeError(said perdure.ServiceError) error {
	var body struct {
		Error struct {
			Target  string        `json:"target"`
			Details []ErrorDetail `json:"details"`
		} `json:"error"`
	}
	_ = json.Unmarshal(said.Details, &body) // the rest is known without
	return &Error{
		StatusCode: said.HTTPStatus, ErrorCode: said.Code, Message: said.Message,
		Target: body.Error.Target, Details: body.Error.Details,
	}
}
