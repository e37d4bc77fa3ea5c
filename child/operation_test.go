package child_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/child"
)

// store is the value of the operations.
type store struct {
	ID string `json:"id"`
}

var input = perdure.OperationInput{Request: &perdure.Request{Service: "jobs", Method: "POST", URL: "/jobs"}}

// succeeds is an operation that takes a minute.
func succeeds(ctx workflow.Context, _ perdure.OperationInput) (*perdure.OperationResult, error) {
	_ = workflow.Sleep(ctx, time.Minute)
	return &perdure.OperationResult{State: perdure.StateSucceeded, ServiceStatus: "completed", Value: json.RawMessage(`{"id":"vs_1"}`)}, nil
}

// cancelable is an operation that ends when it is canceled, through Temporal or by its
// signal, and tells it as Perdure's does.
func cancelable(ctx workflow.Context, _ perdure.OperationInput) (*perdure.OperationResult, error) {
	asked := false
	work, _ := workflow.NewDisconnectedContext(ctx)
	workflow.Go(work, func(work workflow.Context) {
		workflow.GetSignalChannel(work, perdure.SignalCancel).Receive(work, nil)
		asked = true
	})
	_ = workflow.Await(work, func() bool { return asked || ctx.Err() != nil })
	return nil, temporal.NewCanceledError(perdure.Status{
		State: perdure.StateCanceled, Done: true, Cancel: &perdure.CancelStatus{RequestedAt: workflow.Now(ctx), Confirmed: true},
	})
}

func TestRunGivesTheValue(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.plays(perdure.WorkflowOperation, succeeds)
	require.NoError(t, s.run(func(ctx workflow.Context) error {
		value, err := child.Run[store](ctx, input, nil)
		require.Equal(t, store{ID: "vs_1"}, value)
		return err
	}))
}

func TestHandle(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.plays(perdure.WorkflowOperation, succeeds)
	require.NoError(t, s.run(func(ctx workflow.Context) error {
		op, err := child.Start[store](ctx, input, &child.StartOptions{ID: "stores/7"})
		require.NoError(t, err)
		require.Equal(t, "stores/7", op.ID())
		require.False(t, op.HasCompleted())
		require.Equal(t, perdure.StateStarting, op.LastStatus().State)
		ended := false
		workflow.NewSelector(ctx).AddFuture(op.Future(), func(workflow.Future) { ended = true }).Select(ctx)
		require.True(t, ended)
		require.True(t, op.HasCompleted())
		result, err := op.Result(ctx)
		require.NoError(t, err)
		require.JSONEq(t, `{"id":"vs_1"}`, string(result.Value))
		require.Equal(t, perdure.StateSucceeded, op.LastStatus().State)
		require.NoError(t, op.Cancel(ctx, "too late"))
		require.NoError(t, op.RequestPoll(ctx))
		whole, err := op.Wait(ctx)
		require.Equal(t, "vs_1", whole.ID)
		return err
	}))
}

// What is wrong with an input is found by the child, so that a check that comes with a new
// version stops no workflow from replaying.
func TestInputGoesToTheChildAsItIs(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.plays(perdure.WorkflowOperation, func(_ workflow.Context, in perdure.OperationInput) (*perdure.OperationResult, error) {
		return nil, temporal.NewNonRetryableApplicationError(perdure.Reason(in.Check()), perdure.ErrorInvalidInput, nil, perdure.Status{State: perdure.StateFailed, Done: true})
	})
	require.NoError(t, s.run(func(ctx workflow.Context) error {
		_, err := child.Run[store](ctx, perdure.OperationInput{}, nil)
		require.ErrorIs(t, err, &perdure.OperationError{Type: perdure.ErrorInvalidInput})
		require.ErrorContains(t, err, "request: is missing")
		_, err = child.Run[store](ctx, input, &child.StartOptions{ReportEvery: time.Millisecond})
		require.ErrorContains(t, err, "report.intervalSeconds: is 0.001")
		return nil
	}))
}

func TestBadEndIsAnOperationError(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.plays(perdure.WorkflowOperation, func(workflow.Context, perdure.OperationInput) (*perdure.OperationResult, error) {
		return nil, temporal.NewNonRetryableApplicationError("disk full", perdure.ErrorOperationFailed, nil,
			perdure.Status{State: perdure.StateFailed, Done: true, ServiceStatus: "expired"})
	})
	require.NoError(t, s.run(func(ctx workflow.Context) error {
		_, err := child.Run[store](ctx, input, nil)
		var bad *perdure.OperationError
		require.ErrorAs(t, err, &bad)
		require.ErrorIs(t, err, &perdure.OperationError{Type: perdure.ErrorOperationFailed})
		require.Equal(t, "disk full", bad.Message)
		require.Equal(t, "expired", bad.Status.ServiceStatus)
		require.False(t, temporal.IsCanceledError(err))
		return nil
	}))
}

