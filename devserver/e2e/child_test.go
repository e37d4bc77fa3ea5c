package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/child"
	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/devservertest"
	"github.com/perdure-dev/perdure/examples/jobservice"
)

// seen is what a parent saw of its child.
type seen struct {
	Child    string
	Value    store
	Reports  []perdure.Status
	Type     string // of the error
	Status   perdure.Status
	Canceled bool // the error is that the parent was canceled
	Other    string
}

// parents are workflows of a user's, that run an operation.
type parents struct {
	in      perdure.OperationInput
	options child.StartOptions
}

// Parent waits for its operation, and returns its error where it was canceled itself.
func (p *parents) Parent(ctx workflow.Context) (seen, error) {
	var s seen
	if err := workflow.SetQueryHandler(ctx, "seen", func() (seen, error) { return s, nil }); err != nil {
		return s, err
	}
	op, err := child.Start[store](ctx, p.in, &p.options)
	if err != nil {
		return s, err
	}
	s.Child = op.ID()
	for p.options.ReportEvery > 0 && !op.HasCompleted() && ctx.Err() == nil {
		last := op.LastStatus()
		s.Reports = append(s.Reports, last)
		_ = workflow.Await(ctx, func() bool {
			return op.HasCompleted() || op.LastStatus().LastPolledAt != last.LastPolledAt || op.LastStatus().State != last.State
		})
	}
	s.Value, err = op.Wait(ctx)
	if bad, ok := errors.AsType[*perdure.OperationError](err); ok {
		s.Type, s.Status = bad.Type, bad.Status
	} else if err != nil {
		s.Other = err.Error()
	}
	if s.Canceled = temporal.IsCanceledError(err); s.Canceled {
		return s, err
	}
	return s, nil
}

// parent runs a Parent, on a worker of the user's in this process.
func (w *world) parent(ctx context.Context, t *testing.T, in perdure.OperationInput, o child.StartOptions) client.WorkflowRun {
	t.Helper()
	o.TaskQueue = w.queue
	w.serve((&parents{in: in, options: o}).Parent)
	run, err := w.raw.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: w.queue + "-users"}, "parent")
	require.NoError(t, err)
	return run
}

func (w *world) serve(parent any) {
	w.t.Helper()
	users := worker.New(w.raw, w.queue+"-users", worker.Options{})
	users.RegisterWorkflowWithOptions(parent, workflow.RegisterOptions{Name: "parent"})
	require.NoError(w.t, users.Start())
	w.t.Cleanup(users.Stop)
}

// saw asks a parent that has not ended well.
func (w *world) saw(ctx context.Context, t *testing.T, run client.WorkflowRun) seen {
	t.Helper()
	answer, err := w.raw.QueryWorkflow(ctx, run.GetID(), "", "seen")
	require.NoError(t, err)
	var s seen
	require.NoError(t, answer.Get(&s))
	return s
}

// started waits until the service has the operation, and gives its id.
func (w *world) started(ctx context.Context) string {
	w.t.Helper()
	w.booked(ctx, "it is started", func(b jobservice.Books) bool { return len(b.Operations()) == 1 })
	return w.service.Books().Operations()[0]
}

// The parent is told how its operation goes, and what it is told is bounded.
func TestChildReportsItsProgress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.worker()
	ctx := patient(t)
	run := w.parent(ctx, t, batch(6*time.Second), child.StartOptions{ReportEvery: time.Second})
	var s seen
	require.NoError(t, run.Get(ctx, &s))
	require.Equal(t, "completed", s.Value.Status)
	require.Equal(t, perdure.StateStarting, s.Reports[0].State)
	var percents []float64
	for _, r := range s.Reports {
		if p := r.PercentComplete; p != nil && (len(percents) == 0 || *p != percents[len(percents)-1]) {
			percents = append(percents, *p)
		}
	}
	require.GreaterOrEqual(t, len(percents), 2, "%v", s.Reports)
	require.IsIncreasing(t, percents)
	require.LessOrEqual(t, len(s.Reports), 9)
	w.record(t, "reported-to-its-parent", s.Child, "")
}

