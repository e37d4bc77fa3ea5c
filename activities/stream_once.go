package activities

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/transport"
)

// once is what keeps a stream's first request from being sent twice, as a start is: what
// was recorded before it left, and what became of it. A mere question needs none of it.
type once struct {
	attempt   int32
	tries     int
	firstSent time.Time
	// maybeSent: a request may have been delivered, and was not answered.
	maybeSent bool
	// refused: a repeat was refused, which says nothing of the request before it.
	refused bool

	// recording keeps heartbeats in order.
	recording sync.Mutex
	mu        sync.Mutex
	beat      perdure.StreamHeartbeat
}

// resume takes up what an attempt that died had recorded. One that was reading, of which
// the log knows nothing, was sent as well.
func (o *once) resume(last perdure.StreamHeartbeat, attempt int32) {
	o.attempt, o.tries, o.firstSent = attempt, last.Tries, last.FirstSentAt
	o.maybeSent = last.Phase == perdure.PhaseSending || last.Phase == perdure.PhaseReading
}

// askFirst sends the stream's first request, once or in a way that cannot start anything
// twice, and reads the head of its answer.
func (r *reader) askFirst(ctx context.Context) (io.ReadCloser, *perdure.StreamEnd, error) {
	for {
		if r.unrepeatable() {
			return nil, r.ambiguous(nil), nil
		}
		if !sleep(ctx, max(0, time.Until(r.breaks.nextAt))) {
			return nil, nil, r.stopped(ctx)
		}
		body, end, err := r.tryFirst(ctx)
		if body != nil || end != nil || err != nil {
			return body, end, err
		}
	}
}

// unrepeatable: the first request may have been delivered, and must not be sent again.
func (r *reader) unrepeatable() bool {
	return r.once.maybeSent && (r.once.refused && !r.isQuestion() || !r.repeatable(r.once.firstSent))
}

// tryFirst sends the request once. All three nil: it is to be sent again.
func (r *reader) tryFirst(ctx context.Context) (io.ReadCloser, *perdure.StreamEnd, error) {
	sentBefore := r.once.maybeSent
	// Wait for a turn before recording "sending": a worker that dies waiting has not sent.
	release, err := r.admitted(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer release()
	if r.unrepeatable() { // the key's window passed meanwhile
		return nil, nil, nil
	}
	if err := r.announce(ctx); err != nil {
		return nil, nil, err
	}
	request, err := r.first(r.once.firstSent)
	if err != nil {
		return r.refusedHere(ctx, err, sentBefore)
	}
	answer, body, err := r.openAwaited(ctx, request)
	switch {
	case err != nil:
		return r.unansweredFirst(ctx, err, sentBefore)
	case body == nil:
		return nil, r.notOpened(ctx, answer, sentBefore), nil
	}
	r.mu.Lock()
	if !r.isQuestion() && r.service.Idempotency.configured() {
		r.state.FirstSentAt = r.once.firstSent
	}
	r.mu.Unlock()
	return r.welcome(answer, body)
}

// openAwaited opens the stream. The answer to what may start something is awaited whatever
// becomes of ctx: to break it off would make the outcome unknown.
func (r *reader) openAwaited(ctx context.Context, request transport.Request) (*transport.Response, io.ReadCloser, error) {
	if r.isQuestion() {
		return r.open(ctx, request)
	}
	awaited, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	answer, body, err := r.open(awaited, request)
	if body == nil {
		cancel(nil)
		return answer, nil, err
	}
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	return answer, awaitedBody{body, stop}, nil
}

// awaitedBody is broken off with the attempt, until it is closed.
type awaitedBody struct {
	io.ReadCloser
	stop func() bool
}

// Close gives the connection up.
func (b awaitedBody) Close() error {
	b.stop()
	return b.ReadCloser.Close()
}

// open sends a request of the stream's, with its cookies; the caller has been admitted.
func (r *reader) open(ctx context.Context, request transport.Request) (*transport.Response, io.ReadCloser, error) {
	cookies := r.state.Cookies
	request.Cookies = &cookies
	answer, body, err := r.service.Open(ctx, request)
	r.mu.Lock()
	r.state.Cookies = cookies
	r.mu.Unlock()
	return answer, body, err
}

// announce records that a request is about to leave. Only when the server has it may the
// request be sent.
func (r *reader) announce(ctx context.Context) error {
	o := &r.once
	if o.firstSent.IsZero() {
		o.firstSent = time.Now().UTC()
	}
	o.tries++
	if r.isQuestion() {
		return nil
	}
	before := o.set(perdure.StreamHeartbeat{Phase: perdure.PhaseSending, Attempt: o.attempt, Tries: o.tries, FirstSentAt: o.firstSent, LastError: r.breaks.last})
	if err := r.record(ctx); err != nil {
		// Nothing was sent. The server may have recorded the heartbeat all the same.
		o.set(before)
		r.retract(ctx)
		return fmt.Errorf("record the heartbeat before sending: %w", err)
	}
	return nil
}

// retract records that nothing left, or that nothing was started, unless an earlier
// request may have been delivered.
func (r *reader) retract(ctx context.Context) {
	o := &r.once
	if o.maybeSent || r.isQuestion() {
		return
	}
	o.set(perdure.StreamHeartbeat{Phase: perdure.PhaseUnsent, Attempt: o.attempt, Tries: o.tries, LastError: r.breaks.last})
	o.firstSent = time.Time{}
	// If the worker dies before this arrives, the request is taken to be ambiguous: that is
	// too cautious, and never wrong.
	_ = r.record(ctx)
}

// set changes what is recorded next.
func (o *once) set(beat perdure.StreamHeartbeat) (before perdure.StreamHeartbeat) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before, o.beat = o.beat, beat
	return before
}

