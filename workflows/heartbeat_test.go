package workflows_test

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
		perduretest.GET("/vector_stores/vs_1").JSON(http.StatusTooManyRequests, `{}`).Header("Retry-After", "40"),
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
		beats := map[string]int{}
		env.SetOnActivityHeartbeatListener(func(info *activity.Info, _ converter.EncodedValues) { beats[info.ActivityType.Name]++ })
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
		require.Positive(t, beats[perdure.ActivityStart])
		require.Greater(t, beats[perdure.ActivityPoll], 8)
		require.Len(t, statuses, 2)
		require.Equal(t, "429", statuses[0].LastError.Error.Code)
		require.True(t, statuses[1].Done)
		time.Sleep(time.Minute) // the watcher hears of the end by its next heartbeat
	})
}
