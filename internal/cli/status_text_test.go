package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/internal/cli"
)

func TestStatusText(t *testing.T) {
	t.Parallel()
	now := time.Date(2031, 5, 17, 4, 0, 0, 0, time.UTC)
	yes, forty := true, 40.0
	for _, c := range []struct {
		name   string
		status perdure.Status
		want   string
	}{
		{
			name: "under way",
			status: perdure.Status{
				State: perdure.StateRunning, Service: "jobs", Protocol: "openai", Type: "Make", RemoteID: "vs_1", ServiceStatus: "in_progress",
				PercentComplete: &forty, Progress: json.RawMessage(`{"done":4}`), Polls: 12,
				StartedAt: now.Add(-5 * time.Minute), LastPolledAt: now.Add(-3 * time.Second), NextPollAt: now.Add(27 * time.Second),
				LastError: &perdure.TimedError{At: now.Add(-3 * time.Second), Error: perdure.ServiceError{Message: "try\nlater\x1b[31m", HTTPStatus: 503}},
			},
			want: `operation   perdure-1
state       running (in_progress)
progress    40 %
detail      {"done":4}
type        Make
service     jobs
protocol    openai
remote id   vs_1
polls       12, last 3 s ago, next in 27 s
started     2031-05-17T03:55:00Z, 5 min 0 s ago
last error  3 s ago: HTTP 503 try later[31m
`,
		},
		{
			name: "canceling, and nobody answers",
			status: perdure.Status{
				State: perdure.StateCanceling, Polls: 1, Stale: true, AsOf: now.Add(-2 * time.Hour),
				Cancel: &perdure.CancelStatus{RequestedAt: now.Add(-time.Minute), Reason: "too dear", Supported: &yes, Accepted: &yes},
			},
			want: `operation   perdure-1
state       canceling
polls       1
cancel      asked for 1 min 0 s ago (too dear), the service accepted it, and has not confirmed
note        no worker answered: this is what was recorded last, as of 2 h 0 min ago
`,
		},
		{
			name:   "ambiguous",
			status: perdure.Status{State: perdure.StateAmbiguous},
			want: `operation   perdure-1
state       ambiguous
polls       0
note        it cannot be known whether the service started this operation; it stays open, and nothing is sent again
`,
		},
		{
			name: "failed",
			status: perdure.Status{
				State: perdure.StateFailed, Done: true, EndedAt: now, ErrorType: perdure.ErrorOperationFailed,
				NextPollAt: now.Add(time.Minute), Error: &perdure.ServiceError{Code: "QuotaExceeded", Message: "no more", HTTPStatus: 409},
			},
			want: `operation   perdure-1
state       failed
polls       0
ended       2031-05-17T04:00:00Z, just now
error       OperationFailed: HTTP 409 QuotaExceeded: no more
`,
		},
		{
			name: "failed, in our words",
			status: perdure.Status{
				State: perdure.StateUnknown, Done: true, EndedAt: now, ErrorType: perdure.ErrorOperationTimedOut,
				Error: &perdure.ServiceError{Code: perdure.ErrorOperationTimedOut, Message: "timeoutSeconds passed"},
			},
			want: `operation   perdure-1
state       unknown
polls       0
ended       2031-05-17T04:00:00Z, just now
error       OperationTimedOut: timeoutSeconds passed
note        nothing more is asked, and the service never said how it ended: it may go on there
`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, cli.StatusText("perdure-1", c.status, now))
		})
	}
}

func TestSpans(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		100 * time.Millisecond: "1 s", 59 * time.Second: "59 s", 61 * time.Second: "1 min 1 s", 10 * time.Minute: "10 min",
		time.Hour: "1 h 0 min", 47 * time.Hour: "47 h 0 min", 49 * time.Hour: "2 d 1 h",
	} {
		require.Equal(t, want, cli.Span(d))
	}
}

// Without a terminal: a line when something changed, at most every few seconds.
func TestProgressLines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		op := running()
		op.status = func() perdure.Status {
			p := float64(int(time.Since(began).Seconds()))
			return perdure.Status{State: perdure.StateRunning, PercentComplete: &p}
		}
		op.result = func(context.Context) (perdure.OperationResult, error) {
			time.Sleep(15 * time.Second)
			return succeeded("1"), nil
		}
		got := command(t, &fakeEngine{op: op}, "wait", "perdure-1")
		require.Equal(t, ran{
			stdout: "1\n", stderr: "perdure-1: running, 2 %\nperdure-1: running, 8 %\nperdure-1: running, 14 %\n",
		}, got)
	})
}

// On a terminal: a spinner, then a bar, and nothing left of it at the end.
func TestProgressBar(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	bar := cli.NewBar(&out, "perdure-1")
	bar.Show(cli.StandingOf(perdure.Status{State: perdure.StateRunning, ServiceStatus: "busy", NextPollAt: time.Now().Add(time.Minute)}))
	require.Contains(t, out.String(), "perdure-1  running (busy), next poll in")
	for _, p := range []float64{40, 100, 300, -1} {
		out.Reset()
		bar.Show(cli.StandingOf(perdure.Status{State: perdure.StateRunning, PercentComplete: &p}))
		require.Contains(t, out.String(), "%")
	}
	out.Reset()
	bar.Close()
	require.Regexp(t, `\r *\r$`, out.String())
}
