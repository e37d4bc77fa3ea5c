package e2e_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/devservertest"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
)

func TestUsageStartAndReturnWhenCompleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.worker()
	value, op, err := starter.Run[store](patient(t), w.client, vectorStore(time.Second), nil)
	require.NoError(t, err)
	require.Equal(t, "completed", value.Status)
	require.True(t, op.HasCompleted())
	require.Len(t, w.service.Books().Starts(), 1)
}

func TestUsageStartThenWaitOnTheHandle(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.worker()
	ctx := patient(t)
	op, err := starter.Start[store](ctx, w.client, vectorStore(time.Second), nil)
	require.NoError(t, err)
	require.False(t, op.HasCompleted(), "Start returns when the service has answered, not when it is done")
	_, err = op.Value(ctx)
	require.ErrorIs(t, err, starter.ErrNotDone)
	value, err := op.Wait(ctx, nil)
	require.NoError(t, err)
	again, err := op.Value(ctx)
	require.NoError(t, err)
	require.Equal(t, value, again)
}

func TestUsageWaitWithAnIntervalOfOnesOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.worker()
	ctx := patient(t)
	in := vectorStore(6 * time.Second)
	in.Polling = &perdure.Polling{IntervalSeconds: 2}
	op, err := starter.Start[store](ctx, w.client, in, nil)
	require.NoError(t, err)
	id := op.LastStatus().RemoteID
	w.booked(ctx, "it was polled at the first interval", func(b jobservice.Books) bool { return len(b.Polls(id)) == 2 })
	slow := w.service.Books().Gaps(id)[0]
	_, err = op.Wait(ctx, &starter.WaitOptions{Polling: &perdure.Polling{IntervalSeconds: 0.3}})
	require.NoError(t, err)
	gaps := w.service.Books().Gaps(id)
	require.GreaterOrEqual(t, slow, 2*time.Second, "the interval is a floor")
	fast := slices.Min(gaps[1:]) // the shortest: a busy machine only makes them longer
	require.GreaterOrEqual(t, fast, 300*time.Millisecond)
	require.Less(t, fast, time.Second, "gaps: %v", gaps)
	t.Logf("gaps that the service saw: %v", gaps)
}

func TestUsagePollByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{service: jobservice.Options{Steps: 4}, extra: "    secretHeaders: [X-Session]\n"})
	w.worker()
	ctx := patient(t)
	in := job(`{"name":"by hand","steps":4}`)
	in.Polling = &perdure.Polling{IntervalSeconds: 3600} // nobody but us asks
	op, err := starter.Start[map[string]any](ctx, w.client, in, nil)
	require.NoError(t, err)
	_, err = op.UpdateStatus(ctx, &starter.UpdateStatusOptions{Headers: map[string][]string{"X-Session": {"mine"}}})
	requireType(t, err, perdure.ErrorInvalidInput)
	asked := 0
	for !op.HasCompleted() {
		asked++
		require.Less(t, asked, 10)
		_, err := op.UpdateStatus(ctx, &starter.UpdateStatusOptions{Headers: map[string][]string{"X-Asked": {"by hand"}}})
		require.NoError(t, err)
	}
	_, err = op.Value(ctx)
	require.NoError(t, err)
	polls := w.service.Books().Polls(w.service.Books().Operations()[0])
	require.NotEmpty(t, polls)
	require.Equal(t, []string{"by hand"}, polls[0].Headers["X-Asked"])
}

func TestUsageRawResponses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.worker()
	ctx := patient(t)
	in := vectorStore(time.Hour)
	in.Polling = &perdure.Polling{IntervalSeconds: 3600}
	op, err := starter.Start[store](ctx, w.client, in, nil)
	require.NoError(t, err)
	raw, err := op.RawResponse(ctx)
	require.NoError(t, err)
	require.Equal(t, 200, raw.Status)
	require.Equal(t, "POST", raw.Request.Method)
	require.Contains(t, string(raw.Body.JSON), `"in_progress"`)
	before := raw.ReceivedAt
	for range 2 {
		_, err = op.UpdateStatus(ctx, nil)
		require.NoError(t, err)
		raw, err = op.RawResponse(ctx)
		require.NoError(t, err)
		require.Equal(t, "GET", raw.Request.Method)
		require.True(t, raw.ReceivedAt.After(before), "each update has its own response")
		require.Contains(t, string(raw.Body.JSON), `"in_progress"`)
		before = raw.ReceivedAt
	}
}

func TestUsageRehydrateInAnotherProcess(t *testing.T) {
	t.Parallel()
	t.Run("while the workflow lives", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, settings{})
		w.worker()
		token := w.startForToken(t, 2*time.Second)
		w.waitElsewhere(t, w.server, token)
		require.Len(t, w.service.Books().Starts(), 1)
	})
	t.Run("after the workflow was deleted", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, settings{})
		w.worker()
		token := w.startForToken(t, 3*time.Second)
		w.deleteWorkflow(t)
		w.waitElsewhere(t, w.server, token)
		require.Len(t, w.service.Books().Starts(), 1)
	})
	t.Run("after the workflow was terminated", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, settings{})
		w.worker()
		token := w.startForToken(t, 3*time.Second)
		ctx := patient(t)
		require.NoError(t, w.raw.TerminateWorkflow(ctx, w.queue+tokenTestID, "", "by hand"))
		op, err := starter.Attach[store](ctx, w.client, w.queue+tokenTestID)
		require.NoError(t, err)
		s, err := op.Status(ctx)
		require.NoError(t, err)
		require.Equal(t, perdure.StateUnknown, s.State)
		require.True(t, s.Done)
		w.waitElsewhere(t, w.server, token)
		require.Len(t, w.service.Books().Starts(), 1)
	})
	t.Run("on another Temporal server", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, settings{})
		first := w.worker()
		token := w.startForToken(t, 3*time.Second)
		first.kill()
		other := devservertest.Start(t, devserver.Options{Headless: true})
		w.workerOn(other)
		w.waitElsewhere(t, other, token)
		require.Len(t, w.service.Books().Starts(), 1)
	})
}

const tokenTestID = "rehydrated"

// startForToken starts an operation that takes so long and gives its token.
func (w *world) startForToken(t *testing.T, d time.Duration) string {
	t.Helper()
	ctx := patient(t)
	op, err := starter.Start[store](ctx, w.client, vectorStore(d), &starter.StartOptions{ID: w.queue + tokenTestID})
	require.NoError(t, err)
	token, err := op.Token(ctx)
	require.NoError(t, err)
	return token.Text()
}

// waitElsewhere waits in a process that shares nothing but token and configuration.
func (w *world) waitElsewhere(t *testing.T, server temporalServer, token string) {
	t.Helper()
	stdout, stderr, exit := w.perdure(server, token, "wait", "--output", "json", "-")
	require.Zero(t, exit, "%s", stderr)
	require.Contains(t, stdout, `"completed"`)
	require.Contains(t, stdout, `"succeeded"`)
}

func (w *world) deleteWorkflow(t *testing.T) {
	t.Helper()
	ctx := patient(t)
	execution := &commonpb.WorkflowExecution{WorkflowId: w.queue + tokenTestID}
	_, err := w.raw.WorkflowService().DeleteWorkflowExecution(ctx, &workflowservice.DeleteWorkflowExecutionRequest{Namespace: "default", WorkflowExecution: execution})
	require.NoError(t, err)
	eventually(ctx, t, "the workflow is gone", func() bool {
		_, err := w.raw.DescribeWorkflowExecution(ctx, execution.GetWorkflowId(), "")
		return err != nil
	})
}
