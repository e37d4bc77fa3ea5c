package operation_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

func TestCancelBeforeTheStartWasSent(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{orElse[startTask](time.Hour, nil, again(time.Second))}
			s.at(3*time.Second, func() { way.ask(s) })
			got := s.run(request()).canceled()
			require.Equal(t, 3*time.Second, s.elapsed())
			require.Equal(t, perdure.StateFailed, got.State, "nothing was started")
			require.Equal(t, way.reason, got.Cancel.Reason)
			require.Nil(t, got.Cancel.Supported)
			require.Empty(t, s.callsOf(perdure.ActivityCancel))
			require.True(t, s.calls[0].stopped)
		})
	}
}

func TestCancelWhileTheNextStartIsWaitedFor(t *testing.T) {
	for _, test := range []struct {
		name  string
		again answer
		want  perdure.State
	}{
		{"nothing was sent", again(time.Hour), perdure.StateFailed},
		{"a request may have been delivered", again(time.Hour, func(a *answer) { a.FirstSentAt = epoch }), perdure.StateAmbiguous},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](test.again)}
			s.at(time.Minute, func() { s.env.SignalWorkflow(perdure.SignalCancel, nil) })
			got := s.run(request()).canceled()
			require.Equal(t, time.Minute, s.elapsed())
			require.Equal(t, test.want, got.State)
		})
	}
}

