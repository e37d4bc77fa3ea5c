package activities_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
)

// store is a vector store that runs, with so many files done of ten.
func store(status string, done int) string {
	return fmt.Sprintf(`{"id":"vs_1","object":"vector_store","status":%q,"file_counts":{"total":10,"completed":%d}}`, status, done)
}

func get(status int, body string) perduretest.Step {
	return perduretest.GET("/vector_stores/vs_1").JSON(status, body)
}

// watched starts a vector store and gives what the workflow then knows.
func (d *desk) watched(polling *perdure.Polling, change ...func(*perdure.StartTask)) perdure.PollTask {
	d.t.Helper()
	a := d.start(createTask(append([]func(*perdure.StartTask){func(task *perdure.StartTask) { task.Input.Polling = polling }}, change...)...))
	require.Equal(d.t, perdure.StateRunning, a.State)
	return perdure.PollTask{
		State: a.Sealed, Polling: polling,
		Known: perdure.Known{ServiceStatus: a.ServiceStatus, News: a.News, Body: a.BodyDigest},
	}
}

// inBubble plays the steps after a start, in a bubble: requests take no time.
func inBubble(t *testing.T, steps []perduretest.Step, f func(d *desk)) {
	t.Helper()
	svc := perduretest.NewService(t, append([]perduretest.Step{perduretest.POST("/vector_stores").JSON(http.StatusOK, store("in_progress", 0))}, steps...)...)
	_ = svc.URL() // listens outside
	synctest.Test(t, func(t *testing.T) { f(newDesk(t, svc)) })
}

func every(s float64) *perdure.Polling { return &perdure.Polling{IntervalSeconds: s} }

// around checks that a wait has at most a tenth of jitter on top.
func around(t *testing.T, want, got time.Duration) {
	t.Helper()
	require.GreaterOrEqual(t, got, want)
	require.LessOrEqual(t, got, want+want/10)
}

// 2xx: the protocol reads it.
//
//rule:later 1 RFC 9110 section 15.3
func TestWatchReturnsWhenTheOperationIsOver(t *testing.T) {
	running := get(200, store("in_progress", 0))
	for _, test := range []struct {
		name  string
		last  perduretest.Step
		state perdure.State
		err   string
	}{
		{"completed", get(200, finished), perdure.StateSucceeded, ""},
		{"expired", get(200, store("expired", 3)), perdure.StateFailed, perdure.ErrorOperationFailed},
		{"no status", get(200, `{"id":"vs_1","object":"vector_store"}`), "", perdure.ErrorProtocolViolation},
		{"not JSON", get(200, `<html>`), "", perdure.ErrorProtocolViolation},
		// Any other: the question was refused, `PollRejected`.
		//
		//rule:later 6 -
		{"unauthorized", get(401, ``), "", perdure.ErrorPollRejected},
		{"forbidden", get(403, ``), "", perdure.ErrorPollRejected},
		{"bad request", get(400, ``), "", perdure.ErrorPollRejected},
		{"not modified", get(304, ``), "", perdure.ErrorPollRejected},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, []perduretest.Step{running.Times(3), test.last}, func(d *desk) {
				t := d.t
				task := d.watched(every(2))
				begin := time.Now()
				task.WaitSeconds = 1.5
				a := d.poll(task)
				require.Equal(t, test.state, a.State)
				require.Equal(t, test.err, a.ErrorType)
				require.Equal(t, 4, a.Polls)
				require.NotNil(t, a.Response)
				require.Equal(t, time.Now().UTC(), a.LastPolledAt)
				at := d.stamps.since(begin)[1:]
				require.Equal(t, 1500*time.Millisecond, at[0], "the task's own wait, without jitter")
				for i := range 3 {
					around(t, 2*time.Second, at[i+1]-at[i])
				}
				if test.err != "" {
					require.NotNil(t, a.Error)
				}
			})
		})
	}
}

func TestWatchReturnsAtOnceWhenTheStatusChanges(t *testing.T) {
	inBubble(t, []perduretest.Step{get(200, store("in_progress", 0)), get(200, store("finalizing", 0))}, func(d *desk) {
		t := d.t
		task := d.watched(every(1))
		begin := time.Now()
		a := d.poll(task)
		around(t, time.Second, time.Since(begin))
		require.Equal(t, perdure.StateRunning, a.State)
		require.Equal(t, "finalizing", a.ServiceStatus)
		require.Equal(t, 2, a.Polls)
		require.NotEqual(t, task.Known.News, a.News)
		require.NotNil(t, a.Response)
		require.False(t, a.SameBody)
		require.Equal(t, a.LastPolledAt, a.AsOf)
		require.Greater(t, a.WaitSeconds, 0.99)
		require.LessOrEqual(t, a.WaitSeconds, 1.1)
		require.False(t, a.Durable)
		require.Equal(t, 30.0, a.Interval, "where the caller gives none")
	})
}