func TestWhoseCancelItWas(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		plays   any
		cancel  func(s *stage)
		parents bool
		asked   bool
	}{
		{"the parent's", cancelable, func(s *stage) { s.env.CancelWorkflow() }, true, true},
		{"the parent's, by the handle", cancelable, func(s *stage) { s.env.SignalWorkflow("give up", nil) }, false, true},
		{"the service's", func(ctx workflow.Context, _ perdure.OperationInput) (*perdure.OperationResult, error) {
			_ = workflow.Sleep(ctx, time.Hour)
			return nil, temporal.NewCanceledError(perdure.Status{State: perdure.StateCanceled, Done: true})
		}, func(*stage) {}, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.plays(perdure.WorkflowOperation, test.plays)
			s.env.RegisterDelayedCallback(func() { test.cancel(s) }, time.Minute)
			_ = s.run(func(ctx workflow.Context) error {
				op, err := child.Start[store](ctx, input, nil)
				require.NoError(t, err)
				workflow.Go(ctx, func(ctx workflow.Context) {
					if workflow.GetSignalChannel(ctx, "give up").Receive(ctx, nil) {
						require.NoError(t, op.Cancel(ctx, "not needed any more"))
					}
				})
				_, err = op.Wait(ctx)
				var bad *perdure.OperationError
				require.ErrorAs(t, err, &bad)
				require.Equal(t, perdure.ErrorCanceled, bad.Type)
				require.Equal(t, perdure.StateCanceled, bad.Status.State)
				require.Equal(t, test.asked, bad.Status.Cancel != nil)
				require.Equal(t, test.parents, temporal.IsCanceledError(err))
				require.Equal(t, test.parents, errors.Is(err, workflow.ErrCanceled))
				return nil
			})
			require.True(t, s.env.IsWorkflowCompleted())
		})
	}
}

// A cancel that comes when the service has done its work has the value for an answer.
func TestCancelTooLateGivesTheValue(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.plays(perdure.WorkflowOperation, func(ctx workflow.Context, in perdure.OperationInput) (*perdure.OperationResult, error) {
		work, _ := workflow.NewDisconnectedContext(ctx)
		return succeeds(work, in)
	})
	s.env.RegisterDelayedCallback(s.env.CancelWorkflow, time.Second)
	require.NoError(t, s.run(func(ctx workflow.Context) error {
		value, err := child.Run[store](ctx, input, nil)
		require.Error(t, ctx.Err())
		require.Equal(t, "vs_1", value.ID)
		return err
	}))
}

// Canceling an abandoned operation's parent stops the waiting, and nothing else; so does
// canceling a context that only waits.
func TestWaitingIsStoppedAlone(t *testing.T) {
	t.Parallel()
	t.Run("abandoned", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		s.plays(perdure.WorkflowOperation, succeeds)
		s.env.RegisterDelayedCallback(s.env.CancelWorkflow, time.Second)
		require.NoError(t, s.run(func(ctx workflow.Context) error {
			op, err := child.Start[store](ctx, input, &child.StartOptions{Abandon: true})
			require.NoError(t, err)
			_, err = op.Wait(ctx)
			require.ErrorIs(t, err, workflow.ErrCanceled)
			require.False(t, op.HasCompleted())
			later, _ := workflow.NewDisconnectedContext(ctx)
			value, err := op.Wait(later)
			require.Equal(t, "vs_1", value.ID)
			return err
		}))
	})
	t.Run("a context of its own", func(t *testing.T) {
		t.Parallel()
		s := newStage(t)
		s.plays(perdure.WorkflowOperation, succeeds)
		require.NoError(t, s.run(func(ctx workflow.Context) error {
			op, err := child.Start[store](ctx, input, nil)
			require.NoError(t, err)
			waiting, stop := workflow.WithCancel(ctx)
			workflow.Go(ctx, func(ctx workflow.Context) { _ = workflow.Sleep(ctx, time.Second); stop() })
			_, err = op.Wait(waiting)
			require.ErrorIs(t, err, workflow.ErrCanceled)
			value, err := op.Wait(ctx)
			require.Equal(t, "vs_1", value.ID)
			return err
		}))
	})
}

// What is canceled before it is started is the parent's cancel.
func TestCanceledBeforeTheStart(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	require.NoError(t, s.run(func(ctx workflow.Context) error {
		ctx, cancel := workflow.WithCancel(ctx)
		cancel()
		_, err := child.Run[store](ctx, input, nil)
		require.True(t, temporal.IsCanceledError(err))
		return nil
	}))
}

func TestReportsBecomeTheLastStatus(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.plays(perdure.WorkflowOperation, func(ctx workflow.Context, in perdure.OperationInput) (*perdure.OperationResult, error) {
		require.InDelta(t, 2, in.Report.IntervalSeconds, 0)
		info := workflow.GetInfo(ctx)
		for p := range 3 {
			percent := float64(p * 40)
			report := perdure.Report{WorkflowID: info.WorkflowExecution.ID, Status: perdure.Status{State: perdure.StateRunning, PercentComplete: &percent}}
			parent := info.ParentWorkflowExecution
			require.NoError(t, workflow.SignalExternalWorkflow(ctx, parent.ID, parent.RunID, in.Report.Signal, report).Get(ctx, nil))
			_ = workflow.Sleep(ctx, time.Second)
		}
		return succeeds(ctx, in)
	})
	require.NoError(t, s.run(func(ctx workflow.Context) error {
		o := &child.StartOptions{ReportEvery: 2 * time.Second}
		one, err := child.Start[store](ctx, input, o)
		require.NoError(t, err)
		other, err := child.Start[store](ctx, input, o)
		require.NoError(t, err)
		for _, want := range []float64{0, 40, 80} {
			for _, op := range []*child.Operation[store]{one, other} {
				require.NoError(t, workflow.Await(ctx, func() bool {
					p := op.LastStatus().PercentComplete
					return p != nil && *p == want
				}))
			}
		}
		require.NoError(t, workflow.Await(ctx, func() bool { return one.LastStatus().Done }))
		require.Equal(t, perdure.StateSucceeded, one.LastStatus().State)
		_, err = one.Wait(ctx)
		return err
	}))
}