// A request under way is not cut off: what its answer says decides.
func TestCancelWhileTheStartIsUnderWay(t *testing.T) {
	t.Run("it is started", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{orElse[startTask](time.Hour, nil, accepted(5*time.Second))}
		s.polls = []act[pollTask]{after[pollTask](5*time.Second, answer{State: perdure.StateCanceled, Polls: 1})}
		s.cancels = []act[cancelTask]{now[cancelTask](yes())}
		s.at(3*time.Second, s.env.CancelWorkflow)
		got := s.run(request()).canceled()
		require.Equal(t, perdure.StateCanceled, got.State)
		require.True(t, got.Cancel.Confirmed)
		require.Equal(t, epoch.Add(3*time.Second), got.Cancel.RequestedAt)
		require.Equal(t, "perdure1_a", s.callsOf(perdure.ActivityCancel)[0].cancel.State)
	})
	t.Run("it has ended", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{orElse[startTask](time.Hour, nil, completed(polls(0)))}
		s.at(3*time.Second, s.env.CancelWorkflow)
		s.run(request())
		require.Equal(t, perdure.StateSucceeded, s.succeeded().State)
	})
	t.Run("it is rejected", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{orElse[startTask](time.Hour, nil, bad(perdure.StateFailed, perdure.ErrorStartRejected, "400", "no"))}
		s.at(3*time.Second, s.env.CancelWorkflow)
		errorType, _, _ := s.run(request()).failed()
		require.Equal(t, perdure.ErrorStartRejected, errorType)
	})
	t.Run("it is ambiguous", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{orElse[startTask](time.Hour, nil, ambiguous())}
		s.at(3*time.Second, s.env.CancelWorkflow)
		got := s.run(request()).canceled()
		require.Equal(t, perdure.StateAmbiguous, got.State)
		require.Equal(t, perdure.ErrorStartAmbiguous, got.Error.Code)
	})
	t.Run("the grace counts from the start's answer on", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{orElse[startTask](time.Hour, nil, accepted(5*time.Second))}
		s.polls = []act[pollTask]{never[pollTask]()}
		s.cancels = []act[cancelTask]{after[cancelTask](2*time.Second, yes())}
		s.at(3*time.Second, s.env.CancelWorkflow)
		s.run(request(grace(0))).canceled()
		require.Len(t, s.callsOf(perdure.ActivityCancel), 1)
		require.Equal(t, 5*time.Second, s.elapsed())
	})
	t.Run("no worker has run it", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{lost[startTask]()}
		s.at(3*time.Second, s.env.CancelWorkflow)
		got := s.run(request()).canceled()
		require.Equal(t, perdure.StateAmbiguous, got.State, "an attempt before may have sent it")
	})
	t.Run("no worker has begun to run it", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{lost[startTask]()}
		s.look = func(perdure.StartLook) (perdure.StartSeen, error) { return perdure.StartSeen{Unsent: true}, nil }
		s.at(3*time.Second, s.env.CancelWorkflow)
		got := s.run(request()).canceled()
		require.Equal(t, perdure.StateFailed, got.State, "nothing was started")
		require.Nil(t, got.LastError)
	})
	t.Run("no worker has begun to run it, and the time is up", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{lost[startTask]()}
		s.look = func(perdure.StartLook) (perdure.StartSeen, error) { return perdure.StartSeen{Unsent: true}, nil }
		in := request()
		in.TimeoutSeconds = 3
		errorType, _, got := s.run(in).failed()
		require.Equal(t, perdure.ErrorOperationTimedOut, errorType)
		require.Equal(t, perdure.StateFailed, got.State, "nothing was started")
	})
	t.Run("a request before it may have been delivered", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{now[startTask](again(time.Second, func(a *answer) { a.FirstSentAt = epoch })), lost[startTask]()}
		s.look = func(perdure.StartLook) (perdure.StartSeen, error) { return perdure.StartSeen{Unsent: true}, nil }
		s.at(3*time.Second, s.env.CancelWorkflow)
		require.Equal(t, perdure.StateAmbiguous, s.run(request()).canceled().State)
	})
	t.Run("whether a worker has run it cannot be known", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{lost[startTask]()}
		s.look = func(perdure.StartLook) (perdure.StartSeen, error) {
			return perdure.StartSeen{Unsent: true}, errors.New("the server does not answer")
		}
		s.at(3*time.Second, s.env.CancelWorkflow)
		require.Equal(t, perdure.StateAmbiguous, s.run(request()).canceled().State)
	})
	t.Run("a worker takes it after all", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{orElse[startTask](time.Hour, nil, accepted(5*time.Second))}
		s.polls = []act[pollTask]{after[pollTask](5*time.Second, answer{State: perdure.StateCanceled, Polls: 1})}
		s.cancels = []act[cancelTask]{now[cancelTask](yes())}
		s.look = func(perdure.StartLook) (perdure.StartSeen, error) { return perdure.StartSeen{Unsent: true}, nil }
		s.at(3*time.Second, s.env.CancelWorkflow)
		require.Equal(t, perdure.StateCanceled, s.run(request()).canceled().State)
	})
	t.Run("no worker has opened the token", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{lost[startTask]()}
		s.at(3*time.Second, s.env.CancelWorkflow)
		got := s.run(perdure.OperationInput{Token: "perdure1_t"}).canceled()
		require.Equal(t, perdure.StateFailed, got.State)
	})
}

func TestCancelOfAnAmbiguousOperation(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](ambiguous())}
			s.at(time.Hour, func() { way.ask(s) })
			s.at(time.Minute, func() {
				got := s.status()
				require.Equal(t, perdure.StateAmbiguous, got.State)
				require.False(t, got.Done)
				require.Equal(t, "NoAnswer", got.LastError.Error.Code)
				require.Zero(t, got.NextPollAt)
				require.Empty(t, s.token())
			})
			got := s.run(request()).canceled()
			require.Equal(t, perdure.StateAmbiguous, got.State)
			require.Equal(t, way.reason, got.Cancel.Reason)
			require.Equal(t, perdure.ErrorStartAmbiguous, got.Error.Code)
		})
	}
}

func TestACancelReasonIsCut(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](ambiguous())}
	s.at(time.Second, func() {
		s.env.SignalWorkflow(perdure.SignalCancel, perdure.CancelSignal{Reason: strings.Repeat("é", 1000)})
	})
	require.Equal(t, strings.Repeat("é", 512), s.run(request()).canceled().Cancel.Reason)
}
