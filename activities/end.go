package activities

import (
	"encoding/json"
	"errors"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/tokens"
)

// endOf gives the type under which an error ends an operation, and the words for
// it. "" is an error that ends nothing: the activity failed, and is retried.
func endOf(err error) (errorType string, said *perdure.ServiceError) {
	var (
		input      *perdure.InputError
		egress     *perdure.EgressError
		credential *perdure.CredentialError
		size       *perdure.SizeError
		violation  *perdure.ProtocolError
		refused    *perdure.ResponseError
	)
	switch {
	case errors.As(err, &input):
		errorType = perdure.ErrorInvalidInput
	case errors.As(err, &egress):
		errorType = perdure.ErrorEgressDenied
	case errors.As(err, &credential):
		errorType = perdure.ErrorCredentialFailed
	case errors.As(err, &size):
		errorType = perdure.ErrorResponseTooLarge
	case errors.As(err, &violation):
		errorType = perdure.ErrorProtocolViolation
	case errors.As(err, &refused):
		return perdure.ErrorPollRejected, &refused.Service
	case tokens.Reason(err) != "":
		return perdure.ErrorInvalidToken, refusedToken(err)
	default:
		return "", nil
	}
	return errorType, ownWords(errorType, err)
}

func ownWords(errorType string, err error) *perdure.ServiceError {
	return &perdure.ServiceError{Code: errorType, Message: protocol.Cut(perdure.Reason(err), 4096)}
}

// refusedToken has the reason in the word that starters know.
func refusedToken(err error) *perdure.ServiceError {
	out := ownWords(perdure.ErrorInvalidToken, err)
	out.Details, _ = json.Marshal(perdure.TokenRefusal{Reason: tokens.Reason(err)}) // a string: it cannot fail
	return out
}

// unanswered gives the words for a request that got no answer. False: err is
// another error.
func unanswered(err error) (words *perdure.ServiceError, unsent, ok bool) {
	var f *transport.SendError
	if !errors.As(err, &f) {
		return nil, false, false
	}
	code := "NoAnswer"
	if f.Unsent {
		code = "NotSent"
	}
	return &perdure.ServiceError{Code: code, Message: protocol.Cut(f.Err.Error(), 1024)}, f.Unsent, true
}
