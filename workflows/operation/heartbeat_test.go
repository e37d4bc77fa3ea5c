package operation_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/perduretest"
)

// An activity that waits longer than the heartbeat time-out, for the service's turn or
// for its answer, stays alive: the environment ends those that do not heartbeat.
func TestActivitiesOutliveTheHeartbeatTimeout(t *testing.T) {
	svc := perduretest.NewService(t,
		perduretest.POST("/vector_stores").JSON(http.StatusTooManyRequests, `{}`).Header("Retry-After", "40"), // all wait now
		perduretest.POST("/vector_stores").JSON(http.StatusOK, inProgress).Header("Retry-After", "3600"),
		// Its jitter included, both have been answered before the fourth heartbeat.
		perduretest.GET("/vector_stores/vs_1").JSON(http.StatusTooManyRequests, `{}`).Header("Retry-After", "32"),
		perduretest.GET("/vector_stores/vs_1").JSON(http.StatusOK, finished).AnyTimes())
	_ = svc.URL() // listens outside the bubble
	synctest.Test(t, func(t *testing.T) {
		a := realActivities(t, svc, func(o *activities.Options) {
			o.RecordNow = func(ctx context.Context, details any) error { // the environment's client cannot
				activity.RecordHeartbeat(ctx, details)
				return nil
			}
			o.Watch.Threshold = time.Hour // all wait in process
		})
		env := newEnvironment(t, a)
		env.SetTestTimeout(time.Hour)
		starts, watcher, beside := 0, 0, 0
		env.SetOnActivityHeartbeatListener(func(info *activity.Info, details converter.EncodedValues) {
			var hb perdure.Heartbeat
			require.NoError(t, details.Get(&hb))
			switch {
			case info.ActivityType.Name == perdure.ActivityStart:
				starts++
			case hb.NextPollAt.IsZero():
				require.Equal(t, perdure.Heartbeat{Phase: perdure.PhaseWatching}, hb, "it is not the watcher")
				beside++
			default:
				watcher++
			}
		})
		env.SetOnActivityCompletedListener(func(info *activity.Info, _ converter.EncodedValue, err error) { require.NoError(t, err) })
		statuses := []perdure.Status{}
		ask := func() {
			env.UpdateWorkflow(perdure.UpdateUpdateStatus, "", &testsuite.TestUpdateCallback{OnComplete: func(s any, err error) {
				require.NoError(t, err)
				status, _ := s.(perdure.Status)
				statuses = append(statuses, status)
			}})
		}
		env.RegisterDelayedCallback(ask, 3*time.Minute) // while the activity watches
		env.RegisterDelayedCallback(ask, 3*time.Minute+time.Second)
		env.ExecuteWorkflow(perdure.WorkflowOperation, create("/vector_stores"))
		require.NoError(t, env.GetWorkflowError())
		require.Positive(t, starts)
		require.GreaterOrEqual(t, watcher, 3, "each waits for 32 s")
		require.GreaterOrEqual(t, beside, 3, "each waits for 32 s")
		require.Len(t, statuses, 2)
		require.Equal(t, "429", statuses[0].LastError.Error.Code)
		require.True(t, statuses[1].Done)
		time.Sleep(time.Minute) // the watcher hears of the end by its next heartbeat
	})
}

// What a watcher has heard is in its heartbeats: the state for the worker after it, the
// rest in clear for readers of the pending activity.
func TestHeartbeatsTellWhatTheWatcherHasHeard(t *testing.T) {
	svc := perduretest.NewService(t,
		perduretest.POST("/jobs").Reply(http.StatusAccepted).Header("Location", "/jobs/1"),
		perduretest.GET("/jobs/1").Reply(http.StatusAccepted).Header("Location", "/jobs/2"),
		perduretest.GET("/jobs/2").Reply(http.StatusAccepted).Times(4),
		perduretest.GET("/jobs/2").JSON(http.StatusOK, `{"n":1.0}`))
	_ = svc.URL() // listens outside the bubble
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		env := newEnvironment(t, realActivities(t, svc, nil))
		env.SetTestTimeout(time.Hour)
		var beats []perdure.Heartbeat
		env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
			var hb perdure.Heartbeat
			require.NoError(t, details.Get(&hb))
			beats = append(beats, hb)
		})
		in := create("/jobs")
		in.Polling.IntervalSeconds = 10
		env.ExecuteWorkflow(perdure.WorkflowOperation, in)
		require.NoError(t, env.GetWorkflowError())
		require.Equal(t, 6, statusOf(t, env).Polls)
		require.GreaterOrEqual(t, len(beats), 4)
		require.Empty(t, beats[0].Sealed, "as the task has it")
		require.Zero(t, beats[0].Polls)
		require.True(t, beats[0].LastPolledAt.IsZero())
		for i, hb := range beats {
			require.Equal(t, perdure.PhaseWatching, hb.Phase)
			require.True(t, hb.NextPollAt.After(begin))
			if hb.Polls > 0 {
				require.NotEmpty(t, hb.Sealed)
				require.True(t, hb.NextPollAt.After(hb.LastPolledAt))
			}
			if i > 0 {
				require.GreaterOrEqual(t, hb.Polls, beats[i-1].Polls)
			}
		}
		require.GreaterOrEqual(t, beats[len(beats)-1].Polls, 4)
	})
}

// Each heartbeat is a commit of the server's: an activity that is soon over records none.
func TestAPollThatIsSoonOverIsNoHeartbeat(t *testing.T) {
	svc := perduretest.NewService(t,
		perduretest.POST("/jobs").Reply(http.StatusAccepted).Header("Location", "/jobs/1"),
		perduretest.GET("/jobs/1").Reply(http.StatusAccepted).Times(5),
		perduretest.GET("/jobs/1").JSON(http.StatusOK, `1`))
	_ = svc.URL() // listens outside the bubble
	synctest.Test(t, func(t *testing.T) {
		env := newEnvironment(t, realActivities(t, svc, nil))
		env.SetTestTimeout(time.Hour)
		env.SetOnActivityHeartbeatListener(func(info *activity.Info, _ converter.EncodedValues) {
			require.Fail(t, "a heartbeat", info.ActivityType.Name)
		})
		in := create("/jobs")
		in.Polling.IntervalSeconds = 60 // durable timers wait
		env.ExecuteWorkflow(perdure.WorkflowOperation, in)
		require.NoError(t, env.GetWorkflowError())
		require.Equal(t, 6, statusOf(t, env).Polls)
	})
}
