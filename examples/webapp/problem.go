package webapp

import (
	"context"
	"errors"
	"net/http"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// problem is why something cannot be shown, in plain words.
type problem struct {
	Status int
	Title  string
	Words  string
	// Known is what is known besides, in a sentence; "": nothing.
	Known string
	// Again: the same request may well succeed, and is safe to send.
	Again bool
	// Unforeseen: the words say less than the log.
	Unforeseen bool
}

var (
	foreign = problem{
		Status: http.StatusForbidden, Title: "This address is somebody else’s",
		Words: "It was made for another user, and opens for that user only. Nothing is wrong with it, and nothing was shown.",
	}
	damaged = problem{
		Status: http.StatusBadRequest, Title: "This address is damaged",
		Words: "It is cut short, or was changed on the way. Perhaps it was not copied to its end.",
	}
	expired = problem{
		Status: http.StatusGone, Title: "This address has expired",
		Words: "It is too old to go on from. What it led to is not lost: begin again, and find it there.",
	}
	gone = problem{
		Status: http.StatusGone, Title: "This place in the list is gone",
		Words: "The service does not know it any longer. The list has changed since: begin again at its first page.",
	}
	refused = problem{
		Status: http.StatusBadGateway, Title: "The service refused",
		Words: "It was asked, and said no. To ask again would not help.",
	}
	broken = problem{
		Status: http.StatusBadGateway, Title: "The service’s answer makes no sense",
		Words: "It was asked, and its answer is not what was agreed with it.",
	}
	ambiguous = problem{
		Status: http.StatusBadGateway, Title: "It is not known whether it was started",
		Words: "The request went out, and its answer was lost. It was not sent a second time. A person has to look; to send it again does nothing.",
	}
	unknown = problem{
		Status: http.StatusNotFound, Title: "There is nothing at this address",
		Words: "It is somebody else’s, or it was too long ago and is not kept any longer.",
	}
	down = problem{
		Status: http.StatusServiceUnavailable, Title: "The service is not answering", Again: true,
		Words: "It was asked several times. Nothing is lost: your place is in the address, and to try again leads there.",
	}
	late = problem{
		Status: http.StatusGatewayTimeout, Title: "This takes longer than it should", Again: true,
		Words: "There is no answer yet. Nothing is lost, and to try again starts nothing twice.",
	}
	unforeseen = problem{
		Status: http.StatusServiceUnavailable, Title: "This cannot be shown just now", Again: true, Unforeseen: true,
		Words: "Something between here and the service does not work. Nothing is lost, and to try again starts nothing twice.",
	}
)

// problemOf says what is wrong. It never quotes a token, nor an error that was not meant
// for users.
func problemOf(err error) problem {
	var (
		operation  *perdure.OperationError
		collection *perdure.CollectionError
	)
	switch {
	case errors.Is(err, tokens.ErrAudience):
		return foreign
	case errors.Is(err, tokens.ErrExpired):
		return expired
	case errors.Is(err, tokens.ErrKeyRetired):
		p := expired
		p.Unforeseen = true // or this process has not loaded a keyset that was rotated
		return p
	case isAny(err, tokens.ErrMalformed, tokens.ErrTooLarge, tokens.ErrNotAuthentic, tokens.ErrKind, tokens.ErrType, tokens.ErrService):
		return damaged
	case errors.As(err, &collection):
		return ofType(collection.Type, collection.Status.Error)
	case errors.As(err, &operation):
		return ofType(operation.Type, operation.Status.Error)
	case errors.Is(err, starter.ErrNotFound):
		return unknown
	case errors.Is(err, context.DeadlineExceeded):
		return late
	}
	return unforeseen
}

// ofType is the problem for a type of errors and the service's words.
func ofType(errorType string, said *perdure.ServiceError) problem {
	p := unforeseen
	switch errorType {
	case perdure.ErrorInvalidToken:
		p = expired // what is damaged was noticed here
	case perdure.ErrorPageRejected:
		p = refused
		if said != nil && isGone(said.HTTPStatus) {
			p = gone
		}
	case perdure.ErrorStartRejected, perdure.ErrorPollRejected, perdure.ErrorOperationFailed:
		p = refused
	case perdure.ErrorProtocolViolation, perdure.ErrorResponseTooLarge:
		p = broken
	case perdure.ErrorStartAmbiguous:
		p = ambiguous
	case perdure.ErrorOperationTimedOut:
		p = down
	}
	switch {
	case p.Unforeseen || said == nil:
	case errorType == perdure.ErrorOperationTimedOut: // with the last words of the service in it
		p.Known = "What is known: " + said.Message
	default:
		p.Known = "The service said: " + said.String()
	}
	return p
}

// isGone: these are the statuses with which services refuse a page that they no longer
// know. The first page, which is always asked for in the same way, has none of them.
func isGone(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusNotFound || status == http.StatusGone
}

func isAny(err error, targets ...error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
