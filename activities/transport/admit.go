package transport

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// Bounds of the pause that one answer asks of all of a service's operations.
const (
	defaultPause = time.Second // after a 429 that asks for none
	maxPause     = time.Minute
)

// pause is until when a service wants to be left alone.
type pause struct{ until atomic.Int64 } // Unix nanoseconds

// extend takes over what an answer asks for: one 429 slows every operation of the
// service, not only the one that got it.
func (p *pause) extend(r *Response) {
	asked := protocol.RetryAfter(r.Header, r.At)
	switch {
	case r.Status == http.StatusTooManyRequests && asked == 0:
		asked = defaultPause
	case r.Status == http.StatusTooManyRequests, r.Status == http.StatusServiceUnavailable && asked > 0:
	default:
		return
	}
	until := time.Now().Add(min(asked, maxPause)).UnixNano()
	for {
		before := p.until.Load()
		if before >= until || p.until.CompareAndSwap(before, until) {
			return
		}
	}
}

// wait waits until the pause is over, and a little longer, so that those who wait do
// not all come at once.
func (p *pause) wait(ctx context.Context) error {
	for {
		left := time.Until(time.Unix(0, p.until.Load()))
		if left <= 0 {
			return nil
		}
		t := time.NewTimer(left + time.Duration(rand.Float64()*float64(left)/10)) //nolint:gosec // jitter
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return context.Cause(ctx)
		}
	}
}

// Admit waits for the service's turn: for the pause that it asked of all, for its
// rate and for a place among its concurrent requests, which release gives back. An
// error is a *SendError whose request was not sent.
func (s *Service) Admit(ctx context.Context) (release func(), err error) {
	if err := s.pause.wait(ctx); err != nil {
		return nil, &SendError{Unsent: true, Err: err}
	}
	if err := s.rate.Wait(ctx); err != nil {
		return nil, &SendError{Unsent: true, Err: err}
	}
	if err := s.slots.Acquire(ctx, 1); err != nil {
		return nil, &SendError{Unsent: true, Err: err}
	}
	if err := s.pause.wait(ctx); err != nil { // one may have begun meanwhile
		s.slots.Release(1)
		return nil, &SendError{Unsent: true, Err: err}
	}
	return func() { s.slots.Release(1) }, nil
}
