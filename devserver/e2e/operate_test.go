package e2e_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
)

// A deployment replaces workers: the one that is told to stop hands over at once, and
// polling goes on without the gap that a killed one leaves.
func TestDrainLeavesNoGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	first := w.worker()
	ctx := patient(t)
	in := vectorStore(8 * time.Second)
	in.Polling = &perdure.Polling{IntervalSeconds: 0.5}
	op, err := starter.Start[store](ctx, w.client, in, nil)
	require.NoError(t, err)
	id := op.LastStatus().RemoteID
	w.booked(ctx, "it was polled", func(b jobservice.Books) bool { return len(b.Polls(id)) == 3 })
	w.worker()
	first.stop()
	require.Zero(t, first.cmd.ProcessState.ExitCode(), "SIGTERM is a clean stop")
	stopped := time.Now()
	w.booked(ctx, "the other worker polls", func(b jobservice.Books) bool {
		polls := b.Polls(id)
		return polls[len(polls)-1].At.After(stopped)
	})
	_, err = op.Wait(ctx, nil)
	require.NoError(t, err)
	longest := time.Duration(0)
	for _, gap := range w.service.Books().Gaps(id) {
		longest = max(longest, gap)
	}
	t.Logf("longest gap between two polls: %.1f s at an interval of 0.5 s", longest.Seconds())
	require.Less(t, longest, heartbeatTimeout/2)
}

// Only the operation's own time-out ends an operation whose service has trouble.
//
//rule:later 3
func TestTransientAnswersNeverEndAnOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.worker()
	ctx := patient(t)
	for _, f := range []jobservice.Fault{
		{Action: jobservice.Poll, Status: 500},
		{Action: jobservice.Poll, Status: 429, Headers: map[string]string{"Retry-After": "1"}},
		{Action: jobservice.Poll, Status: 503},
		{Action: jobservice.Poll, Drop: jobservice.DropAfterRead},
		{Action: jobservice.Poll, Drop: jobservice.DropInAnswer},
		{Action: jobservice.Poll, Status: 408},
	} {
		_, err := w.service.Inject(f)
		require.NoError(t, err)
	}
	op, err := starter.Start[store](ctx, w.client, vectorStore(time.Second), nil)
	require.NoError(t, err)
	eventually(ctx, t, "the status shows the trouble", func() bool {
		s, err := op.Status(ctx)
		return err == nil && s.LastError != nil && s.State == perdure.StateRunning
	})
	value, err := op.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "completed", value.Status)
	s, err := op.Status(ctx)
	require.NoError(t, err)
	require.Nil(t, s.LastError, "the last question was answered")
	require.Empty(t, w.service.Faults(), "each of them happened")
}

// With no worker running the last recorded status answers, and says that it does.
func TestStatusWithoutAWorker(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	p := w.worker()
	ctx := patient(t)
	in := vectorStore(time.Hour)
	in.Polling = &perdure.Polling{IntervalSeconds: 3600}
	op, err := starter.Start[store](ctx, w.client, in, nil)
	require.NoError(t, err)
	p.stop()
	s, err := op.Status(ctx)
	require.NoError(t, err)
	require.True(t, s.Stale)
	require.Equal(t, perdure.StateRunning, s.State)
	require.Equal(t, op.LastStatus().RemoteID, s.RemoteID)
}

// Stopping to wait leaves the operation alone.
func TestContextStopsTheWaitingOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.worker()
	ctx := patient(t)
	op, err := starter.Start[store](ctx, w.client, vectorStore(2*time.Second), nil)
	require.NoError(t, err)
	short, cancel := contextFor(t, 300*time.Millisecond)
	defer cancel()
	_, err = op.Wait(short, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	value, err := op.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "completed", value.Status)
}

