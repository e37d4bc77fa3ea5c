package chaos_test

import (
	"maps"
	"regexp"
	"sync"
)

// tally counts errors that differ by no more than names and numbers, by what was asked.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func newTally() *tally { return &tally{counts: map[string]int{}} }

// particular is what differs from one to the next.
var particular = regexp.MustCompile(`"[^"]*"|[0-9a-f]{8}-[0-9a-f-]{27}|\d+(\.\d+)*`)

func (t *tally) add(what string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[what+": "+particular.ReplaceAllString(err.Error(), "…")]++
}

func (t *tally) all() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.counts)
}
