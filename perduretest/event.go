package perduretest

import (
	"encoding/json"

	"github.com/perdure-dev/perdure"
)

// Event is one event of a scripted stream. It is a value: every method gives a changed
// copy.
type Event struct {
	kind, id  string
	data      json.RawMessage
	errorType string
	err       *perdure.ServiceError
	gate      gate
}

// NewEvent is an event with the data, which are written as JSON: a string where the
// protocol gives text.
func NewEvent(data any) Event {
	return Event{kind: "message", data: marshal("NewEvent", data)}
}

// BrokenStream is a bad end, for a reason that is one of package perdure's Error
// constants, such as perdure.ErrorStreamBroken. Readers get every event before it, and
// then a *perdure.StreamError. Nothing comes after it.
func BrokenStream(errorType string, e perdure.ServiceError) Event {
	return Event{errorType: errorType, err: &e}
}

// Type is the event's type. Default "message".
func (e Event) Type(name string) Event {
	e.kind = name
	return e
}

// ID is the event's id, as the service gives it. Default: none.
func (e Event) ID(id string) Event {
	e.id = id
	return e
}

// Hold keeps the event, and those after it, from coming until release is closed.
func (e Event) Hold(release <-chan struct{}) Event {
	e.gate.hold = release
	return e
}
