package perduretest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Service is a scripted HTTP service. It is safe for concurrent use.
//
// A request that the script does not know fails the test and is answered with
// 400, which no client takes for passing trouble.
type Service struct {
	tb testing.TB

	mu       sync.Mutex
	script   script
	requests []Request
	arrived  chan struct{} // closed, and made anew, with each request
	ended    chan struct{} // closed when the test is over
	over     bool

	listen sync.Once
	server *httptest.Server
}

// NewService gives a service that plays the steps, in their order. Nothing
// listens before [Service.URL] is asked for. For use within a synctest bubble
// make it there.
func NewService(tb testing.TB, steps ...Step) *Service {
	tb.Helper()
	s := &Service{
		tb:      tb,
		script:  script{steps: slices.Clone(steps)},
		arrived: make(chan struct{}),
		ended:   make(chan struct{}),
	}
	tb.Cleanup(s.end)
	return s
}

// AnyOrder takes the requests in any order, for clients that run side by side:
// each is answered by the first step left for its method and path, one that
// demands its query before one that takes any. Call it before the first
// request.
func (s *Service) AnyOrder() *Service {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script.anyOrder = true
	return s
}

// Requests gives what has arrived, in its order, requests included that the
// script does not know.
func (s *Service) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// WaitFor returns once n requests have arrived, or with ctx's error.
func (s *Service) WaitFor(ctx context.Context, n int) error {
	for {
		s.mu.Lock()
		count, arrived := len(s.requests), s.arrived
		s.mu.Unlock()
		if count >= n {
			return nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// next finds the answer to r, whose body is not read yet.
func (s *Service) next(r Request) Step {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return unscripted("the test is over")
	}
	step, err := s.script.take(r)
	if err != nil {
		s.tb.Errorf("perduretest: request %d: %v", len(s.requests)+1, err)
		return unscripted(err.Error())
	}
	return step
}

func unscripted(why string) Step {
	return Step{}.Reply(http.StatusBadRequest).Body("perduretest: " + why)
}

// record keeps the request, and holds it against what the step wants.
func (s *Service) record(r Request, step Step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	close(s.arrived)
	s.arrived = make(chan struct{})
	if err := step.check(r); err != nil && !s.over {
		s.tb.Errorf("perduretest: request %d: %s: %s", len(s.requests), r.line(), strings.ReplaceAll(err.Error(), "\n", "; "))
	}
}

var errOver = errors.New("perduretest: the test is over")

// wait returns when the answer is due, or with an error when nobody waits for
// it any more.
func (s *Service) wait(ctx context.Context, a answer) error {
	if a.hold != nil {
		select {
		case <-a.hold:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ended:
			return errOver
		}
	}
	return s.pause(ctx, a.delay)
}

func (s *Service) pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ended:
		return errOver
	}
}

func (s *Service) end() {
	s.mu.Lock()
	s.over = true
	left := s.script.left()
	s.mu.Unlock()
	close(s.ended)
	s.listen.Do(func() {}) // from now on nothing begins to listen
	if s.server != nil {
		s.server.Close()
	}
	if len(left) > 0 {
		s.tb.Errorf("perduretest: the test is over, and these requests have not come: %s", strings.Join(left, ", "))
	}
}
