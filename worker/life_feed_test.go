package worker_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// lifeFeed is an event stream whose events have their numbers for ids. A comment a minute
// keeps its connections.
type lifeFeed struct {
	due  []time.Time // of the events
	down func(at time.Time) bool
	// breaks is when it breaks a connection off that was opened then.
	breaks func(opened, now time.Time) bool

	mu sync.Mutex
	issuer
	opened, refused int
}

func (f *lifeFeed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // a pipe holds nothing back
	if f.enters(w, r, time.Now()) {
		f.stream(w, r)
	}
}

// enters answers who is not given the stream.
func (f *lifeFeed) enters(w http.ResponseWriter, r *http.Request, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case r.URL.Path == "/token":
		f.issue(w, now)
	case !f.admits(w, r, now):
	case f.down(now):
		f.refused++
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		f.opened++
		return true
	}
	return false
}

// stream serves the events after the one that the reader had last.
func (f *lifeFeed) stream(w http.ResponseWriter, r *http.Request) {
	next := 0
	if last, err := strconv.Atoi(r.Header.Get("Last-Event-ID")); err == nil {
		next = last + 1
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for opened := time.Now(); next < len(f.due); next++ {
		for wait := time.Until(f.due[next]); wait > 0; wait = time.Until(f.due[next]) {
			say(w, ":\n\n")
			select {
			case <-time.After(min(wait, time.Minute)):
			case <-r.Context().Done():
				return
			}
			if f.breaks(opened, time.Now()) {
				panic(http.ErrAbortHandler)
			}
		}
		say(w, fmt.Sprintf("id: %d\ndata: %d\n\n", next, next))
	}
}

func say(w http.ResponseWriter, text string) {
	_, _ = io.WriteString(w, text)
	_ = http.NewResponseController(w).Flush()
}

// pipes is a network in memory, on which one service listens: nothing on it takes time.
type pipes chan net.Conn

// Accept waits for who dials.
func (p pipes) Accept() (net.Conn, error) {
	conn, ok := <-p
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}

// Close is called when nobody dials any more.
func (p pipes) Close() error {
	close(p)
	return nil
}

// Addr is no address.
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
