package e2e_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/devservertest"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
)

// A run that has to continue as new while the service is asked to stop: the answer is heard,
// by this run or the next.
func TestContinueAsNewWhileTheServiceIsAskedToStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{
		server: devservertest.Start(t, devserver.Options{Headless: true, DynamicConfig: map[string]any{
			"limit.historyCount.suggestContinueAsNew": 40,
		}}),
		watch:   "{thresholdSeconds: 1, windowSeconds: 600}",
		service: jobservice.Options{CancelDuration: 300 * time.Millisecond},
	})
	w.worker()
	ctx := patient(t)
	fault, err := w.service.Inject(jobservice.Fault{Action: jobservice.Cancel, Status: 503, Times: -1})
	require.NoError(t, err)
	in := batch(time.Hour)
	in.Polling = &perdure.Polling{IntervalSeconds: 1.2}
	in.Cancel = &perdure.CancelSettings{GraceSeconds: new(3600.0)}
	op, err := starter.Start[store](ctx, w.client, in, nil)
	require.NoError(t, err)
	require.NoError(t, op.Cancel(ctx, "not needed any more"))
	eventually(ctx, t, "the run has to continue as new", func() bool {
		return w.historyLength(ctx, t, op.ID()) >= 42
	})
	require.True(t, w.service.Release(fault))
	yes := new(true)
	w.endsAs(t, op, outcome{perdure.StateCanceled, closedCanceled, perdure.ErrorCanceled, 11, yes, yes, true})
	w.record(t, "continued-while-stopping", op.ID(), op.RunID())
}

func (w *world) historyLength(ctx context.Context, t *testing.T, id string) int64 {
	t.Helper()
	d, err := w.raw.DescribeWorkflowExecution(ctx, id, "")
	require.NoError(t, err)
	return d.GetWorkflowExecutionInfo().GetHistoryLength()
}
