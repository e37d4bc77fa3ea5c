package operation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// dies plays an activity whose worker has died: Temporal notices once it was told to stop,
// by the heartbeat that does not come, and does not try again.
func dies[T any](last ...any) act[T] {
	return func(ctx workflow.Context, _ T) (any, error) {
		ctx.Done().Receive(ctx, nil)
		later, _ := workflow.NewDisconnectedContext(ctx)
		if err := workflow.Sleep(later, 15*time.Second); err != nil {
			return nil, err
		}
		wire := temporal.GetDefaultFailureConverter()
		return nil, wire.FailureToError(wire.ErrorToFailure(temporal.NewHeartbeatTimeoutError(last...)))
	}
}

// A worker that dies with the start while it is told to stop has left word of whether it
// had sent.
func TestAStartWhoseWorkerDiedIsNotWanted(t *testing.T) {
	for _, test := range []struct {
		name  string
		start act[startTask]
		want  perdure.State
	}{
		{"it was sending", dies[startTask](perdure.Heartbeat{Phase: perdure.PhaseSending, FirstSentAt: epoch}), perdure.StateAmbiguous},
		{"nobody can read its last word", dies[startTask]("?"), perdure.StateAmbiguous},
		{"nothing was started", dies[startTask](perdure.Heartbeat{Phase: perdure.PhaseUnsent, Tries: 1}), perdure.StateFailed},
		{"it had not begun", dies[startTask](), perdure.StateFailed},
		{"it failed, and left no word", breaks, perdure.StateAmbiguous},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{test.start}
			s.at(3*time.Second, s.env.CancelWorkflow)
			require.Equal(t, test.want, s.run(request()).canceled().State)
		})
		t.Run(test.name+", and the time is up", func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{test.start}
			errorType, _, got := s.run(request(timeout(3))).failed()
			require.Equal(t, test.want, got.State)
			require.Equal(t, test.want == perdure.StateAmbiguous, errorType == perdure.ErrorStartAmbiguous)
		})
	}
	t.Run("a token is opened, and nothing sent", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{breaks}
		s.at(3*time.Second, s.env.CancelWorkflow)
		require.Equal(t, perdure.StateFailed, s.run(perdure.OperationInput{Token: "perdure1_t"}).canceled().State)
	})
}

// breaks fails when it is told to stop, and not because of that.
func breaks(ctx workflow.Context, _ startTask) (any, error) {
	ctx.Done().Receive(ctx, nil)
	return nil, temporal.NewApplicationError("the server does not answer", "Test")
}

// Whoever watches may have gone on to where the state from before does not lead any more.
func TestAWatcherWhoseWorkerDiedLeavesItsState(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(5 * time.Second))}
	s.polls = []act[pollTask]{
		dies[pollTask](perdure.Heartbeat{Phase: perdure.PhaseWatching, Sealed: "perdure1_moved", Polls: 3, LastPolledAt: epoch.Add(2 * time.Second)}),
		now[pollTask](completed()),
	}
	u := s.updateAt(3*time.Second, perdure.UpdateSetPolling, "", perdure.Polling{IntervalSeconds: 1})
	s.run(request())
	s.succeeded()
	require.NoError(t, u.err)
	require.Equal(t, "perdure1_moved", s.pollCalls()[1].poll.State)
	require.Equal(t, 4, s.status().Polls)
}

// A run that was reset to before its start does not know what the run before has sent.
func TestCancelOfARunThatWasReset(t *testing.T) {
	for _, test := range []struct {
		name  string
		input perdure.OperationInput
		want  perdure.State
	}{
		{"a request", request(), perdure.StateAmbiguous},
		{"a token", perdure.OperationInput{Token: "perdure1_t"}, perdure.StateFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.resetFrom = "another run"
			s.at(0, func() { s.env.SignalWorkflow(perdure.SignalCancel, nil) })
			require.Equal(t, test.want, s.run(test.input).canceled().State)
		})
	}
}