func TestWatchTellsProgressEveryFewSeconds(t *testing.T) {
	moving := []perduretest.Step{
		get(200, store("in_progress", 0)), get(200, store("in_progress", 1)), get(200, store("in_progress", 2)),
		get(200, store("in_progress", 3)), get(200, store("in_progress", 4)).AnyTimes(),
	}
	inBubble(t, moving, func(d *desk) {
		t := d.t
		begin := time.Now()
		a := d.poll(d.watched(every(1))) // news since the second question, at about 1 s
		require.InDelta(t, 6, time.Since(begin).Seconds(), 0.5, "5 s later")
		require.Equal(t, perdure.StateRunning, a.State)
		require.Equal(t, 40.0, *a.Percent, "the newest")
		require.JSONEq(t, `{"total":10,"completed":4}`, string(a.Progress))
		require.NotNil(t, a.Response)
	})
	inBubble(t, moving[1:2], func(d *desk) {
		t := d.t
		task := d.watched(every(1))
		task.Known.ProgressAt = time.Now().Add(-time.Minute)
		begin := time.Now()
		a := d.poll(task)
		require.Zero(t, time.Since(begin), "the last telling is long ago")
		require.Equal(t, 10.0, *a.Percent)
	})
}

// News that wait are told in time, also when the next question is far away.
func TestWatchDoesNotSitOnNews(t *testing.T) {
	inBubble(t, []perduretest.Step{get(200, store("in_progress", 1))}, func(d *desk) {
		t := d.t
		begin := time.Now()
		a := d.poll(d.watched(every(18)))
		require.Equal(t, 5*time.Second, time.Since(begin))
		require.Equal(t, 10.0, *a.Percent)
		require.GreaterOrEqual(t, a.WaitSeconds, 13.0)
		require.Equal(t, 1, a.Polls)
	})
}

func TestWatchIsBounded(t *testing.T) {
	t.Run("by its window", func(t *testing.T) {
		inBubble(t, []perduretest.Step{get(200, store("in_progress", 0)).AnyTimes()}, func(d *desk) {
			t := d.t
			d.options.Watch.Window = time.Minute
			begin := time.Now()
			a := d.poll(d.watched(every(10)))
			require.InDelta(t, 66, time.Since(begin).Seconds(), 6)
			require.Equal(t, perdure.StateRunning, a.State)
			require.Nil(t, a.Response, "nothing new")
			require.Empty(t, a.BodyDigest)
			require.Empty(t, a.Sealed)
			require.Equal(t, len(d.svc.Requests())-1, a.Polls)
			require.False(t, a.Durable)
		})
	})
	// A wait of at most the worker's `watch.thresholdSeconds` is slept through in
	// process; a longer one is a durable timer.
	//
	//rule:wait 10 -
	t.Run("by the threshold", func(t *testing.T) {
		inBubble(t, []perduretest.Step{get(200, store("in_progress", 0)), get(200, store("in_progress", 0)).Header("Retry-After", "21")}, func(d *desk) {
			t := d.t
			a := d.poll(d.watched(every(1)))
			require.True(t, a.Durable)
			require.Equal(t, 21.0, a.ServiceWaitSeconds)
			require.GreaterOrEqual(t, a.WaitSeconds, 21.0)
			require.LessOrEqual(t, a.WaitSeconds, 23.1)
			require.Equal(t, 2, a.Polls)
			require.Nil(t, a.Response)
		})
	})
	t.Run("by the worker, which drains", func(t *testing.T) {
		inBubble(t, []perduretest.Step{get(200, store("in_progress", 0))}, func(d *desk) {
			t := d.t
			task := d.watched(every(15))
			stop := d.drained()
			time.AfterFunc(3*time.Second, func() { close(stop) })
			begin := time.Now()
			a := d.poll(task)
			require.Equal(t, 3*time.Second, time.Since(begin))
			require.Equal(t, perdure.StateRunning, a.State)
			require.Equal(t, 1, a.Polls)
			require.GreaterOrEqual(t, a.WaitSeconds, 12.0)
		})
	})
	t.Run("by a worker that drains already", func(t *testing.T) {
		inBubble(t, nil, func(d *desk) {
			t := d.t
			task := d.watched(every(15))
			task.WaitSeconds = 9
			close(d.drained())
			a := d.poll(task)
			require.Equal(t, perdure.Answer{Service: "jobs", Protocol: "openai", RemoteID: "vs_1", Interval: a.Interval, WaitSeconds: 9}, a)
		})
	})
	t.Run("by the workflow", func(t *testing.T) {
		inBubble(t, []perduretest.Step{get(200, store("in_progress", 1))}, func(d *desk) {
			t := d.t
			task := d.watched(every(15))
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(3*time.Second, cancel)
			d.under(ctx)
			begin := time.Now()
			a := d.poll(task)
			require.Equal(t, 3*time.Second, time.Since(begin))
			require.Equal(t, 10.0, *a.Percent, "what it has is told")
			require.Equal(t, 1, a.Polls)
		})
	})
}

// A question that the workflow breaks off says nothing of the service.
func TestAQuestionThatIsBrokenOff(t *testing.T) {
	svc := perduretest.NewService(t,
		perduretest.POST("/vector_stores").JSON(http.StatusOK, store("in_progress", 0)),
		get(200, store("in_progress", 0)).Hold(make(chan struct{})))
	d := newDesk(t, svc)
	task := d.watched(every(1))
	ctx, cancel := context.WithCancel(t.Context())
	d.under(ctx)
	go func() {
		_ = svc.WaitFor(t.Context(), 2)
		cancel()
	}()
	a := d.poll(task)
	require.Zero(t, a.Polls)
	require.Empty(t, a.State)
	require.Nil(t, a.LastError)
	require.Empty(t, a.ErrorType)
}
