package activities

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// handOverRate is how many watchers a worker that drains hands over in a second, where the
// time suffices. Each costs Temporal some tens of milliseconds of CPU: if all were handed
// over at once, the last would wait for all others, and nobody would poll its operation.
const handOverRate = 20

// turns has the watchers of a worker that drains hand over one after the other, within
// the time that there is.
type turns struct {
	within time.Duration
	taken  atomic.Int64
}

// next is how long the watcher that calls it goes on.
func (t *turns) next() time.Duration {
	wait := time.Duration(t.taken.Add(1)-1) * (time.Second / handOverRate)
	if wait < t.within || wait == 0 {
		return wait
	}
	return time.Duration(rand.Float64() * float64(t.within)) //nolint:gosec // so that they do not all meet
}

// sleepUntil waits for due. False: it is time to return, as the workflow says so, or the
// worker drains and the watcher's turn has come.
func (w *watch) sleepUntil(ctx context.Context, due time.Time) bool {
	if sleep(ctx, max(0, time.Until(due))) {
		return true
	}
	if ctx.Err() != nil {
		return false
	}
	if w.leaveAt.IsZero() {
		w.leaveAt = time.Now().Add(w.a.turns.next())
	}
	until, goesOn := w.leaveAt, false
	if due.Before(w.leaveAt) {
		until, goesOn = due, true
	}
	t := time.NewTimer(max(0, time.Until(until)))
	defer t.Stop()
	select {
	case <-t.C:
		return goesOn
	case <-ctx.Done():
		return false
	}
}
