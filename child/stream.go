package child

import (
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// StreamOptions of Events, StartStream and AttachStream. Zero fields take the default.
type StreamOptions struct {
	// TaskQueue of Perdure's workers. Default perdure.DefaultTaskQueue.
	TaskQueue string
	// ID is the workflow id of the child. One that was ever used, as long as the
	// namespace keeps it, is perdure.ErrorIDConflict. Default: one of the parent's run.
	ID string
	// Summary is shown in Temporal's web UI. Default: the input's own.
	Summary string
	// Abandon lets the stream live on when the parent ends, continues as new or is
	// canceled. Default: it is broken off.
	Abandon bool
	// Gather is how long events are gathered after the first of a batch, at most a
	// minute: a batch is about six events in the parent's history. Default 1 s.
	Gather time.Duration
}

// Stream is a handle on the record of an event stream whose data are Ts.
type Stream[T any] struct{ *stream }

// Event is one event of a stream.
type Event[T any] struct {
	// Offset counts from 0, without gaps, and never changes: Events from the next one
	// goes on there, in any run.
	Offset int
	// Type is "message" where the service names none.
	Type string
	// ID is the stream's last event id, as the service gave it.
	ID string
	// Data is what the service sent: a string, or, where the protocol says so, any JSON.
	Data T
	// At is when Perdure's worker received it.
	At time.Time
}

// Events starts a stream and goes through its events, as [Stream.Events] does. Leaving the
// loop breaks the stream off.
func Events[T any](ctx workflow.Context, in perdure.StreamInput, o *StreamOptions) iter.Seq2[*Event[T], error] {
	return func(yield func(*Event[T], error) bool) {
		ctx, stop := workflow.WithCancel(ctx)
		defer stop()
		s, err := StartStream[T](ctx, in, o)
		if err != nil {
			yield(nil, err)
			return
		}
		s.Events(ctx, 0)(yield)
	}
}

// StartStream starts a stream and returns when its workflow is there. Canceling ctx breaks
// it off, unless it is abandoned.
func StartStream[T any](ctx workflow.Context, in perdure.StreamInput, o *StreamOptions) (*Stream[T], error) {
	s, err := startStream(ctx, in, o)
	if err != nil {
		return nil, err
	}
	return &Stream[T]{s}, nil
}

// AttachStream gives a handle on a stream by its workflow id, whoever started it: on an
// abandoned one after the parent has continued as new.
func AttachStream[T any](id string, o *StreamOptions) *Stream[T] {
	return &Stream[T]{newStream(id, o)}
}

// Events goes through the events from an offset on, and waits for those to come. Nothing
// runs until it is ranged over; break stops the reading and leaves the stream as it is.
// The events are read in batches, by an activity of Perdure's workers, and are in the
// parent's history.
//
// An error comes once, last, with a nil event: *perdure.StreamError where the stream ended
// badly, after every event that came before; or anything else: it could not be read.
func (s *Stream[T]) Events(ctx workflow.Context, from int) iter.Seq2[*Event[T], error] {
	return func(yield func(*Event[T], error) bool) {
		for raw, err := range s.events(ctx, from) {
			if err != nil {
				yield(nil, err)
				return
			}
			e := &Event[T]{Offset: raw.Offset, Type: raw.Type, ID: raw.ID, At: raw.At}
			if err := json.Unmarshal(raw.Data, &e.Data); err != nil {
				yield(nil, fmt.Errorf("child: read the data of event %d as %T: %w", raw.Offset, e.Data, err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}
