package chaos_test

import (
	"maps"
	"sync"
	"time"
)

// books are what the service writes down.
type books struct {
	mu       sync.Mutex
	starts   map[string][]*startEntry // by the operation's name
	requests map[string]int           // by what they were for
}

// startEntry is one request to start an operation.
type startEntry struct {
	arrived time.Time
	// executed: it has started an operation, remote; else it was pushed back, or is a
	// repeat that was recognised.
	executed bool
	remote   string
	// broken: the connection was gone before the answer was written.
	broken   bool
	answered time.Time // zero: not yet
}

func newBooks() *books {
	return &books{starts: map[string][]*startEntry{}, requests: map[string]int{}}
}

// count notes a request.
func (b *books) count(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests[what]++
}

// answered notes that the answer to a start was written, or could not be.
func (b *books) answered(e *startEntry, broken bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e.broken, e.answered = broken, time.Now()
}

// startsOf are the requests to start an operation, as they are now.
func (b *books) startsOf(name string) []startEntry {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []startEntry
	for _, e := range b.starts[name] {
		out = append(out, *e)
	}
	return out
}

// executed are the operations that were started under a name: one, if all is well.
func (b *books) executed(name string) []string {
	var out []string
	for _, e := range b.startsOf(name) {
		if e.executed {
			out = append(out, e.remote)
		}
	}
	return out
}

// counted are the requests, by what they were for.
func (b *books) counted() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.requests)
}
