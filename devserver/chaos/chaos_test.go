package chaos_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whatever ends and breaks meanwhile: every operation comes to the end that the service
// gave it, and is started once; every page and every event arrives as it was served; and
// when it is over nothing is open, and nothing is left behind.
func TestChaos(t *testing.T) {
	s := sizeOf(t)
	t.Logf("PERDURE_CHAOS_SEED=%d: %d operations, %d collections, %d streams, %d workers; faults for %v, then calm for up to %v",
		s.seed, s.operations, s.collections, s.streams, workers, s.faults, s.calm)
	w := newWorld(t, s)
	all := s.callers()
	ctx, cancel := context.WithTimeout(t.Context(), s.faults+s.calm)
	defer cancel()

	began := time.Now()
	calm := make(chan struct{})
	all.run(ctx, w, calm)
	stop := w.report(ctx, t, all)
	require.NoError(t, w.disturb(ctx))
	calmed := time.Now()
	pause(ctx, requestTimeoutSeconds*time.Second+aftermath) // what was under way is given up, or has arrived
	close(calm)
	all.running.Wait()
	stop()
	t.Logf("calm after %.0f s, all ended %.0f s later", calmed.Sub(began).Seconds(), time.Since(calmed).Seconds())

	w.examine(ctx, t, all)
}

// disturb injects faults for as long as the size says. When it returns all is well again.
func (w *world) disturb(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.size.faults)
	defer cancel()
	tracks := []func(context.Context) error{w.disturbLink, w.disturbWorkers, w.disturbCluster}
	failed := make(chan error, len(tracks))
	for _, track := range tracks {
		go func() {
			err := track(ctx)
			if err != nil {
				cancel()
			}
			failed <- err
		}()
	}
	var all []error
	for range tracks {
		all = append(all, <-failed)
	}
	return errors.Join(append(all, w.startCluster(context.WithoutCancel(ctx)))...)
}

// report says now and then how far it has come.
func (w *world) report(ctx context.Context, t *testing.T, all *callers) (stop func()) {
	t.Helper()
	ctx, stop = context.WithCancel(ctx)
	began := time.Now()
	go func() {
		for pause(ctx, 30*time.Second) {
			t.Logf("after %3.0f s: %d of %d have begun, %d have ended", time.Since(began).Seconds(), all.begun.Load(), len(all.list()), all.ended.Load())
		}
	}()
	return stop
}

// examine compares everything, tells it in tables, and fails with all that is wrong.
func (w *world) examine(ctx context.Context, t *testing.T, all *callers) {
	t.Helper()
	wrong := w.compare(all)
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.size.calm)
	defer cancel()
	w.awaitClosed(ctx, all)
	recorded, err := w.readHistories(after)
	if err != nil {
		wrong.add("the histories, of which %d could be read: %v", recorded.runs, err)
	}
	wrong = append(wrong, w.compareHistories(recorded, all)...)
	old := w.processes
	fresh := w.startWorker(after, t, "fresh")
	held, more := w.leftBehind(after, fresh, old)
	wrong = append(wrong, more...)

	t.Logf("\n%s", w.table(all, recorded, held))
	for _, line := range wrong {
		t.Error(line)
	}
}
