package starter

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sort"
	"time"

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
		for r := (&eventReader{stream: h, next: from}); ; {
			got, err := r.more(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range got.Events {
				if !yield(&got.Events[i], nil) {
					return
				}
			}
			if got.Done {
				if err := h.ended(ctx); err != nil {
					yield(nil, err)
				}
				return
			}
		}
	}
}

// eventReader reads a log from an offset on.
type eventReader struct {
	*stream
	next int // the offset of the event to read
	// known is how many events there were when a wait was answered last, and askedAt when
	// they were read.
	known   int
	askedAt time.Time
	// over: Temporal itself had ended the workflow before what is there was read last.
	over bool
	// segments say which run has which events, the newest last.
	segments []perdure.StreamSegment
}

// more gives the events from next on, once some are there, or none will be.
func (r *eventReader) more(ctx context.Context) (perdure.Events, error) {
	for wait := askAgainWait; ; wait = min(2*wait, askAgainMaxWait) {
		if !r.hasRead() {
			got, err := r.read(ctx)
			if err != nil || len(got.Events) > 0 || got.Done {
				return got, err
			}
		}
		begin := time.Now()
		there, err := r.await(ctx)
		r.askedAt = time.Time{}
		switch {
		case err == nil && there:
			continue
		case err == nil && time.Since(begin) > askAgainMaxWait: // its time was up
			wait = askAgainWait
			continue
		case err == nil: // the run continues as new
		case isClosed(err):
			if err := r.cutShort(ctx); err != nil {
				return perdure.Events{}, err
			}
			continue
		case !again(err):
			return perdure.Events{}, r.called(ctx, err)
		} // else more wait than the engine takes at once, or a worker died with it: look
		if err := pause(ctx, wait); err != nil {
			return perdure.Events{}, err
		}
	}
}

// justNow is for how long what was read counts as all there is. The log takes 20 batches
// a second at most.
const justNow = 50 * time.Millisecond

// hasRead: all that is known of has been read, and just now.
func (r *eventReader) hasRead() bool {
	return r.known > 0 && r.next >= r.known && time.Since(r.askedAt) < justNow
}

// await returns when the log says that there is something to read, which it has told, or
// that it is time to ask again.
func (r *eventReader) await(ctx context.Context) (there bool, err error) {
	u, err := r.client.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: r.id, UpdateName: perdure.UpdateWait, Args: []any{perdure.WaitEventRequest{Offset: r.next}},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return false, err
	}
	var s perdure.StreamStatus
	if err := u.Get(ctx, &s); err != nil {
		return false, err
	}
	r.known, r.segments = s.Events, s.Segments
	return r.next < s.Events || s.Done, nil
}

// read reads what is there, from the run that has it.
func (r *eventReader) read(ctx context.Context) (perdure.Events, error) {
	r.askedAt = time.Now()
	run := ""
	if i := r.holding(); i < len(r.segments)-1 { // the newest may have been continued since
		run = r.runOf(i)
	}
	got, err := r.readFrom(ctx, run, r.next)
	if errors.Is(err, errEarlierRun) {
		if err := r.lookUpRuns(ctx); err != nil {
			return got, err
		}
		run = r.runOf(r.holding())
		got, err = r.readFrom(ctx, run, r.next)
	}
	if errors.Is(err, ErrNotFound) && run != "" {
		return got, fmt.Errorf("starter: event %d: the run that held it, %s, is no longer kept; events are kept from %d on: %w",
			r.next, run, r.firstKept(ctx), err)
	}
	if err == nil {
		r.next = got.Next
	}
	return got, err
}

// firstKept is the first offset after next whose run is still there: that of the current
// one, if no other answers.
func (r *eventReader) firstKept(ctx context.Context) int {
	for i := r.holding() + 1; i < len(r.segments)-1; i++ {
		offset := r.segments[i].FirstOffset
		if _, err := r.readFrom(ctx, r.runOf(i), offset); err == nil {
			return offset
		}
	}
	return r.segments[len(r.segments)-1].FirstOffset
}

// lookUpRuns asks which runs there are, until a worker tells: what was recorded last does
// not say.
func (r *eventReader) lookUpRuns(ctx context.Context) error {
	for wait := askAgainWait; ; wait = min(2*wait, askAgainMaxWait) {
		s, err := r.Status(ctx)
		switch {
		case err == nil && !s.Stale:
			r.segments = s.Segments
			return nil
		case err != nil && !again(err):
			return err
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// holding is the place of the segment that has the event; -1 where that is not known.
func (r *eventReader) holding() int {
	return sort.Search(len(r.segments), func(i int) bool { return r.segments[i].FirstOffset > r.next }) - 1
}

// runOf is the run of a segment; "", the current one, where there is none.
func (r *eventReader) runOf(segment int) string {
	if segment < 0 {
		return ""
	}
	return r.segments[segment].RunID
}

func (r *eventReader) readFrom(ctx context.Context, runID string, offset int) (perdure.Events, error) {
	for wait := askAgainWait; ; wait = min(2*wait, askAgainMaxWait) {
		var got perdure.Events
		err := r.query(ctx, runID, perdure.QueryRead, &got, perdure.ReadRequest{Offset: offset})
		if !again(err) {
			return got, err
		}
		if err := pause(ctx, wait); err != nil {
			return got, err
		}
	}
}

// cutShort is ErrTerminated where Temporal itself ended the workflow, and what it has was
// read since: nothing will come, and no answer says that it is done.
func (r *eventReader) cutShort(ctx context.Context) error {
	s, err := r.Status(ctx)
	switch {
	case again(err), err == nil && !s.Done:
		return pause(ctx, askAgainMaxWait) // reading it says the rest
	case err != nil || s.State != perdure.StateUnknown:
		return err
	case !r.over:
		r.over = true // and is read once more
		return nil
	}
	return fmt.Errorf("%w: %q", ErrTerminated, r.id)
}

// ended says, as an error, how the stream ended; nil where it ended well.
func (h *stream) ended(ctx context.Context) error {
	s, err := h.Status(ctx)
	for wait := askAgainWait; again(err); wait = min(2*wait, askAgainMaxWait) {
		if err := pause(ctx, wait); err != nil {
			return err
		}
		s, err = h.Status(ctx)
	}
	switch {
	case err != nil:
		return err
	case s.State == perdure.StateUnknown:
		return fmt.Errorf("%w: %q", ErrTerminated, h.id)
	case s.State == perdure.StateCanceled:
		return &perdure.StreamError{Type: perdure.ErrorCanceled, Status: s}
	case s.ErrorType != "":
		return &perdure.StreamError{Type: s.ErrorType, Message: words(s.ErrorType, s.Error), Status: s, Err: refusedToken(s.ErrorType, s.Error)}
	}
	return nil
}
