package worker

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// How long the server may take to say that it is well, and how long that holds: so
// that whoever reaches the address cannot make the worker ask without end.
const (
	healthTimeout = 2 * time.Second
	healthHolds   = time.Second
)

// phase is what the worker does.
type phase int32

const (
	phaseStarting phase = iota
	phaseServing
	phaseDraining
)

// health knows whether the worker is ready. Safe for concurrent use.
type health struct {
	phase atomic.Int32
	ask   func(context.Context) error

	asking  sync.Mutex
	askedAt time.Time
	answer  error
}

func newHealth(ask func(context.Context) error) *health { return &health{ask: ask} }

func (h *health) serving()  { h.phase.Store(int32(phaseServing)) }
func (h *health) draining() { h.phase.Store(int32(phaseDraining)) }

var (
	errStarting  = errors.New("starting")
	errDraining  = errors.New("draining")
	errNotServed = errors.New("the Temporal server does not answer, or not that it is well")
)

// ready is nil where the worker serves its task queue and the server is well.
func (h *health) ready(ctx context.Context) error {
	switch phase(h.phase.Load()) {
	case phaseStarting:
		return errStarting
	case phaseDraining:
		return errDraining
	case phaseServing:
	}
	h.asking.Lock()
	defer h.asking.Unlock()
	if h.askedAt.IsZero() || time.Since(h.askedAt) >= healthHolds {
		// Whoever asked first may hang up; the answer is for all.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healthTimeout)
		defer cancel()
		h.answer = h.ask(ctx)
		h.askedAt = time.Now()
	}
	if h.answer != nil {
		return errNotServed
	}
	return nil
}

// newHandler serves /healthz, /readyz and more.
func newHandler(h *health, more map[string]http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { say(w, h.ready(r.Context())) })
	for pattern, handler := range more {
		mux.Handle(pattern, handler)
	}
	return mux
}

// say answers 200 "ok", or 503 and why not.
func say(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	text := "ok"
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		text = err.Error()
	}
	_, _ = w.Write([]byte(text + "\n")) // whoever asked has hung up
}
