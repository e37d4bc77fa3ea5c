package perduretest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/perdure-dev/perdure"
)

// Operation is a scripted operation.
type Operation struct {
	states, onCancel []OperationState
}

// OnCancel says which states follow once a cancel was asked for, instead of those that are
// left. By default it is one, [Canceled]. None says that the service cannot cancel: then
// nobody asks any longer, and the operation closes as canceled in the state unknown. Call
// it before the operation is started.
func (o *Operation) OnCancel(states ...OperationState) *Operation {
	o.onCancel = slices.Clone(states)
	return o
}

// OperationState is what the service says of an operation at one time. It is a value:
// every method gives a changed copy.
type OperationState struct {
	state     perdure.State
	word      string
	percent   *float64
	progress  json.RawMessage
	remoteID  string
	value     json.RawMessage
	body      *perdure.Body
	errorType string
	err       *perdure.ServiceError
	response  *perdure.Response

	gate gate
}

// Running is an operation that the service works on, at so many percent.
func Running(percent float64) OperationState {
	s := Pending("running")
	s.percent = &percent
	return s
}

// Pending is an operation that the service works on, or will, and of which it says no more
// than this word of its own.
func Pending(serviceStatus string) OperationState {
	return OperationState{state: perdure.StateRunning, word: serviceStatus}
}

// Succeeded is the end with a value, which is written as JSON; nil is none. A
// *perdure.Body is a value that is not JSON.
func Succeeded(value any) OperationState {
	s := OperationState{state: perdure.StateSucceeded, word: "succeeded"}
	if body, ok := value.(*perdure.Body); ok {
		s.body, s.value = body, json.RawMessage("null")
		return s
	}
	s.value = marshal("Succeeded", value)
	return s
}

// Failed is the end that the service calls failed, with its error. Whoever waits gets a
// *perdure.OperationError of type perdure.ErrorOperationFailed.
func Failed(e perdure.ServiceError) OperationState {
	return FailedAs(perdure.ErrorOperationFailed, e).ServiceStatus("failed")
}

// Rejected is a start that the service refused: perdure.ErrorStartRejected, from Start
// itself. It is for the first state.
func Rejected(e perdure.ServiceError) OperationState {
	return FailedAs(perdure.ErrorStartRejected, e)
}

// TimedOut is the end by the operation's own time-out: perdure.ErrorOperationTimedOut. The
// input's timeoutSeconds are not looked at.
func TimedOut() OperationState {
	return FailedAs(perdure.ErrorOperationTimedOut, perdure.ServiceError{
		Code: perdure.ErrorOperationTimedOut, Message: "timeoutSeconds passed before the operation ended",
	})
}

// FailedAs is the end by an error of any type, one of package perdure's Error constants.
func FailedAs(errorType string, e perdure.ServiceError) OperationState {
	return OperationState{state: perdure.StateFailed, errorType: errorType, err: &e}
}

// Canceled is the end that the service calls canceled, whoever asked for it.
func Canceled() OperationState {
	return OperationState{state: perdure.StateCanceled, word: "canceled"}
}

// Ambiguous is a start of which nobody can tell whether it arrived: Start gives the handle
// with a *perdure.OperationError of type perdure.ErrorStartAmbiguous. The state after it
// comes when Resolve has the start sent again, or adopts an operation.
func Ambiguous() OperationState { return OperationState{state: perdure.StateAmbiguous} }

// ServiceStatus is the service's own word for the state. Default: running, succeeded,
// failed or canceled; after any other end it is the one before.
func (s OperationState) ServiceStatus(word string) OperationState {
	s.word = word
	return s
}

// Progress is the service's own progress object, which is written as JSON.
func (s OperationState) Progress(v any) OperationState {
	s.progress = marshal("Progress", v)
	return s
}

// RemoteID is the service's id of the operation. It stays in the states after this one.
func (s OperationState) RemoteID(id string) OperationState {
	s.remoteID = id
	return s
}

// Response is what the service answered with. Default: status 200, and the value, the
// error or the word as JSON. Request and ReceivedAt are filled in where they are zero.
func (s OperationState) Response(r perdure.Response) OperationState {
	s.response = &r
	return s
}

// Hold keeps the state from coming until release is closed; then it comes by itself. Of
// the first state it is the answer to the start that is held.
func (s OperationState) Hold(release <-chan struct{}) OperationState {
	s.gate.hold = release
	return s
}

// After has the state come by itself, so long after the one before it. In a synctest
// bubble that takes no time.
func (s OperationState) After(d time.Duration) OperationState {
	s.gate.after = d
	return s
}

func marshal(what string, v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("perduretest: %s(%T): %v", what, v, err))
	}
	return raw
}
