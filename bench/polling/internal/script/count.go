package script

import "time"

// Count is how a batch was asked after for a while.
type Count struct {
	For   time.Duration `json:"for"`
	Polls int           `json:"polls"`
	// Silence is the longest time in which nobody asked after any operation of the batch,
	// Wait the longest in which nobody asked after one of them.
	Silence time.Duration `json:"silence"`
	Wait    time.Duration `json:"wait"`
}

// batch is operations that are counted together.
type batch struct {
	operations map[string]*underway
	finished   bool
	pace       string // of Retry-After; "": none

	since, lastAsked time.Time
	count            Count
}

func newBatch(now time.Time) *batch {
	return &batch{operations: map[string]*underway{}, since: now, lastAsked: now}
}

// asked counts a question.
func (b *batch) asked(u *underway, now time.Time) {
	b.count.Polls++
	b.count.Silence = max(b.count.Silence, now.Sub(b.lastAsked))
	b.lastAsked = now
	b.waited(u, now)
	u.lastAsked = now
	u.asked++
	if u.doneAt.IsZero() && u.done(b.finished) {
		u.doneAt = now
	}
}

// waited counts how long an operation has not been asked after, of the time counted.
func (b *batch) waited(u *underway, now time.Time) {
	if u.lastAsked.Before(b.since) {
		u.lastAsked = b.since
	}
	b.count.Wait = max(b.count.Wait, now.Sub(u.lastAsked))
}

// take ends the count, and begins another.
func (b *batch) take(now time.Time) Count {
	for _, u := range b.operations {
		if u.doneAt.IsZero() {
			b.waited(u, now)
		}
	}
	c := b.count
	c.For = now.Sub(b.since)
	c.Silence = max(c.Silence, now.Sub(b.lastAsked))
	b.count, b.since, b.lastAsked = Count{}, now, now
	return c
}
