package transcript

import (
	"encoding/json"
	"fmt"

	"github.com/perdure-dev/perdure"
)

// Error is an error in the service's words.
type Error struct {
	// StatusCode of the answer; 0 where a transcript broke, which is told by a 200.
	StatusCode int
	Code       string
	Message    string
	// AtSecond is where in the recording it went wrong, if anywhere.
	AtSecond float64
}

// Error gives code and message.
func (e *Error) Error() string { return fmt.Sprintf("transcript: %s: %s", e.Code, e.Message) }

func decodeError(said perdure.ServiceError) error {
	var body struct {
		Problem struct {
			AtSecond float64 `json:"at_second"`
		} `json:"problem"`
	}
	_ = json.Unmarshal(said.Details, &body) // of a refusal there is none
	return &Error{StatusCode: said.HTTPStatus, Code: said.Code, Message: said.Message, AtSecond: body.Problem.AtSecond}
}
