package activities_test

import (
	"context"
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

// A stream that is silent is alive all the same: its heartbeats go on, and say where it
// is.
func TestHeartbeatsGoOnInSilence(t *testing.T) {
	overStream(t, held("id: 7\ndata: a\n\n"), func(d *streamDesk) {
		t := d.t
		a := d.activities()
		var suite testsuite.WorkflowTestSuite
		suite.SetLogger(quiet{})
		env := suite.NewTestWorkflowEnvironment()
		env.SetTestTimeout(time.Hour)
		var mu sync.Mutex
		var beats []perdure.StreamHeartbeat
		env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
			var beat perdure.StreamHeartbeat
			mu.Lock()
			defer mu.Unlock()
			if details.Get(&beat) == nil {
				beats = append(beats, beat)
			}
		})
		read := func(ctx context.Context, in perdure.ReaderInput) error {
			ctx, cancel := context.WithTimeout(ctx, 100*time.Second)
			defer cancel()
			_ = a.ReadStream(ctx, in)
			return nil
		}
		env.RegisterActivityWithOptions(read, activity.RegisterOptions{Name: perdure.ActivityReadStream})
		env.ExecuteWorkflow(func(ctx workflow.Context) error {
			ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Hour, HeartbeatTimeout: 15 * time.Second})
			return workflow.ExecuteActivity(ctx, perdure.ActivityReadStream, perdure.ReaderInput{Log: streamLog, Input: feed(), FirstRunID: "run-1"}).Get(ctx, nil)
		})
		require.NoError(t, env.GetWorkflowError(), "no heartbeat came too late")
		mu.Lock()
		defer mu.Unlock()
		require.GreaterOrEqual(t, len(beats), 100/15)
		require.Equal(t, perdure.StreamHeartbeat{Phase: perdure.PhaseReading, Attempt: 1, Offset: 1, LastEventID: "7"}, beats[len(beats)-1])
	})
}
