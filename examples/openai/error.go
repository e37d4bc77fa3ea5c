package openai

import (
	"encoding/json"
	"fmt"

	"github.com/perdure-dev/perdure"
)

// Error is an error in OpenAI's words. The errors of this package's clients, and of the
// handles that they give, wrap one where the API refused a request or an operation ended
// badly.
type Error struct {
	// StatusCode of the answer; 0 where an operation ended badly, which is told by a 200.
	StatusCode int
	Code       string
	Message    string
	// Param is the parameter that is wrong; "": the API does not say.
	Param string
	// Type is its class, "invalid_request_error"; "": the API does not say.
	Type string
}

// Error gives code and message.
func (e *Error) Error() string {
	return fmt.Sprintf("openai: %s: %s", e.Code, e.Message)
}

// decodeError reads what starter does not: an error that refuses is in the body's
// "error", and so is that of most objects that failed.
func decodeError(said perdure.ServiceError) error {
	type words struct {
		Param string `json:"param"`
		Type  string `json:"type"`
	}
	var body struct {
		Error words `json:"error"`
		words       // of an event that ends a stream
	}
	_ = json.Unmarshal(said.Details, &body) // the rest is known without
	if body.Error == (words{}) {
		body.Error = body.words
	}
	return &Error{StatusCode: said.HTTPStatus, Code: said.Code, Message: said.Message, Param: body.Error.Param, Type: body.Error.Type}
}
