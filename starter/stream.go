package starter

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// Stream is a handle on the record of an event stream whose data are Ts. It is safe for
// concurrent use, by any number of readers, and needs no closing. The zero value is not
// usable: [StartStream], [AttachStream] and [RehydrateStream] give one.
type Stream[T any] struct{ *stream }

// StreamOptions of StartStream.
type StreamOptions struct {
	// ID is the workflow id: the same id is the same stream, as long as the namespace
	// keeps it. Default: a new one.
	ID string
	// Summary is a line for people, shown in Temporal's web UI. Default: that of the input.
	Summary string
}

// Event is one event of a stream.
type Event[T any] struct {
	// Offset counts from 0, without gaps, and never changes: Events from the next one
	// goes on there, in any process.
	Offset int
	// Type is "message" where the service names none.
	Type string
	// ID is the stream's last event id, as the service gave it.
	ID string
	// Data is what the service sent: a string, or, where the protocol says so, any JSON.
	Data T
	// At is when the worker received it.
	At time.Time
}

// StartStream starts a stream and returns once it is certain that it will be read; how
// the service answers is told by Events and Status.
//
// With an id that is taken it attaches to that stream, running or closed; with another
// input it fails with a *perdure.StreamError of type perdure.ErrorIDConflict.
func StartStream[T any](ctx context.Context, c *Client, in perdure.StreamInput, o *StreamOptions) (*Stream[T], error) {
	h, err := c.startStream(ctx, in, o)
	if h == nil {
		return nil, err
	}
	return &Stream[T]{h}, err
}

// AttachStream gives a handle on a stream by its workflow id, running or closed.
// ErrNotFound where there is none.
func AttachStream[T any](ctx context.Context, c *Client, id string) (*Stream[T], error) {
	h := c.stream(id)
	if err := h.is(ctx, perdure.WorkflowStream); err != nil {
		return nil, err
	}
	return &Stream[T]{h}, nil
}

// RehydrateStream takes up the stream that a token names. The token is verified first,
// here where there is Options.Keyset, and else by a worker; an error of package tokens says
// why it is refused. Where the workflow is there, it is attached to, open or closed; where
// it is gone, or was terminated, or failed for a reason that can be mended, one with the
// same id goes on from the token's state: offsets go on too, and what came before is no
// longer there.
func RehydrateStream[T any](ctx context.Context, c *Client, token tokens.Token, o *RehydrateOptions) (*Stream[T], error) {
	h, err := c.rehydrateStream(ctx, token, o)
	if h == nil {
		return nil, err
	}
	return &Stream[T]{h}, err
}

// Events goes through the events from an offset on, and waits for those to come. Nothing
// runs until it is ranged over; break stops the reading and leaves the stream as it is.
// An error comes once, last, with a nil event: *perdure.StreamError where the stream ended
// badly, after every event that came before; ctx's own; or anything else: it could not be
// asked. Reading again from the offset after the last event loses and repeats nothing.
func (s *Stream[T]) Events(ctx context.Context, from int) iter.Seq2[*Event[T], error] {
	return func(yield func(*Event[T], error) bool) {
		for raw, err := range s.events(ctx, from) {
			if err != nil {
				yield(nil, s.inServiceType(err))
				return
			}
			event := &Event[T]{Offset: raw.Offset, Type: raw.Type, ID: raw.ID, At: raw.At}
			if err := json.Unmarshal(raw.Data, &event.Data); err != nil {
				yield(nil, fmt.Errorf("starter: read the data of event %d as %T: %w", raw.Offset, event.Data, err))
				return
			}
			if !yield(event, nil) {
				return
			}
		}
	}
}
