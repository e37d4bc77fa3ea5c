package protocol

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/perdure-dev/perdure"
)

// Protocol is a convention by which services speak of long-running operations.
type Protocol interface {
	// Name is what inputs and configurations call it.
	Name() string
	// Bind checks the options and returns the protocol as they shape it. An unknown
	// or malformed option is a *perdure.InputError whose field is the option's name.
	Bind(options json.RawMessage) (Bound, error)
}

// Bound is a protocol with its options. Its methods are pure and safe for
// concurrent use. An error is a *perdure.ProtocolError: the service broke its
// contract. Answers come from outside; no answer may make a method panic.
type Bound interface {
	// Prepare adds to the start request what the protocol wants on it.
	Prepare(start *Ask)
	// Recognizes reports whether a start's 2xx answer follows this protocol.
	Recognizes(start Exchange) bool
	// Started reads the 2xx or 3xx answer to the start request.
	Started(start Exchange) (Step, error)
	// Next is the question that a state asks: for the status, or for the value
	// after a step with Fetch.
	Next(state json.RawMessage) (Ask, error)
	// Answered reads the 2xx or 3xx answer to the question that Next gave.
	Answered(state json.RawMessage, answer Exchange) (Step, error)
	// Cancel is the request by which the service is asked to stop; false where the
	// protocol knows none.
	Cancel(state json.RawMessage) (Ask, bool, error)
}

// Pacer is a Bound with a delay rule of its own, which comes before the service's
// word and the interval.
type Pacer interface {
	// Pace is the wait after the n-th question, n counted from 1. Random is in [0, 1).
	Pace(n int, random float64) time.Duration
}

// Retrier is a Bound that knows more answers after which the same question is
// asked again than the common ones. Known is false where it has no opinion.
type Retrier interface {
	Retry(answer Exchange) (retry, known bool)
}

// Refuser is a Bound for which an error answer to a question may be the
// operation's own word, and not only the question's end.
type Refuser interface {
	// Refused reads an error answer that is not transient. False: the question was
	// refused, or, for a 404 within its grace, is asked again; so a protocol to which
	// a 404 says nothing of its own gives false for it.
	Refused(state json.RawMessage, answer Exchange) (Step, bool)
}

// Keyer is a Bound whose convention itself says how a start that is repeated is
// recognised. What a service's configuration says of idempotency holds beside it.
type Keyer interface {
	// PutKey writes onto the start request what stands for the idempotency key. The key
	// is made of the workflow's identity, so that every repeat carries the same. Window
	// is how long the service remembers it, counted from the first sending; 0: nothing
	// was written. A request that cannot take it is a *perdure.InputError.
	PutKey(start *Ask, key string) (window time.Duration, err error)
}

// Adopter is a Bound that can take over an operation that others started.
type Adopter interface {
	// Adopt gives the step from which to go on. An adoption that lacks what the
	// protocol needs is a *perdure.InputError whose field is below "adopt".
	Adopt(a perdure.Adoption) (Step, error)
}

// Ask is one request that a protocol wants made.
type Ask struct {
	Method string
	// URL is absolute, or relative to the service's base URL.
	URL    string
	Header http.Header
	Body   []byte
	// Option names the option that the URL was made from, or for which it is asked at all;
	// or it is FromAdoption. What a caller gives is held against the service's allow list.
	Option string
	// SeeOther: a 303 is read by the protocol and not followed.
	SeeOther bool
}

// FromAdoption is the Option of an Ask whose URL was named by a caller's adoption.
const FromAdoption = "adopt"

// Outcome is how far an operation is.
type Outcome int

// The outcomes. Every word of a service that is not known as terminal is Running.
const (
	Running Outcome = iota
	Succeeded
	Failed
	Canceled
)

// String is the outcome in the vocabulary of states.
func (o Outcome) String() string { return string(o.State()) }

// State is the operation's state that goes with the outcome.
func (o Outcome) State() perdure.State {
	switch o {
	case Running:
		return perdure.StateRunning
	case Succeeded:
		return perdure.StateSucceeded
	case Failed:
		return perdure.StateFailed
	case Canceled:
		return perdure.StateCanceled
	}
	return perdure.StateUnknown
}

// Step is what an answer means.
type Step struct {
	Outcome Outcome
	// Fetch: the operation succeeded and its value has to be asked for; Next gives
	// the question, and its answer is read by Answered.
	Fetch bool
	// State is what the protocol needs to go on, as JSON. It is there on every step,
	// the last one included, so that the operation can be taken up after any answer.
	State json.RawMessage

	ServiceStatus string
	RemoteID      string
	Percent       *float64        // 0 to 100
	Progress      json.RawMessage // the service's own progress object
	// Value of an operation that succeeded (and partial results of one that did
	// not). HasValue is false where there is none.
	Value    []byte
	HasValue bool
	// Error of an operation that failed.
	Error *perdure.ServiceError
}

// Ended reports whether nothing is left to ask.
func (s Step) Ended() bool { return s.Outcome != Running && !s.Fetch }
