package activities

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
)

// ReadStream reads an event stream and records it in its log, until the stream ends or is
// canceled. Where a connection breaks, it goes on from there if the service has a way; the
// next attempt after one that died does the same, from what the log has. The last thing
// recorded is how the stream ended.
func (a *Activities) ReadStream(ctx context.Context, in perdure.ReaderInput) error {
	if a.Streamers == nil {
		return errNoStreamers
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &reader{a: a, cancel: cancel, last: lastStreamHeartbeat(ctx)}
	r.once.set(r.last)
	// Heartbeats go from before the log is first asked until after the last is recorded.
	stop := every(ctx, func() { r.beat(ctx) })
	defer stop()
	book := oneLog{a.Logbook, in.FirstRunID}
	writer, pos, err := takeOver(ctx, book, in.Log)
	switch {
	case errors.Is(err, ErrLogClosed), err == nil && pos.Done:
		return nil
	case err != nil:
		return err
	}
	r.reconnects = pos.Reconnects
	r.scribe = newScribe(book, in.Log, writer, pos)
	r.write(ctx)
	end, err := r.begin(ctx, in, pos)
	return r.finish(ctx, end, err)
}

var errNoStreamers = errors.New("activities: Streamers is missing")

// takeOver makes this attempt the one that writes: what one before it still sends is
// dropped by the log from here on. Only then is it certain what the log has. Attempts are
// told apart by when Temporal started them: their numbers begin anew when somebody resets
// the activity.
func takeOver(ctx context.Context, book Logbook, log string) (writer int64, pos perdure.LogPosition, err error) {
	info := activity.GetInfo(ctx)
	writer = info.StartedTime.UnixMicro()
	pos, err = book.Position(ctx, log)
	if err != nil || pos.Done || info.Attempt == 1 && pos.Writer == 0 {
		return writer, pos, err
	}
	batch := perdure.Batch{Writer: writer, First: pos.Next, LastEventID: pos.LastEventID, LastError: pos.LastError}
	if err := book.Record(ctx, log, batch); err != nil {
		return 0, pos, err
	}
	if pos, err = book.Position(ctx, log); err == nil && pos.Writer > writer && !pos.Done {
		err = errors.New("activities: a later attempt reads the stream")
	}
	return writer, pos, err
}

// reader is one attempt to read a stream.
type reader struct {
	a *Activities
	*stream
	scribe *scribe
	// cancel ends the reading, stopWriting the writing.
	cancel, stopWriting context.CancelCauseFunc
	last                perdure.StreamHeartbeat // of the attempt before

	// known is the offset of the first event that the log does not have yet.
	known int
	// taken: the stream has been taken up before, or was answered for the first time.
	taken      bool
	reconnects int
	breaks     breaks
	once       once
	counted    *serviceMetrics
	// final: the end is the service's word.
	final bool

	at       sync.Mutex
	answered bool  // the service has
	now      place // where the stream is
	draining atomic.Bool
	// opened: the fields above are set.
	opened atomic.Bool
}

// write starts the goroutine that records what is read. Where recording fails, reading is
// canceled.
func (r *reader) write(ctx context.Context) {
	writing, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	r.stopWriting = stop
	go func() {
		r.scribe.run(writing)
		r.cancel(r.scribe.err)
	}()
}

// begin opens the state and reads the stream.
func (r *reader) begin(ctx context.Context, in perdure.ReaderInput, pos perdure.LogPosition) (*perdure.StreamEnd, error) {
	var err error
	if r.stream, r.answered, err = r.a.openStream(in, pos); err != nil {
		return r.cannotBegin(err, pos.Sealed != "")
	}
	r.counted = r.a.metrics.of(r.service.Name())
	r.now = place{r.state.Position, r.state.Next}
	r.known = max(pos.Next, r.state.Next)
	r.taken = pos.Sealed != ""
	r.scribe.open(r.now, standing{
		service: r.service.Name(), protocol: r.state.Protocol, attributes: r.a.SearchAttributes(),
		lastError: pos.LastError, reconnects: r.reconnects, answered: r.answered,
	}, func(at place, end *perdure.StreamEnd) (string, error) { return r.seal(ctx, at, end) }, r.isOld)
	go r.heedStop(ctx)
	r.once.resume(r.last, activity.GetInfo(ctx).Attempt)
	r.opened.Store(true)
	if r.answered || r.isQuestion() {
		r.beat(ctx)
	}
	return r.read(ctx)
}

// read connects and listens until the stream is over.
func (r *reader) read(ctx context.Context) (*perdure.StreamEnd, error) {
	if r.state.End != nil { // a token of a stream that has ended
		return r.ended(r.state.End), nil
	}
	for {
		body, end, err := r.connect(ctx)
		if body == nil {
			return end, err
		}
		end, err = r.listen(ctx, body)
		if end != nil || err != nil {
			return end, err
		}
	}
}

// connect opens the stream: from its start, as often as that may be asked for, or from
// where it is. Body is nil where the stream, or this attempt, is over.
func (r *reader) connect(ctx context.Context) (body io.ReadCloser, end *perdure.StreamEnd, err error) {
	if !r.answered {
		return r.askFirst(ctx)
	}
	return r.takeUp(ctx)
}

// lingerTime is how long recording what is left may take once the activity is to stop.
const lingerTime = 5 * time.Second

// finish has what is left recorded, and how the stream has ended, if it has.
func (r *reader) finish(ctx context.Context, end *perdure.StreamEnd, err error) error {
	context.AfterFunc(ctx, func() {
		time.AfterFunc(lingerTime, func() { r.stopWriting(context.Cause(ctx)) })
	})
	if end != nil {
		r.scribe.tell(func(s *standing) {
			s.end, s.final, s.answered = end, r.final, s.answered || r.final
		})
	}
	switch failed := r.scribe.close(); {
	case errors.Is(failed, ErrLogClosed), failed == nil && end != nil:
		return nil
	case failed != nil:
		return failed
	}
	return err
}

// heedStop breaks the connection off when the worker stops, so that another one takes it
// up: at once where that is possible, else as soon as it is.
func (r *reader) heedStop(ctx context.Context) {
	select {
	case <-activity.GetWorkerStopChannel(ctx):
		r.draining.Store(true)
		r.stopIfDraining()
	case <-ctx.Done():
	}
}

func (r *reader) stopIfDraining() {
	if r.draining.Load() && r.canGoOn() {
		r.cancel(errWorkerStops)
	}
}

// canGoOn reports whether another worker could take the stream up now.
func (r *reader) canGoOn() bool {
	r.at.Lock()
	answered, now := r.answered, r.now
	r.at.Unlock()
	if !answered {
		return r.isQuestion()
	}
	_, ok := r.onward(now)
	return ok
}

// errWorkerStops ends an attempt whose worker stops. The next one begins at once.
var errWorkerStops = temporal.NewApplicationErrorWithOptions("the worker stops, another one reads on", "WorkerStops", temporal.ApplicationErrorOptions{
	Category: temporal.ApplicationErrorCategoryBenign, NextRetryDelay: time.Millisecond,
})

// stopped is why an attempt is over before the stream is.
func (r *reader) stopped(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return errWorkerStops
}

// admitted waits for the service's turn. An error: the attempt is over.
func (r *reader) admitted(ctx context.Context) (release func(), err error) {
	release, err = r.service.Admit(ctx)
	switch {
	case err == nil && stopping(ctx):
		release()
		return nil, r.stopped(ctx)
	case err != nil && ctx.Err() != nil:
		return nil, r.stopped(ctx)
	}
	return release, err
}
