package starter

import (
	"errors"

	"github.com/perdure-dev/perdure"
)

// ErrorDecoder makes an error of a service's own type of what the service said; nil
// where it has nothing to say. What the service sent is in the error's Details: the body
// of an answer that refuses, or of the object or the operation that failed.
type ErrorDecoder func(perdure.ServiceError) error

// inServiceType puts the service's own error into one of ours.
func (e *execution) inServiceType(err error) error { return decodeError(err, e.decode) }

func decodeError(err error, decode ErrorDecoder) error {
	if decode == nil {
		return err
	}
	if bad, ok := errors.AsType[*perdure.OperationError](err); ok && isService(bad.Type, bad.Status.Error) {
		bad.Err = decode(*bad.Status.Error)
	}
	if bad, ok := errors.AsType[*perdure.CollectionError](err); ok && isService(bad.Type, bad.Status.Error) {
		bad.Err = decode(*bad.Status.Error)
	}
	if bad, ok := errors.AsType[*perdure.StreamError](err); ok && isService(bad.Type, bad.Status.Error) {
		bad.Err = decode(*bad.Status.Error)
	}
	return err
}

// isService: the words are the service's, and not ours.
func isService(errorType string, words *perdure.ServiceError) bool {
	switch errorType {
	case perdure.ErrorOperationFailed, perdure.ErrorStartRejected, perdure.ErrorPollRejected, perdure.ErrorPageRejected:
		return words != nil
	}
	return false
}
