package activities

import (
	"errors"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// streamEnd is a bad end that is not in the service's words.
func streamEnd(errorType, message string) *perdure.StreamEnd {
	return &perdure.StreamEnd{ErrorType: errorType, Error: &perdure.ServiceError{Code: errorType, Message: message}}
}

// endWith is how an error ends a stream; nil: it does not.
func endWith(err error) *perdure.StreamEnd {
	errorType, words := endOf(err)
	if errorType == "" {
		return nil
	}
	return &perdure.StreamEnd{ErrorType: errorType, Error: words}
}

// tooLarge is the end by an event that is too large; nil: the error is another.
func tooLarge(err error) *perdure.StreamEnd {
	size, ok := errors.AsType[*perdure.SizeError](err)
	if !ok {
		return nil
	}
	return streamEnd(perdure.ErrorEventTooLarge, perdure.Reason(size))
}

// cannotBegin is the end of a stream that this worker cannot ask for.
func (r *reader) cannotBegin(err error, answered bool) (*perdure.StreamEnd, error) {
	r.a.metrics.tokenRefused(err)
	end := endWith(err)
	switch {
	case end == nil:
		return nil, err
	case !answered && r.last.Phase == perdure.PhaseSending: // a worker with another configuration may have sent it
		return r.ambiguous(end.Error), nil
	}
	return end, nil
}

// ambiguous is the end of a stream whose first request may have been delivered.
func (r *reader) ambiguous(why *perdure.ServiceError) *perdure.StreamEnd {
	message := "the request for the stream may have been delivered, its answer was lost, and the service is not known to recognise a repeat; it was not sent again"
	if why != nil {
		message += ": " + why.Message
	}
	return streamEnd(perdure.ErrorStartAmbiguous, protocol.Cut(message, 4096))
}

// wellEnded is the service's word that there is no more to come.
func (r *reader) wellEnded() *perdure.StreamEnd { return r.ended(&perdure.StreamEnd{}) }

// ended is an end in the service's word: it is sealed, so that a token of the stream
// gives the same.
func (r *reader) ended(end *perdure.StreamEnd) *perdure.StreamEnd {
	r.final = true
	return end
}

// endedBy is the end that an event, or a mark, is.
func (r *reader) endedBy(e protocol.StreamEvent) *perdure.StreamEnd {
	switch {
	case e.Failed == nil:
		return r.wellEnded()
	case e.Mark && r.known == 0 && r.reconnects == 0: // an error in place of a stream
		return r.ended(&perdure.StreamEnd{ErrorType: perdure.ErrorStartRejected, Error: r.service.cappedError(e.Failed)})
	}
	return r.ended(&perdure.StreamEnd{ErrorType: perdure.ErrorOperationFailed, Error: r.service.cappedError(e.Failed)})
}
