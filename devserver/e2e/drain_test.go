package e2e_test

import (
	"cmp"
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/jobservice"
)

// maxDrainGap is how much longer than its interval a question may take while workers are
// replaced.
const maxDrainGap = 2 * time.Second

// A rolling deployment under load: each of two workers gets SIGTERM once its successor
// runs. Every operation ends, was started once, and was asked for all the time.
// PERDURE_DRAIN_OPERATIONS says how many there are, each asked every second. It measures,
// and so it runs beside no other test.
func TestDrainUnderLoadLeavesNoGap(t *testing.T) {
	operations := scaled(t, "PERDURE_DRAIN_OPERATIONS", 100)
	w := newWorld(t, settings{service: jobservice.Options{NoIdempotency: true}})
	w.configure(t, "drainSeconds: 5", "drainSeconds: 30")
	finish := w.holdJobs(t)
	workers := []*process{w.worker(), w.worker()}
	ctx, done := contextFor(t, 5*time.Minute)
	defer done()
	in := job(`{"name":"drained"}`)
	in.Polling = &perdure.Polling{IntervalSeconds: 1}
	all := w.waiting(ctx, operations, in)
	w.allPolled(ctx, t, operations, 3)
	undisturbed := time.Now()
	w.allPolled(ctx, t, operations, 5)
	began := time.Now()
	for _, before := range workers {
		w.worker().ready()
		before.stop()
		require.Zero(t, before.cmd.ProcessState.ExitCode(), "SIGTERM is a clean stop")
		w.allPolled(ctx, t, operations, 3)
	}
	ended := time.Now()
	finish()
	for _, run := range all {
		var result perdure.OperationResult
		require.NoError(t, run.Get(ctx, &result))
		require.Equal(t, perdure.StateSucceeded, result.State)
	}
	books := w.service.Books()
	require.Len(t, books.Operations(), operations)
	require.Len(t, books.Starts(), operations, "each was started once")
	before, during := longestGap(books, undisturbed, began), longestGap(books, began, ended)
	t.Logf("%d operations asked every second: the longest gap is %.2f s with the workers left alone, %.2f s while both were replaced (of %s, at %s)",
		operations, before.took.Seconds(), during.took.Seconds(), during.operation, during.at.Sub(began))
	require.Less(t, during.took, time.Second+time.Second/10+maxDrainGap) // the interval, its jitter, and the gap
}

// configure replaces a part of the configuration, for workers to come.
func (w *world) configure(t *testing.T, before, after string) {
	t.Helper()
	written, err := os.ReadFile(w.config)
	require.NoError(t, err)
	require.Contains(t, string(written), before)
	require.NoError(t, os.WriteFile(w.config, []byte(strings.Replace(string(written), before, after, 1)), 0o600))
}

// allPolled waits until each operation has been asked for so often from now on.
func (w *world) allPolled(ctx context.Context, t *testing.T, operations, times int) {
	t.Helper()
	begin := time.Now()
	eventually(ctx, t, "all are asked for", func() bool {
		counts := map[string]int{}
		for _, e := range slices.Backward(w.service.Books()) {
			if e.At.Before(begin) {
				break
			}
			if e.Action == jobservice.Poll {
				counts[e.Operation]++
			}
		}
		return len(counts) == operations && slices.Min(slices.Collect(maps.Values(counts))) >= times
	})
}

// gap is the time between two questions for an operation, the second of which came at at.
type gap struct {
	operation string
	took      time.Duration
	at        time.Time
}

// longestGap is the longest that has a part between two times.
func longestGap(b jobservice.Books, from, to time.Time) gap {
	last := map[string]time.Time{}
	var gaps []gap
	for _, e := range b {
		if e.Action != jobservice.Poll {
			continue
		}
		if before := last[e.Operation]; !before.IsZero() && e.At.After(from) && before.Before(to) {
			gaps = append(gaps, gap{e.Operation, e.At.Sub(before), e.At})
		}
		last[e.Operation] = e.At
	}
	return slices.MaxFunc(gaps, func(a, b gap) int { return cmp.Compare(a.took, b.took) })
}
