package activities

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/perdure-dev/perdure"
)

// beat records details until stop is called, often enough to be taken for alive: also
// during a long request and a long sleep. It does not begin at once: each heartbeat is a
// commit of the server's, and what is soon over needs none. The SDK sends at most one in
// four fifths of the time-out, the newest.
func beat(ctx context.Context, details func() any) (stop func()) {
	return every(ctx, func() { activity.RecordHeartbeat(ctx, details()) })
}

// every calls f three times in each heartbeat time-out until stop is called, which
// returns when f no longer runs.
func every(ctx context.Context, f func()) (stop func()) {
	timeout := activity.GetInfo(ctx).HeartbeatTimeout
	if timeout <= 0 {
		return func() {}
	}
	done := make(chan struct{})
	var finished sync.WaitGroup
	finished.Go(func() {
		t := time.NewTicker(timeout / 3)
		defer t.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				return
			case <-t.C:
				f()
			}
		}
	})
	return func() { close(done); finished.Wait() }
}

// board holds the newest heartbeat.
type board struct {
	mu  sync.Mutex
	now perdure.Heartbeat
}

func (b *board) set(change func(*perdure.Heartbeat)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(&b.now)
}

func (b *board) get() any {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

// lastHeartbeat is what the attempt before this one recorded last. One that cannot be
// read is taken to say that a start was being sent, which is the safe reading.
func lastHeartbeat(ctx context.Context) perdure.Heartbeat {
	var hb perdure.Heartbeat
	if activity.HasHeartbeatDetails(ctx) && activity.GetHeartbeatDetails(ctx, &hb) != nil {
		return perdure.Heartbeat{Phase: perdure.PhaseSending}
	}
	return hb
}

// sleep waits for d. False: the activity is to stop, because the workflow said so
// or the worker drains.
func sleep(ctx context.Context, d time.Duration) bool {
	if stopping(ctx) {
		return false
	}
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	case <-activity.GetWorkerStopChannel(ctx):
		return false
	}
}

func stopping(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	case <-activity.GetWorkerStopChannel(ctx):
		return true
	default:
		return false
	}
}
