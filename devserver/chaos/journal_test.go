package chaos_test

import (
	"slices"
	"sync"
	"time"
)

// journal is what was injected, and when.
type journal struct {
	mu     sync.Mutex
	spells []*spell
}

// spell is one fault from its beginning to its end.
type spell struct {
	kind     string
	from, to time.Time // to is zero while it lasts
	// loses: an answer, or the memory of one, can be lost by it.
	loses bool
}

// begin notes a fault, and gives what to call when it is over.
func (j *journal) begin(kind string, loses bool) (end func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	s := &spell{kind: kind, from: time.Now(), loses: loses}
	j.spells = append(j.spells, s)
	return func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		s.to = time.Now()
	}
}

// aftermath is how long a fault that is over may still be felt: connections are closed,
// and what was cut off is noticed.
const aftermath = time.Second

// losses are the kinds of faults between two times by which something can be lost.
func (j *journal) losses(from, to time.Time) []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var kinds []string
	for _, s := range j.spells {
		over := !s.to.IsZero() && s.to.Add(aftermath).Before(from)
		if s.loses && !over && s.from.Before(to) {
			kinds = append(kinds, s.kind)
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// counts are how often and how long each kind was there.
func (j *journal) counts() map[string]count {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := map[string]count{}
	for _, s := range j.spells {
		c := out[s.kind]
		c.times++
		c.lasted += s.to.Sub(s.from)
		out[s.kind] = c
	}
	return out
}

type count struct {
	times  int
	lasted time.Duration
}
