package e2e_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/starter"
)

// What is asked before the service has answered the start is not cut off, and not
// forgotten: what was started is stopped, and what was not is not started any more.
func TestCancelBeforeTheStartIsAnswered(t *testing.T) {
	t.Parallel()
	yes := new(true)
	for _, c := range []struct {
		name   string
		answer perduretest.Step // held until the cancel has arrived
		stop   []perduretest.Step
		end    []perduretest.Step
		want   outcome
	}{
		{
			name: "it is started", answer: batchThat(creates(), "in_progress"),
			stop: []perduretest.Step{stillRunning(), batchThat(stops(), "cancelling")},
			end:  []perduretest.Step{batchThat(asks(), "cancelled")},
			want: outcome{perdure.StateCanceled, closedCanceled, perdure.ErrorCanceled, 11, yes, yes, true},
		},
		{
			name: "it has ended", answer: batchThat(creates(), "completed"),
			want: outcome{state: perdure.StateSucceeded, closed: closedCompleted},
		},
		{
			name: "it is rejected", answer: creates().Reply(400),
			want: outcome{state: perdure.StateFailed, closed: closedFailed, err: perdure.ErrorStartRejected, exit: 10},
		},
		{
			name: "it is to be sent again", answer: creates().Reply(429).Header("Retry-After", "60"),
			want: outcome{state: perdure.StateFailed, closed: closedCanceled, err: perdure.ErrorCanceled, exit: 11},
		},
		{
			name: "its answer is lost", answer: creates().Drop(),
			want: outcome{state: perdure.StateAmbiguous, closed: closedCanceled, err: perdure.ErrorCanceled, exit: 11},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			asked, told := make(chan struct{}), make(chan struct{})
			service := perduretest.NewService(t, slices.Concat([]perduretest.Step{c.answer.Hold(asked)}, c.stop, heldUntil(told, c.end))...)
			w := newWorld(t, settings{url: service.URL()})
			w.worker()
			ctx := patient(t)
			started := make(chan error, 1)
			go func() {
				_, err := starter.Start[store](ctx, w.client, batch(time.Hour), &starter.StartOptions{ID: w.queue})
				started <- err
			}()
			require.NoError(t, service.WaitFor(ctx, 1))
			op, err := starter.Attach[store](ctx, w.client, w.queue)
			require.NoError(t, err)
			require.NoError(t, bySignal(ctx, w, op))
			eventually(ctx, t, "the cancel has arrived", func() bool {
				s, err := op.Status(ctx)
				return err == nil && s.State == perdure.StateStarting && s.Cancel != nil
			})
			close(asked)
			w.stopAnswered(ctx, t, op, c.want)
			close(told)
			w.endsAs(t, op, c.want)
			if err := <-started; err != nil { // who started it hears of the start, or of the end by then
				requireType(t, err, c.want.err)
			}
		})
	}
}

// A start that waits for a worker's slot has sent nothing, and that can be known: it is
// canceled, or timed out, and not ambiguous. The service knows of one start only.
func TestCancelOfAStartThatNoWorkerHas(t *testing.T) { //nolint:tparallel // they share the only slot
	t.Parallel()
	service := perduretest.NewService(t, batchThat(creates(), "in_progress"), stillRunning())
	w := newWorld(t, settings{url: service.URL(), watch: "{thresholdSeconds: 20, windowSeconds: 600}, concurrentActivities: 1"})
	w.worker()
	ctx := patient(t)
	_, err := starter.Start[store](ctx, w.client, batch(0), nil)
	require.NoError(t, err)
	require.NoError(t, service.WaitFor(ctx, 2), "it is watched, in the only slot")
	waiting := func(t *testing.T, id string, in perdure.OperationInput) *starter.Operation[store] {
		t.Helper()
		go func() { _, _ = starter.Start[store](ctx, w.client, in, &starter.StartOptions{ID: id}) }()
		eventually(ctx, t, "the start waits for a worker", func() bool {
			d, err := w.raw.DescribeWorkflowExecution(ctx, id, "")
			return err == nil && len(d.GetPendingActivities()) == 1
		})
		op, err := starter.Attach[store](ctx, w.client, id)
		require.NoError(t, err)
		return op
	}
	t.Run("canceled", func(t *testing.T) {
		op := waiting(t, w.queue+"-canceled", batch(0))
		require.NoError(t, op.Cancel(ctx, "not wanted"))
		w.endsAs(t, op, outcome{state: perdure.StateFailed, closed: closedCanceled, err: perdure.ErrorCanceled, exit: 11}) //nolint:contextcheck // the command line takes none
		w.record(t, "canceled-unsent", op.ID(), "")                                                                        //nolint:contextcheck // nor does this
	})
	t.Run("timed out", func(t *testing.T) {
		in := batch(0)
		in.TimeoutSeconds = 3
		op := waiting(t, w.queue+"-late", in)
		w.endsAs(t, op, outcome{state: perdure.StateFailed, closed: closedFailed, err: perdure.ErrorOperationTimedOut, exit: 13})
	})
}

