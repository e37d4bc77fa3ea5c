package e2e_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/starter"
)

// How a canceled operation's workflow closes: only as these.
const (
	closedCompleted = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	closedFailed    = enumspb.WORKFLOW_EXECUTION_STATUS_FAILED
	closedCanceled  = enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED
)

func stops() perduretest.Step { return perduretest.POST("/v1/batches/batch_1/cancel") }

// batchThat is an answer about the batch.
func batchThat(step perduretest.Step, status string) perduretest.Step {
	return step.JSON(200, `{"id":"batch_1","object":"batch","status":"`+status+`","output_file_id":"file-2"}`)
}

// running is a batch that was created, and is asked for as often as one likes.
func running() []perduretest.Step {
	return []perduretest.Step{batchThat(creates(), "in_progress"), stillRunning()}
}

func stillRunning() perduretest.Step { return batchThat(asks(), "in_progress").AnyTimes() }

// outcome is what canceling leads to.
type outcome struct {
	state  perdure.State
	closed enumspb.WorkflowExecutionStatus
	err    string // the type of error, "" for a value
	exit   int
	// what the service said of it
	supported, accepted *bool
	confirmed           bool
}

// asker asks for the cancel.
type asker func(ctx context.Context, w *world, op *starter.Operation[store]) error

func bySignal(ctx context.Context, _ *world, op *starter.Operation[store]) error {
	return op.Cancel(ctx, "not needed any more")
}

func byTemporal(ctx context.Context, w *world, op *starter.Operation[store]) error {
	return w.raw.CancelWorkflow(ctx, op.ID(), "")
}

// twice asks in both ways, one after the other.
func twice(ctx context.Context, w *world, op *starter.Operation[store]) error {
	return errors.Join(bySignal(ctx, w, op), op.Cancel(ctx, "asked again"), byTemporal(ctx, w, op))
}

func byNobody(context.Context, *world, *starter.Operation[store]) error { return nil }

// A cancel is a request. What the service says of the operation after it is how the
// operation ends, and Temporal has it as canceled where the service says so, or where
// nobody can say.
func TestCancelOfARunningOperation(t *testing.T) {
	t.Parallel()
	yes, no := new(true), new(false)
	canceled := outcome{perdure.StateCanceled, closedCanceled, perdure.ErrorCanceled, 11, yes, yes, true}
	unconfirmed := outcome{perdure.StateUnknown, closedCanceled, perdure.ErrorCanceled, 11, yes, yes, false}
	tooLate := outcome{perdure.StateSucceeded, closedCompleted, "", 0, yes, yes, false}
	grace := func(in *perdure.OperationInput) { in.Cancel = &perdure.CancelSettings{GraceSeconds: new(1.0)} }
	for _, c := range []struct {
		name   string
		stop   []perduretest.Step // what is answered to the request to stop
		end    []perduretest.Step // and then to the questions
		change func(*perdure.OperationInput)
		ask    asker
		want   outcome
	}{
		{
			name: "accepted", ask: bySignal, want: canceled,
			stop: []perduretest.Step{batchThat(stops(), "cancelling")},
			end:  []perduretest.Step{batchThat(asks(), "cancelling").Times(2), batchThat(asks(), "cancelled")},
		},
		{
			name: "through Temporal", ask: byTemporal, want: canceled,
			stop: []perduretest.Step{batchThat(stops(), "cancelling")},
			end:  []perduretest.Step{batchThat(asks(), "cancelled")},
		},
		{
			name: "asked twice, sent once", ask: twice, want: canceled,
			stop: []perduretest.Step{batchThat(stops(), "cancelling")},
			end:  []perduretest.Step{batchThat(asks(), "cancelled")},
		},
		{
			name: "500 at first", ask: bySignal, want: canceled,
			stop: []perduretest.Step{stops().Reply(500), stillRunning(), batchThat(stops(), "cancelling")},
			end:  []perduretest.Step{batchThat(asks(), "cancelled")},
		},
		{
			name: "an answer lost at first", ask: bySignal, want: canceled,
			stop: []perduretest.Step{stops().Drop(), stillRunning(), batchThat(stops(), "cancelling")},
			end:  []perduretest.Step{batchThat(asks(), "cancelled")},
		},
		{
			name: "accepted too late", ask: bySignal, want: tooLate,
			stop: []perduretest.Step{batchThat(stops(), "cancelling")},
			end:  []perduretest.Step{batchThat(asks(), "completed")},
		},
		{
			name: "through Temporal too late", ask: byTemporal, want: tooLate,
			stop: []perduretest.Step{batchThat(stops(), "cancelling")},
			end:  []perduretest.Step{batchThat(asks(), "completed")},
		},
		{
			name: "accepted, and it fails all the same", ask: bySignal,
			stop: []perduretest.Step{batchThat(stops(), "cancelling")},
			end:  []perduretest.Step{batchThat(asks(), "failed")},
			want: outcome{perdure.StateFailed, closedFailed, perdure.ErrorOperationFailed, 10, yes, yes, false},
		},
		{
			name: "refused, and it goes on to its end", ask: bySignal,
			stop: []perduretest.Step{stops().Reply(409)},
			end:  []perduretest.Step{batchThat(asks(), "finalizing"), batchThat(asks(), "completed")},
			want: outcome{perdure.StateSucceeded, closedCompleted, "", 0, yes, no, false},
		},
		{
			name: "refused, and no end within the grace", ask: bySignal, change: grace,
			stop: []perduretest.Step{stops().Reply(409)},
			end:  []perduretest.Step{stillRunning()},
			want: outcome{perdure.StateUnknown, closedCanceled, perdure.ErrorCanceled, 11, yes, no, false},
		},
		{
			name: "never confirmed within the grace", ask: bySignal, change: grace, want: unconfirmed,
			stop: []perduretest.Step{batchThat(stops(), "cancelling")},
			end:  []perduretest.Step{batchThat(asks(), "cancelling").AnyTimes()},
		},
		{
			name: "through Temporal, never confirmed", ask: byTemporal, change: grace, want: unconfirmed,
			stop: []perduretest.Step{batchThat(stops(), "cancelling")},
			end:  []perduretest.Step{batchThat(asks(), "cancelling").AnyTimes()},
		},
		{
			name: "canceled by others", ask: byNobody,
			end:  []perduretest.Step{batchThat(asks(), "cancelled")},
			want: outcome{state: perdure.StateCanceled, closed: closedCanceled, err: perdure.ErrorCanceled, exit: 11},
		},
		{
			name: "by its own time-out", ask: byNobody,
			change: func(in *perdure.OperationInput) {
				in.TimeoutSeconds, in.Cancel = 2, &perdure.CancelSettings{OnTimeout: true}
			},
			stop: []perduretest.Step{batchThat(stops(), "cancelling")},
			end:  []perduretest.Step{batchThat(asks(), "cancelling").AnyTimes()},
			want: outcome{perdure.StateUnknown, closedFailed, perdure.ErrorOperationTimedOut, 13, yes, yes, false},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			told := make(chan struct{})
			service := perduretest.NewService(t, slices.Concat(running(), c.stop, heldUntil(told, c.end))...)
			w := newWorld(t, settings{url: service.URL()})
			w.worker().ready()
			ctx := patient(t)
			in := batch(time.Hour)
			if c.change != nil {
				c.change(&in)
			}
			op, err := starter.Start[store](ctx, w.client, in, nil)
			require.NoError(t, err)
			require.NoError(t, service.WaitFor(ctx, 2), "it is asked for")
			require.NoError(t, c.ask(ctx, w, op))
			w.stopAnswered(ctx, t, op, c.want)
			close(told)
			s := w.endsAs(t, op, c.want)
			if c.want.state == perdure.StateCanceled {
				require.Contains(t, string(s.Error.Details), "file-2", "what was produced so far")
			}
		})
	}
	t.Run("unknown to the service", func(t *testing.T) {
		t.Parallel()
		for _, ask := range []asker{bySignal, byTemporal} {
			w := newWorld(t, settings{})
			w.worker()
			ctx := patient(t)
			op, err := starter.Start[store](ctx, w.client, vectorStore(time.Hour), nil)
			require.NoError(t, err)
			require.NoError(t, ask(ctx, w, op))
			w.endsAs(t, op, outcome{perdure.StateUnknown, closedCanceled, perdure.ErrorCanceled, 11, no, nil, false})
		}
	})
}

