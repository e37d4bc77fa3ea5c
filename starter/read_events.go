package starter

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sort"

	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
)

// events goes through the events from an offset on.
func (h *stream) events(ctx context.Context, from int) iter.Seq2[*perdure.Event, error] {
	return func(yield func(*perdure.Event, error) bool) {
		if from < 0 {
			yield(nil, &perdure.InputError{Field: "offset", Message: "is negative, want 0 for the first event, or more"})
			return
		}
		for next := from; ; {
			got, err := h.read(ctx, next)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range got.Events {
				if !yield(&got.Events[i], nil) {
					return
				}
			}
			if next = got.Next; got.Done {
				if err := h.ended(ctx); err != nil {
					yield(nil, err)
				}
				return
			}
			if len(got.Events) > 0 {
				continue // there may be more
			}
			if err := h.await(ctx, next); err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

// cutShort is ErrTerminated where Temporal itself ended the workflow, and what it has was
// read: nothing will come, and no answer says that it is done.
func (h *stream) cutShort(ctx context.Context, offset int) error {
	s, err := h.Status(ctx)
	switch {
	case again(err), err == nil && !s.Done:
		return pause(ctx, askAgainMaxWait) // reading it says the rest
	case err != nil || s.State != perdure.StateUnknown || offset < s.Events && !s.Stale:
		return err
	}
	return fmt.Errorf("%w: %q", ErrTerminated, h.id)
}

// ended says, as an error, how the stream ended; nil where it ended well.
func (h *stream) ended(ctx context.Context) error {
	s, err := h.Status(ctx)
	switch {
	case err != nil:
		return err
	case s.State == perdure.StateUnknown:
		return fmt.Errorf("%w: %q", ErrTerminated, h.id)
	case s.State == perdure.StateCanceled:
		return &perdure.StreamError{Type: perdure.ErrorCanceled, Status: s}
	case s.ErrorType != "":
		return &perdure.StreamError{Type: s.ErrorType, Message: s.Error.String(), Status: s}
	}
	return nil
}

// read reads what is there, from the run that holds it.
func (h *stream) read(ctx context.Context, offset int) (perdure.Events, error) {
	got, err := h.readFrom(ctx, "", offset)
	var earlier *earlierRunError
	if !errors.As(err, &earlier) {
		return got, err
	}
	s, err := h.Status(ctx)
	if err != nil {
		return got, err
	}
	runID := earlier.segment.RunID
	if i := holding(s.Segments, offset); runID == "" && i >= 0 {
		runID = s.Segments[i].RunID
	}
	got, err = h.readFrom(ctx, runID, offset)
	if n := len(s.Segments); errors.Is(err, ErrNotFound) && n > 0 {
		return got, fmt.Errorf("starter: event %d: the run that held it, %s, is no longer kept; the current one begins at %d: %w",
			offset, runID, s.Segments[n-1].FirstOffset, err)
	}
	got.Done = false // of the run, not of the stream
	return got, err
}

// holding is the place of the segment that has the event; -1 where none has.
func holding(segments []perdure.StreamSegment, offset int) int {
	return sort.Search(len(segments), func(i int) bool { return segments[i].FirstOffset > offset }) - 1
}

func (h *stream) readFrom(ctx context.Context, runID string, offset int) (perdure.Events, error) {
	for wait := askAgainWait; ; wait = min(2*wait, askAgainMaxWait) {
		var got perdure.Events
		err := h.query(ctx, runID, perdure.QueryRead, &got, perdure.ReadRequest{Offset: offset})
		if !again(err) {
			return got, err
		}
		if err := pause(ctx, wait); err != nil {
			return got, err
		}
	}
}

// await returns when there is something to read at the offset, or never will be, or when
// it is time to look.
func (h *stream) await(ctx context.Context, offset int) error {
	for wait := askAgainWait; ; wait = min(2*wait, askAgainMaxWait) {
		u, err := h.client.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			WorkflowID: h.id, UpdateName: perdure.UpdateWait, Args: []any{perdure.WaitEventRequest{Offset: offset}},
			WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		var s perdure.StreamStatus
		if err == nil {
			err = u.Get(ctx, &s)
		}
		switch {
		case err == nil && (offset < s.Events || s.Done):
			return nil
		case err == nil: // the run continues as new
		case isClosed(err):
			return h.cutShort(ctx, offset)
		case !again(err):
			return h.called(ctx, err)
		default: // more wait than the engine takes at once, or a worker died with it: look, with a backoff
			if err := pause(ctx, wait); err != nil {
				return err
			}
			got, err := h.readFrom(ctx, "", offset)
			if err != nil || len(got.Events) > 0 || got.Done {
				return err
			}
			continue
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}