// The first worker comes when all is over: nothing is sent.
func TestTheFirstWorkerComesTooLate(t *testing.T) { //nolint:tparallel // what they look at is over soon
	t.Parallel()
	service := perduretest.NewService(t)
	w := newWorld(t, settings{url: service.URL()})
	ctx := patient(t)
	begun := func(t *testing.T, in perdure.OperationInput) *starter.Operation[store] {
		t.Helper()
		run, err := w.raw.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: w.queue}, perdure.WorkflowOperation, in)
		require.NoError(t, err)
		op, err := starter.Attach[store](ctx, w.client, run.GetID())
		require.NoError(t, err)
		return op
	}
	in := batch(0)
	in.TimeoutSeconds = 1
	late := begun(t, in)
	signaled, ended := begun(t, batch(0)), begun(t, batch(0))
	require.NoError(t, signaled.Cancel(ctx, "not wanted"))
	require.NoError(t, w.raw.CancelWorkflow(ctx, ended.ID(), ""))
	time.Sleep(time.Second) // as the operation is allowed
	w.worker()
	for name, c := range map[string]struct {
		op   *starter.Operation[store]
		want outcome
	}{
		"timed out":                 {late, outcome{state: perdure.StateFailed, closed: closedFailed, err: perdure.ErrorOperationTimedOut, exit: 13}},
		"canceled by signal":        {signaled, outcome{state: perdure.StateFailed, closed: closedCanceled, err: perdure.ErrorCanceled, exit: 11}},
		"canceled through Temporal": {ended, outcome{state: perdure.StateFailed, closed: closedCanceled, err: perdure.ErrorCanceled, exit: 11}},
	} {
		t.Run(name, func(t *testing.T) {
			w.closes(ctx, t, c.op)
			w.endsAs(t, c.op, c.want) //nolint:contextcheck // the command line takes none
		})
	}
	require.Empty(t, service.Requests())
	w.record(t, "timed-out-never-scheduled", late.ID(), "")
}

// A worker that is killed with the start has left word that it was sending: an operation that
// is canceled then may have been started.
func TestCancelOfAStartWhoseWorkerWasKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{service: jobservice.Options{NoIdempotency: true}})
	held, err := w.service.Inject(jobservice.Fault{Action: jobservice.Start, HoldUntilReleased: true})
	require.NoError(t, err)
	first := w.worker()
	ctx := patient(t)
	run, err := w.raw.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: w.queue}, perdure.WorkflowOperation, batch(time.Hour))
	require.NoError(t, err)
	op, err := starter.Attach[store](ctx, w.client, run.GetID())
	require.NoError(t, err)
	w.booked(ctx, "the start has arrived", func(b jobservice.Books) bool { return len(b.Starts()) == 1 })
	first.kill()
	w.service.Release(held)
	require.NoError(t, op.Cancel(ctx, "not wanted"))
	w.worker()
	w.endsAs(t, op, outcome{state: perdure.StateAmbiguous, closed: closedCanceled, err: perdure.ErrorCanceled, exit: 11})
	require.Len(t, w.service.Books().Starts(), 1)
}

// Nothing is asked of the service about what may not be there.
func TestCancelWhileAmbiguous(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]asker{"by signal": bySignal, "through Temporal": byTemporal} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := perduretest.NewService(t, creates().Drop())
			w := newWorld(t, settings{url: service.URL()})
			w.worker()
			ctx := patient(t)
			op, err := starter.Start[store](ctx, w.client, batch(time.Hour), nil)
			requireType(t, err, perdure.ErrorStartAmbiguous)
			require.NoError(t, ask(ctx, w, op))
			w.closes(ctx, t, op)
			s := w.endsAs(t, op, outcome{state: perdure.StateAmbiguous, closed: closedCanceled, err: perdure.ErrorCanceled, exit: 11})
			require.Equal(t, perdure.ErrorStartAmbiguous, s.Error.Code)
		})
	}
}
