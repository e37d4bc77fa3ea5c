package codecserver

import (
	"errors"
	"net/http"
)

// Guard says whether a request may be answered: it gives nil, ErrUnauthenticated or
// ErrForbidden, and any other error when that cannot be said now.
type Guard func(*http.Request) error

// Why a guard lets nobody in.
var (
	ErrUnauthenticated = errors.New("no token that is known here")
	ErrForbidden       = errors.New("the token's claims are not among those allowed")
)

// status is the HTTP status of the answer. The larger it is, the likelier another try helps.
func status(refusal error) int {
	switch {
	case errors.Is(refusal, ErrUnauthenticated):
		return http.StatusUnauthorized
	case errors.Is(refusal, ErrForbidden):
		return http.StatusForbidden
	default:
		return http.StatusServiceUnavailable
	}
}

// oneOf asks for all until one is admitted. Of their refusals it gives the one that may
// still change.
func oneOf[T any](all []T, admit func(T) error) error {
	refusal := ErrUnauthenticated
	for _, one := range all {
		err := admit(one)
		if err == nil {
			return nil
		}
		if status(err) >= status(refusal) {
			refusal = err
		}
	}
	return refusal
}
