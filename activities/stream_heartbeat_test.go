package activities_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// heartbeatTimeout is how long the workflow waits for a heartbeat.
const heartbeatTimeout = 15 * time.Second

// beating reads a stream in a workflow, for at most so long, and gives the heartbeats that
// the SDK may have kept back. It fails where one comes too late.
func (d *streamDesk) beating(most time.Duration, change ...func(*perdure.StreamInput)) (beats []perdure.StreamHeartbeat) {
	d.t.Helper()
	d.options.RecordNow = func(ctx context.Context, details any) error {
		activity.RecordHeartbeat(ctx, "it is alive") // the environment knows of no other
		return d.recordNow(ctx, details)
	}
	a := d.activities()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Hour)
	var mu sync.Mutex
	last, gap := time.Now(), time.Duration(0)
	beaten := func() { last, gap = time.Now(), max(gap, time.Since(last)) }
	env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
		var beat perdure.StreamHeartbeat
		mu.Lock()
		defer mu.Unlock()
		beaten()
		if details.Get(&beat) == nil {
			beats = append(beats, beat)
		}
	})
	read := func(ctx context.Context, in perdure.ReaderInput) error {
		ctx, cancel := context.WithTimeout(ctx, most)
		defer cancel()
		_ = a.ReadStream(ctx, in)
		return nil
	}
	env.RegisterActivityWithOptions(read, activity.RegisterOptions{Name: perdure.ActivityReadStream})
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Hour, HeartbeatTimeout: heartbeatTimeout})
		return workflow.ExecuteActivity(ctx, perdure.ActivityReadStream, perdure.ReaderInput{Log: streamLog, Input: feed(change...), FirstRunID: "run-1"}).Get(ctx, nil)
	})
	require.NoError(d.t, env.GetWorkflowError())
	mu.Lock()
	defer mu.Unlock()
	beaten()
	require.Less(d.t, gap, heartbeatTimeout, "a heartbeat came too late")
	return beats
}

// A stream that is silent is alive all the same: its heartbeats go on, and say where it
// is.
func TestHeartbeatsGoOnInSilence(t *testing.T) {
	overStream(t, held("id: 7\ndata: a\n\n"), func(d *streamDesk) {
		beats := d.beating(100 * time.Second)
		require.GreaterOrEqual(d.t, len(beats), 100/15)
		require.Equal(d.t, perdure.StreamHeartbeat{Phase: perdure.PhaseReading, Attempt: 1, Offset: 1, LastEventID: "7"}, beats[len(beats)-1])
	})
}

// So do they while the log cannot be asked, and until it has the last word.
func TestHeartbeatsGoOnWhileTheLogIsAway(t *testing.T) {
	for name, away := range map[string]func(*memoryLog){
		"at the begin": func(l *memoryLog) {
			l.position = func() error { time.Sleep(time.Minute); return nil }
		},
		"while the attempt takes over": func(l *memoryLog) {
			l.pos.Writer = 1
			l.record = func(b perdure.Batch) error {
				if b.Response == nil && b.End == nil {
					time.Sleep(time.Minute)
				}
				return nil
			}
		},
		"at the end": func(l *memoryLog) {
			begin := time.Now()
			l.record = func(b perdure.Batch) error {
				if b.End != nil && time.Since(begin) < 5*time.Minute {
					return errors.New("unavailable")
				}
				return nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			overStream(t, events("id: 7\ndata: a\n\n"), func(d *streamDesk) {
				away(d.log)
				begin := time.Now()
				d.beating(time.Hour)
				require.GreaterOrEqual(d.t, time.Since(begin), time.Minute)
				d.requireEnd("")
			})
		})
	}
}

// The SDK keeps heartbeats back, and sends the last when the worker stops, or after a while:
// one of before the request was sent would say, after it was, that it was not.
func TestNoHeartbeatOfBeforeIsKeptBackWhileSending(t *testing.T) {
	overStream(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(20 * time.Second)
		held("data: a\n\n")(w, r)
	}, func(d *streamDesk) {
		d.log.position = func() error { time.Sleep(12 * time.Second); return nil } // the server is busy
		beats := d.beating(time.Minute, chat)
		require.NotEmpty(d.t, beats)
		for _, beat := range beats {
			require.Equal(d.t, perdure.PhaseReading, beat.Phase)
		}
		require.Equal(d.t, []string{"", "", perdure.PhaseSending}, d.phases()[:3])
	})
}

// An attempt that takes over says nothing that is not so: the stream is where it was, and
// is not taken up again yet.
func TestTakingOverForgetsNothing(t *testing.T) {
	overStream(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Last-Event-Id") == "" {
			broken("retry: 1\nid: 1\ndata: a\n\nid: 2\ndata: b\n\n")(w, r)
			return
		}
		status(503)(w, r)
	}, func(d *streamDesk) {
		t := d.t
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			require.Error(t, d.read(feed(), attempt{ctx: ctx}))
			cancel()
			time.Sleep(time.Second)
		}
		for i, b := range d.log.batches {
			if b.First > 0 {
				require.Equal(t, "2", b.LastEventID, "batch %d", i)
				require.Equal(t, "E503", b.LastError.Error.Code, "batch %d", i)
			}
		}
		require.Equal(t, "2", d.log.status.LastEventID)
		require.NotNil(t, d.log.status.LastError)
	})
}
