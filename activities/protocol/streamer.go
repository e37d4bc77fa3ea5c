package protocol

import (
	"encoding/json"
	"io"
	"iter"
	"time"

	"github.com/perdure-dev/perdure"
)

// Streamer is a convention by which services send events as they happen.
type Streamer interface {
	// Name is what inputs call it.
	Name() string
	// Bind checks the options and returns the streamer as they shape it. An unknown or
	// malformed option is a *perdure.InputError whose field is the option's name.
	Bind(options json.RawMessage) (Streaming, error)
}

// Streaming is a streamer with its options. Its methods are safe for concurrent use.
// Answers come from outside; no answer may make a method panic.
type Streaming interface {
	// Ask is the request for the stream, made from the first one, which it does not
	// change: for the stream from its start where the position is none, else from after
	// it. False: there is no way to go on from there. A first request that it cannot be
	// made from is a *perdure.InputError.
	Ask(first Ask, at Position) (ask Ask, ok bool, err error)
	// Begin reads the status and the headers of a 2xx answer, whose body has not been
	// read: open is false where there is no body to read and the stream is over. An
	// error is a *perdure.ProtocolError.
	Begin(answer Exchange) (open bool, err error)
	// Events reads a body, at being where it begins. The last event has End set where
	// the service has ended the stream. An error comes once, last: a
	// *perdure.ProtocolError, a *perdure.SizeError for an event that is too large,
	// io.ErrUnexpectedEOF where the body ends within an event, or the reader's own. It
	// holds no more of the body in memory than one event.
	Events(body io.Reader, at Position) iter.Seq2[StreamEvent, error]
	// EndsClean reports whether a body that ends after a whole event, and without an end
	// mark, is the stream's end.
	EndsClean() bool
}

// Position is where in a stream a reader is: all that is needed to go on.
type Position struct {
	// LastEventID is the stream's last event id, as in the WHATWG's server-sent events.
	LastEventID string `json:"lastEventId,omitempty"`
	// Cursor is what the option "cursor" found in the last event that has it.
	Cursor string `json:"cursor,omitempty"`
	// Since counts the events after the one that has set the position, which set none of
	// their own. A service that goes on from the position sends them again.
	Since int `json:"since,omitempty"`
	// Retry is how long the service asks to wait before a connection is taken up again;
	// 0: it has not.
	Retry time.Duration `json:"retry,omitempty"`
}

// None reports whether there is no place to go on from but the stream's start.
func (p Position) None() bool { return p.LastEventID == "" && p.Cursor == "" }

// StreamEvent is one event as a streamer reads it.
type StreamEvent struct {
	Type string
	// Data is JSON: a string, or what the service sent.
	Data json.RawMessage
	// At is the position after this event; its LastEventID is the event's id.
	At Position
	// End: this event, or mark, ends the stream. Mark: it is no event, and not recorded;
	// one that ends nothing has a new position only.
	End, Mark bool
	// Failed is set where it ends the stream badly, in the service's words.
	Failed *perdure.ServiceError
}