// Reports go on after the operation continues as new.
func TestReportsSurviveContinueAsNew(t *testing.T) {
	t.Parallel()
	server := devservertest.Start(t, devserver.Options{Headless: true, DynamicConfig: map[string]any{
		"limit.historyCount.suggestContinueAsNew": 40,
	}})
	w := newWorld(t, settings{server: server, watch: "{thresholdSeconds: 1, windowSeconds: 600}"})
	w.worker()
	ctx := patient(t)
	in := batch(15 * time.Second)
	in.Polling = &perdure.Polling{IntervalSeconds: 1.2}
	run := w.parent(ctx, t, in, child.StartOptions{ReportEvery: time.Second})
	var s seen
	require.NoError(t, run.Get(ctx, &s))
	d, err := w.raw.DescribeWorkflowExecution(ctx, s.Child, "")
	require.NoError(t, err)
	require.NotEqual(t, d.GetWorkflowExecutionInfo().GetFirstRunId(), d.GetWorkflowExecutionInfo().GetExecution().GetRunId())
	last := s.Reports[len(s.Reports)-1]
	require.NotNil(t, last.PercentComplete)
	require.Greater(t, *last.PercentComplete, 70.0)
}

// Canceling the parent has the service asked to stop, and the parent waits until it has.
func TestCancelingTheParentCancelsTheRemote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{service: jobservice.Options{CancelDuration: 300 * time.Millisecond}})
	w.worker()
	ctx := patient(t)
	run := w.parent(ctx, t, batch(time.Hour), child.StartOptions{})
	id := w.started(ctx)
	require.NoError(t, w.raw.CancelWorkflow(ctx, run.GetID(), ""))
	var canceled *temporal.CanceledError
	require.ErrorAs(t, run.Get(ctx, nil), &canceled)
	require.Len(t, w.service.Books().Cancels(id), 1)
	s := w.saw(ctx, t, run)
	require.True(t, s.Canceled)
	require.Equal(t, perdure.ErrorCanceled, s.Type)
	require.Equal(t, perdure.StateCanceled, s.Status.State)
	require.True(t, s.Status.Cancel.Confirmed)
}

// What the service cancels by itself, and what somebody else cancels, is an error of the
// operation's, and does not cancel the parent.
func TestARemoteCancelIsNotTheParents(t *testing.T) {
	t.Parallel()
	for name, cancel := range map[string]func(ctx context.Context, t *testing.T, w *world, id string, run client.WorkflowRun){
		"by the service": func(ctx context.Context, t *testing.T, w *world, id string, _ client.WorkflowRun) {
			t.Helper()
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.listener.URL+"/v1/batches/"+id+"/cancel", nil)
			require.NoError(t, err)
			answer, err := http.DefaultClient.Do(r)
			require.NoError(t, err)
			require.NoError(t, answer.Body.Close())
			require.Equal(t, http.StatusOK, answer.StatusCode)
		},
		"by a person": func(ctx context.Context, t *testing.T, w *world, _ string, run client.WorkflowRun) {
			t.Helper()
			require.NoError(t, w.raw.SignalWorkflow(ctx, w.saw(ctx, t, run).Child, "", perdure.SignalCancel, perdure.CancelSignal{Reason: "a person"}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, settings{service: jobservice.Options{CancelDuration: 300 * time.Millisecond}})
			w.worker()
			ctx := patient(t)
			run := w.parent(ctx, t, batch(time.Hour), child.StartOptions{})
			cancel(ctx, t, w, w.started(ctx), run)
			var s seen
			require.NoError(t, run.Get(ctx, &s), "the parent is not canceled")
			require.Equal(t, perdure.ErrorCanceled, s.Type)
			require.False(t, s.Canceled)
			require.Equal(t, perdure.StateCanceled, s.Status.State)
			require.Equal(t, name == "by a person", s.Status.Cancel != nil)
		})
	}
}

// The end of the parent, however it comes, cancels the remote; an abandoned operation goes
// on, also when the parent is canceled.
func TestTheParentsEnd(t *testing.T) {
	t.Parallel()
	t.Run("terminated", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, settings{service: jobservice.Options{CancelDuration: 300 * time.Millisecond}})
		w.worker()
		ctx := patient(t)
		run := w.parent(ctx, t, batch(time.Hour), child.StartOptions{})
		id := w.started(ctx)
		require.NoError(t, w.raw.TerminateWorkflow(ctx, run.GetID(), "", "tested"))
		w.booked(ctx, "it is canceled", func(b jobservice.Books) bool { return len(b.Cancels(id)) == 1 })
	})
	t.Run("abandoned", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, settings{})
		w.worker()
		ctx := patient(t)
		run := w.parent(ctx, t, batch(3*time.Second), child.StartOptions{Abandon: true, ID: w.queue + "-abandoned", ReportEvery: time.Second})
		id := w.started(ctx)
		require.NoError(t, w.raw.CancelWorkflow(ctx, run.GetID(), ""))
		var canceled *temporal.CanceledError
		require.ErrorAs(t, run.Get(ctx, nil), &canceled)
		var result perdure.OperationResult
		require.NoError(t, w.raw.GetWorkflow(ctx, w.queue+"-abandoned", "").Get(ctx, &result))
		require.Equal(t, perdure.StateSucceeded, result.State)
		require.Empty(t, w.service.Books().Cancels(id))
	})
}

