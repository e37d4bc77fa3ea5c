package activities

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/transport"
)

// defaultReconnect is the wait before a stream is taken up where the service asks for
// none.
const defaultReconnect = 3 * time.Second

// tellBreakEvery is how often a break that lasts is told, while its reason is the same.
const tellBreakEvery = 5 * time.Minute

// breaks is how often in a row the stream broke without an event since.
type breaks struct {
	inARow int
	last   *perdure.TimedError
	told   time.Time
	nextAt time.Time
}

// broke notes a break and when to go on: after what the service asks for with its answer,
// else after its reconnection time, with a backoff.
func (r *reader) broke(why *perdure.ServiceError, asked time.Duration) {
	b := &r.breaks
	b.inARow++
	now := time.Now()
	before := b.last
	b.last = &perdure.TimedError{At: now.UTC(), Error: *r.service.cappedError(why)}
	wait := asked
	if asked > 0 {
		r.counted.retryAfter.Inc(1)
	}
	if wait == 0 {
		base := cmp.Or(r.now.at.Retry, defaultReconnect)
		if !r.answered {
			base = retryMinWait
		}
		wait = backoff(base, 2, b.inARow, max(base, retryMaxWait))
	}
	b.nextAt = now.Add(jittered(wait))
	if before != nil && before.Error.Code == why.Code && now.Sub(b.told) < tellBreakEvery {
		return
	}
	b.told = now
	told := *b.last
	r.scribe.tell(func(s *standing) { s.lastError = &told })
}

// takeUp goes on with the stream from where it is. It tries for ever where there is a way
// to, and nothing is started twice by that.
func (r *reader) takeUp(ctx context.Context) (io.ReadCloser, *perdure.StreamEnd, error) {
	for {
		ask, ok := r.onward(r.now)
		if !ok {
			return nil, r.lost(r.noWay()), nil
		}
		if !sleep(ctx, max(0, time.Until(r.breaks.nextAt))) {
			return nil, nil, r.stopped(ctx)
		}
		body, end, err := r.tryAgain(ctx, ask)
		if body != nil || end != nil || err != nil {
			return body, end, err
		}
	}
}

// tryAgain sends the request once. All three nil: it is to be sent again.
func (r *reader) tryAgain(ctx context.Context, ask protocol.Ask) (io.ReadCloser, *perdure.StreamEnd, error) {
	request, err := r.request(ask)
	if r.now.at.None() { // from the start, with all that the first request had
		request, err = r.first(r.state.FirstSentAt)
	}
	if err != nil {
		return r.endOrStop(ctx, err)
	}
	release, err := r.admitted(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer release()
	answer, body, err := r.openAwaited(ctx, request)
	if err != nil {
		return r.endOrStop(ctx, err)
	}
	if body != nil {
		if r.taken {
			r.reconnects++
		}
		return r.welcome(answer, body)
	}
	return nil, r.notTakenUp(answer), nil
}

// endOrStop deals with a request that got no answer.
func (r *reader) endOrStop(ctx context.Context, err error) (io.ReadCloser, *perdure.StreamEnd, error) {
	words, unsent, isUnanswered := unanswered(err)
	switch {
	case isUnanswered && !unsent && r.onwardOnce(r.now):
		r.broke(words, 0)
		return nil, r.lost(mayHaveArrived), nil
	case ctx.Err() != nil:
		return nil, nil, r.stopped(ctx)
	case isUnanswered:
		r.broke(words, 0)
		return nil, nil, nil
	}
	if end := endWith(err); end != nil {
		return nil, end, nil
	}
	return nil, nil, err
}

// notTakenUp reads an answer that is no stream. Nil: the request is sent again.
func (r *reader) notTakenUp(answer *transport.Response) *perdure.StreamEnd {
	e := exchange(answer)
	words := protocol.ErrorOf(e)
	if transient(e.Status) {
		r.broke(words, protocol.RetryAfter(e.Header, e.At))
		if r.onwardOnce(r.now) && !r.service.startedNothing(e) {
			return r.lost(mayHaveArrived)
		}
		return nil
	}
	r.scribe.tell(func(s *standing) { s.response = r.service.Capture(answer) })
	return &perdure.StreamEnd{ErrorType: perdure.ErrorPollRejected, Error: r.service.cappedError(words)}
}

// mayHaveArrived is why a request that may start something is not sent again.
const mayHaveArrived = "the request that was to take it up may have been carried out; it was not sent again"

// noWay is why the stream cannot be asked for from where it is.
func (r *reader) noWay() string {
	_, leadsOn, _ := r.streaming.Ask(r.ask(true), r.now.at) // an error: it does not
	if leadsOn && r.state.NoBody && !r.now.at.None() {
		return fmt.Sprintf("the body of its request, above %d bytes, was not carried along", maxCarriedBody)
	}
	return "the service names no place from which to go on"
}

// lost is the end of a stream that cannot be taken up.
func (r *reader) lost(what string) *perdure.StreamEnd {
	where := "before its first event"
	if r.known > 0 {
		where = fmt.Sprintf("after event %d", r.known-1)
	}
	why := "the worker that read it is gone"
	if r.breaks.last != nil {
		why = r.breaks.last.Error.String()
	}
	return streamEnd(perdure.ErrorStreamBroken, fmt.Sprintf("the stream broke %s (%s), and %s; what came before is kept", where, why, what))
}
