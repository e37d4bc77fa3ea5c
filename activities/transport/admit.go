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
type pause struct{ until atomic.Pointer[time.Time] } // nil: it never did

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
	until := time.Now().Add(min(asked, maxPause))
	for {
		before := p.until.Load()
		if before != nil && !before.Before(until) || p.until.CompareAndSwap(before, &until) {
			return
		}
	}
}

// left is how long the service wants to be left alone yet.
func (p *pause) left() time.Duration {
	if until := p.until.Load(); until != nil {
		return time.Until(*until)
	}
	return 0
}

// wait waits until the pause is over, and a little longer, so that those who wait do
// not all come at once.
func (p *pause) wait(ctx context.Context) error {
	for {
		left := p.left()
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

// on reports that the service wants to be left alone now.
func (p *pause) on() bool { return p.left() > 0 }

// Admit waits for the service's turn: for a place among its concurrent requests, which
// release gives back, and then for the pause that it asked of all and for its rate. An
// error is a *SendError whose request was not sent.
//
// The place comes first, so that whoever has a turn sends at once: turns that gathered
// before a service that is slow, or in a pause, would all be used in the same moment.
func (s *Service) Admit(ctx context.Context) (release func(), err error) {
	if err := s.timed(WaitConcurrency, func() error { return s.slots.Acquire(ctx, 1) }); err != nil {
		return nil, &SendError{Unsent: true, Err: err}
	}
	if err := s.turn(ctx); err != nil {
		s.slots.Release(1)
		return nil, &SendError{Unsent: true, Err: err}
	}
	return func() { s.slots.Release(1) }, nil
}

// turn waits until one more request may leave.
func (s *Service) turn(ctx context.Context) error {
	for {
		if err := s.timed(WaitPause, func() error { return s.pause.wait(ctx) }); err != nil {
			return err
		}
		if err := s.timed(WaitRate, func() error { return s.rate.Wait(ctx) }); err != nil {
			return err
		}
		if !s.pause.on() { // one may have begun meanwhile
			return nil
		}
	}
}

// count counts a request that follows another in its turn: the next ones wait for it.
func (s *Service) count() { s.rate.Reserve() }