// A bad end is the operation's error, with its status; an id that is taken is one, too.
func TestChildErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.worker()
	ctx := patient(t)
	run := w.parent(ctx, t, failing(), child.StartOptions{ID: w.queue + "-failing"})
	var s seen
	require.NoError(t, run.Get(ctx, &s))
	require.Equal(t, perdure.ErrorOperationFailed, s.Type)
	require.Equal(t, "expired", s.Status.ServiceStatus)
	require.Contains(t, s.Status.Error.String(), "disk full")

	again, err := w.raw.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: w.queue + "-users"}, "parent")
	require.NoError(t, err)
	require.ErrorContains(t, again.Get(ctx, nil), perdure.ErrorIDConflict)
}

// streamed is what a parent has read.
type streamed struct {
	Data []string
	Type string
}

// A parent reads a stream, while Perdure's worker dies, to its end: every event once.
func TestChildStreamSurvivesTheWorker(t *testing.T) {
	t.Parallel()
	src := newSource(t, true)
	w := newWorld(t, settings{url: src.URL})
	ours := w.worker()
	ctx := patient(t)
	var got streamed
	w.serve(func(ctx workflow.Context) (streamed, error) {
		var s streamed
		if err := workflow.SetQueryHandler(ctx, "seen", func() (streamed, error) { return s, nil }); err != nil {
			return s, err
		}
		for e, err := range child.Events[string](ctx, streamInput(http.MethodGet), &child.StreamOptions{TaskQueue: w.queue, Gather: 100 * time.Millisecond}) {
			if err != nil {
				return s, err
			}
			s.Data = append(s.Data, e.Data)
		}
		return s, nil
	})
	run, err := w.raw.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: w.queue + "-users"}, "parent")
	require.NoError(t, err)
	read := func(n int) func() bool {
		return func() bool {
			answer, err := w.raw.QueryWorkflow(ctx, run.GetID(), "", "seen")
			require.NoError(t, err)
			require.NoError(t, answer.Get(&got))
			return len(got.Data) >= n
		}
	}
	src.send(5)
	eventually(ctx, t, "five are read", read(5))
	ours.kill()
	src.send(5)
	w.worker()
	eventually(ctx, t, "ten are read", read(10))
	src.end()
	require.NoError(t, run.Get(ctx, &got))
	require.Len(t, got.Data, 10)
	for i, data := range got.Data {
		require.Equal(t, fmt.Sprintf("event %d → ünï", i), data)
	}
}

// Leaving the loop breaks the stream off. A stream that breaks for good is the stream's
// error, after what came before.
func TestChildStreamEnds(t *testing.T) {
	t.Parallel()
	src := newSource(t, false)
	w := newWorld(t, settings{url: src.URL})
	w.worker()
	ctx := patient(t)
	w.serve(func(ctx workflow.Context, until int, id string) (streamed, error) {
		var s streamed
		for e, err := range child.Events[string](ctx, streamInput(http.MethodGet), &child.StreamOptions{TaskQueue: w.queue, ID: id}) {
			if bad, ok := errors.AsType[*perdure.StreamError](err); ok {
				s.Type = bad.Type
				return s, nil
			}
			if err != nil {
				return s, err
			}
			if s.Data = append(s.Data, e.Data); len(s.Data) == until {
				break
			}
		}
		return s, nil
	})
	users := client.StartWorkflowOptions{TaskQueue: w.queue + "-users"}
	var got streamed

	run, err := w.raw.ExecuteWorkflow(ctx, users, "parent", 2, w.queue+"-left")
	require.NoError(t, err)
	src.send(3)
	require.NoError(t, run.Get(ctx, &got))
	require.Len(t, got.Data, 2)
	var canceled *temporal.CanceledError
	require.ErrorAs(t, w.raw.GetWorkflow(ctx, w.queue+"-left", "").Get(ctx, nil), &canceled)

	run, err = w.raw.ExecuteWorkflow(ctx, users, "parent", 100, w.queue+"-broken")
	require.NoError(t, err)
	eventually(ctx, t, "it is read", func() bool {
		d, err := w.raw.DescribeWorkflowExecution(ctx, w.queue+"-broken", "")
		return err == nil && d.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING && len(src.asked()) == 2
	})
	src.CloseClientConnections()
	got = streamed{}
	require.NoError(t, run.Get(ctx, &got))
	require.Equal(t, perdure.ErrorStreamBroken, got.Type)
	require.Len(t, got.Data, 3)
}