// What the command line prints and how it exits, on a real server.
func TestCommandLineExitStatuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{service: jobservice.Options{NoIdempotency: true, CancelDuration: 200 * time.Millisecond}})
	w.worker()
	ok := `{"name":"x","seconds":0.3}`
	run := func(data string, more ...string) []string {
		return append([]string{"run", "POST", "/jobs", "--service", "jobs", "--data", data, "--poll-interval", "200ms", "--output", "json"}, more...)
	}
	for _, c := range []struct {
		name      string
		args      []string
		exit      int
		errorType string
	}{
		{"succeeded", run(ok), 0, ""},
		{"failed", []string{"run", "POST", "/v1/vector_stores", "--service", "jobs", "--data", string(failing().Request.Body.JSON), "--poll-interval", "200ms", "--output", "json"}, 10, perdure.ErrorOperationFailed},
		{"refused", run(`{"name":"x","seconds":0.3,"fail":"disk full"}`), 10, perdure.ErrorPollRejected},
		{"rejected", []string{"start", "POST", "/nowhere", "--service", "jobs", "--output", "json"}, 10, perdure.ErrorStartRejected},
		{"timed out", run(`{"name":"x","seconds":60}`, "--timeout", "1s"), 13, perdure.ErrorOperationTimedOut},
		{"denied", []string{"run", "POST", "https://elsewhere.example/x", "--output", "json"}, 1, perdure.ErrorEgressDenied},
		{"no such workflow", []string{"status", "nobody", "--output", "json"}, 1, ""},
		{"usage", []string{"run", "--no-such-flag"}, 2, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			stdout, stderr, exit := w.perdure(w.server, "", c.args...)
			require.Equal(t, c.exit, exit, "%s%s", stdout, stderr)
			if c.errorType == "" {
				return
			}
			require.Equal(t, 1, strings.Count(stdout, "\n"), "one JSON document: %s", stdout)
			var printed struct {
				Error struct {
					Type    string         `json:"type"`
					Message string         `json:"message"`
					Status  perdure.Status `json:"status"`
				} `json:"error"`
			}
			require.NoError(t, json.Unmarshal([]byte(stdout), &printed))
			require.Equal(t, c.errorType, printed.Error.Type)
			require.True(t, printed.Error.Status.Done)
		})
	}
	t.Run("ambiguous", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, settings{service: jobservice.Options{NoIdempotency: true}})
		w.worker()
		_, err := w.service.Inject(jobservice.Fault{Action: jobservice.Start, Drop: jobservice.DropBeforeAnswer})
		require.NoError(t, err)
		stdout, stderr, exit := w.perdure(w.server, "", run(ok)...)
		require.Equal(t, 12, exit, "%s%s", stdout, stderr)
		require.Contains(t, stdout, perdure.ErrorStartAmbiguous)
		require.Len(t, w.service.Books().Starts(), 1)
	})
}

// Listing finds operations by state and service, through the search attributes.
func TestListByStateAndService(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{service: jobservice.Options{NoIdempotency: true}})
	w.worker()
	ctx := patient(t)
	_, done, err := starter.Run[store](ctx, w.client, vectorStore(300*time.Millisecond), nil)
	require.NoError(t, err)
	running, err := starter.Start[store](ctx, w.client, vectorStore(time.Hour), nil)
	require.NoError(t, err)
	_, err = w.service.Inject(jobservice.Fault{Action: jobservice.Start, Drop: jobservice.DropBeforeAnswer})
	require.NoError(t, err)
	ambiguous, err := starter.Start[store](ctx, w.client, vectorStore(time.Hour), nil)
	bad := &perdure.OperationError{}
	require.ErrorAs(t, err, &bad)
	eventually(ctx, t, "all are listed", func() bool {
		return w.lists(t, perdure.StateSucceeded, done.ID()) && w.lists(t, perdure.StateRunning, running.ID()) &&
			w.lists(t, perdure.StateAmbiguous, ambiguous.ID()) && !w.lists(t, perdure.StateRunning, ambiguous.ID()) &&
			!w.lists(t, perdure.StateRunning, done.ID())
	})
	stdout, stderr, exit := w.perdure(w.server, "", "list", "--state", "ambiguous")
	require.Zero(t, exit, stderr)
	require.Contains(t, stdout, ambiguous.ID())
	require.NotContains(t, stdout, running.ID())
}

func (w *world) lists(t *testing.T, state perdure.State, id string) bool {
	t.Helper()
	for s, err := range w.client.List(t.Context(), &starter.ListOptions{State: state, Service: "jobs"}) {
		require.NoError(t, err)
		if s.WorkflowID == id {
			require.Equal(t, state, s.State)
			require.Equal(t, "jobs", s.Service)
			return true
		}
	}
	return false
}