// heldUntil lets the first answer wait for told.
func heldUntil(told <-chan struct{}, steps []perduretest.Step) []perduretest.Step {
	if len(steps) == 0 {
		return nil
	}
	return append([]perduretest.Step{steps[0].Hold(told)}, steps[1:]...)
}

// stopAnswered waits until the answer to the request to stop is known, if there is to be
// one: what the service says of the operation after it may otherwise be known first.
func (w *world) stopAnswered(ctx context.Context, t *testing.T, op *starter.Operation[store], want outcome) {
	t.Helper()
	if want.accepted == nil {
		return
	}
	eventually(ctx, t, "the answer to the request to stop is known", func() bool {
		s, err := op.Status(ctx)
		return err == nil && s.Cancel != nil && s.Cancel.Accepted != nil
	})
}

// endsAs waits for the end, and holds the status, Temporal's own word and the command
// line's exit status against what is wanted. A cancel after the end is done already.
func (w *world) endsAs(t *testing.T, op *starter.Operation[store], want outcome) perdure.Status {
	t.Helper()
	ctx := patient(t)
	_, err := op.Wait(ctx, nil)
	if want.err == "" {
		require.NoError(t, err)
	} else {
		requireType(t, err, want.err)
	}
	require.NoError(t, op.Cancel(ctx, "after the end"))
	s, err := op.Status(ctx)
	require.NoError(t, err)
	got := outcome{state: s.State, closed: w.closes(ctx, t, op), err: want.err}
	if s.Cancel != nil {
		require.NotEqual(t, "after the end", s.Cancel.Reason)
		require.NotEqual(t, "asked again", s.Cancel.Reason)
		got.supported, got.accepted, got.confirmed = s.Cancel.Supported, s.Cancel.Accepted, s.Cancel.Confirmed
	}
	_, _, got.exit = w.perdure(w.server, "", "wait", op.ID(), "--output", "json")
	require.Equal(t, want, got)
	require.True(t, s.Done)
	return s
}

// closes waits until the workflow is closed, and gives Temporal's own word for how.
func (w *world) closes(ctx context.Context, t *testing.T, op *starter.Operation[store]) enumspb.WorkflowExecutionStatus {
	t.Helper()
	var status enumspb.WorkflowExecutionStatus
	eventually(ctx, t, "the workflow is closed", func() bool {
		d, err := w.raw.DescribeWorkflowExecution(ctx, op.ID(), "")
		require.NoError(t, err)
		status = d.GetWorkflowExecutionInfo().GetStatus()
		return status != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	})
	return status
}