// record tells the server, past the SDK's batching, what was set last.
func (r *reader) record(ctx context.Context) error {
	o := &r.once
	o.recording.Lock()
	defer o.recording.Unlock()
	o.mu.Lock()
	beat := o.beat
	o.mu.Unlock()
	err := r.a.RecordNow(context.WithoutCancel(ctx), beat)
	if temporal.IsCanceledError(err) { // the server has the heartbeat, and asks to stop
		r.cancel(err)
	}
	return err
}

// unansweredFirst deals with a first request that got no answer.
func (r *reader) unansweredFirst(ctx context.Context, err error, sentBefore bool) (io.ReadCloser, *perdure.StreamEnd, error) {
	words, unsent, ok := unanswered(err)
	switch {
	case !ok:
		return r.refusedHere(ctx, err, sentBefore)
	case r.isQuestion() && ctx.Err() != nil:
		return nil, nil, r.stopped(ctx)
	}
	r.broke(words, 0)
	r.once.maybeSent = !unsent || sentBefore
	if unsent {
		r.retract(ctx)
	}
	return nil, nil, nil
}

// refusedHere deals with a request that was refused on our side, or whose answer could
// not be taken.
func (r *reader) refusedHere(ctx context.Context, err error, sentBefore bool) (io.ReadCloser, *perdure.StreamEnd, error) {
	end := endWith(err)
	switch {
	case end == nil:
		return nil, nil, err
	case end.ErrorType == perdure.ErrorPollRejected:
		end.ErrorType = perdure.ErrorStartRejected
	case end.ErrorType == perdure.ErrorResponseTooLarge: // it was delivered, and answered
	case sentBefore && !r.isQuestion():
		return nil, r.ambiguous(end.Error), nil
	default:
		r.retract(ctx)
	}
	return nil, end, nil
}

// notOpened reads an answer that is no stream. Nil: the request is sent again.
func (r *reader) notOpened(ctx context.Context, answer *transport.Response, sentBefore bool) *perdure.StreamEnd {
	e := exchange(answer)
	words, asked := protocol.ErrorOf(e), protocol.RetryAfter(e.Header, e.At)
	switch {
	case r.isQuestion() && transient(e.Status):
		r.broke(words, asked)
		return nil
	case r.service.startedNothing(e):
		r.once.maybeSent = sentBefore
		r.broke(words, asked)
		r.retract(ctx)
		return nil
	case !r.isQuestion() && (e.Status == http.StatusRequestTimeout || e.Status >= http.StatusInternalServerError && e.Status != http.StatusNotImplemented):
		r.once.maybeSent = true
		r.broke(words, asked)
		return nil
	case sentBefore && !r.isQuestion():
		r.once.refused = true
		r.broke(words, 0)
		return nil
	}
	r.scribe.tell(func(s *standing) { s.response = r.service.Capture(answer) })
	return &perdure.StreamEnd{ErrorType: perdure.ErrorStartRejected, Error: r.service.cappedError(words)}
}
