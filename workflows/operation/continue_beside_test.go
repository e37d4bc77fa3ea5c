package operation_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
)

func TestContinueAsNewWhileCanceling(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(10 * time.Second))}
	s.polls = []act[pollTask]{orElse[pollTask](time.Hour, nil, running(10*time.Second))}
	s.cancels = []act[cancelTask]{now[cancelTask](yes())}
	s.at(10*time.Second, func() { s.env.SignalWorkflow(perdure.SignalCancel, perdure.CancelSignal{Reason: "why not"}) })
	s.suggestAt(30 * time.Second)
	second, args := s.moves(request(grace(60)))

	s.same(second)
	second.polls = []act[pollTask]{never[pollTask]()}
	second.at(40*time.Second, func() { second.env.SignalWorkflow(perdure.SignalCancel, perdure.CancelSignal{Reason: "again"}) })
	got := second.run(args...).canceled()
	require.Empty(t, second.callsOf(perdure.ActivityCancel), "it was asked already")
	require.Equal(t, 70*time.Second, second.elapsed(), "the grace goes on")
	require.Equal(t, perdure.StateUnknown, got.State)
	require.Equal(t, "why not", got.Cancel.Reason)
	require.Equal(t, epoch.Add(10*time.Second), got.Cancel.RequestedAt)
	require.True(t, *got.Cancel.Accepted)
}

func TestContinueAsNewWaitsForARequestToStop(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(10 * time.Second))}
	s.polls = []act[pollTask]{never[pollTask]()}
	s.cancels = []act[cancelTask]{after[cancelTask](20*time.Second, yes())}
	s.at(10*time.Second, s.env.CancelWorkflow)
	s.suggestAt(11 * time.Second)
	second, args := s.moves(request())
	require.Equal(t, 30*time.Second, s.elapsed())
	require.Equal(t, perdure.StateCanceling, s.status().State)
	second.polls = []act[pollTask]{now[pollTask](answer{State: perdure.StateCanceled, Polls: 1})}
	got := second.run(args...).canceled()
	require.True(t, got.Cancel.Confirmed)
	require.Len(t, second.calls, 1)
}

// A service that does not answer a request to stop is asked for as long as the grace lasts.
// The run does not wait for that: nobody would ask meanwhile how the operation goes.
func TestContinueAsNewDoesNotWaitForTheGrace(t *testing.T) {
	for _, test := range []struct {
		name     string
		cancelAt time.Duration
	}{
		{"asked for before", 10 * time.Second},
		{"asked for while it gets ready", 32 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](accepted(10 * time.Second))}
			s.polls = []act[pollTask]{never[pollTask]()}
			s.at(test.cancelAt, s.env.CancelWorkflow)
			s.suggestAt(30 * time.Second)
			if test.cancelAt < 30*time.Second {
				s.cancels = []act[cancelTask]{lost[cancelTask]()}
			} else { // a question beside keeps the run
				s.polls = append(s.polls, after[pollTask](10*time.Second, running(10*time.Second)))
				s.at(29*time.Second, func() { s.env.SignalWorkflow(perdure.SignalPoll, nil) })
			}
			second, args := s.moves(request(grace(7200)))
			require.LessOrEqual(t, s.elapsed(), 91*time.Second)
			require.Nil(t, s.status().LastError)

			s.same(second)
			second.cancels = []act[cancelTask]{after[cancelTask](time.Minute, yes())}
			second.polls = []act[pollTask]{after[pollTask](time.Second, completed())}
			second.run(args...)
			require.Equal(t, perdure.StateSucceeded, second.succeeded().State, "it is asked for all the while")
		})
	}
}

func TestContinueAsNewDoesNotWaitForTheGraceOfACancelThatComesWithIt(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Hour))}
	s.cancels = []act[cancelTask]{lost[cancelTask]()}
	s.at(30*time.Second, func() { s.env.SignalWorkflowSkippingWorkflowTask(perdure.SignalCancel, nil) })
	s.suggestAt(30*time.Second + 1)
	second, args := s.moves(request(grace(7200)))
	require.Equal(t, 90*time.Second+1, s.elapsed())
	second.cancels = []act[cancelTask]{now[cancelTask](perdure.CancelAnswer{})}
	require.False(t, *second.run(args...).canceled().Cancel.Supported)
}

func TestContinueAsNewMakesARequestToStopAgainThatFailed(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Hour))}
	s.cancels = []act[cancelTask]{fails[cancelTask](time.Second, "no keyset")}
	s.at(10*time.Second, s.env.CancelWorkflow)
	s.suggestAt(20 * time.Second)
	second, args := s.moves(request())
	second.cancels = []act[cancelTask]{now[cancelTask](perdure.CancelAnswer{})}
	got := second.run(args...).canceled()
	require.False(t, *got.Cancel.Supported)
}

func TestContinueAsNewWaitsForTheCancelOfATimeOut(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Hour))}
	s.cancels = []act[cancelTask]{after[cancelTask](10*time.Second, yes())}
	s.suggestAt(65 * time.Second)
	errorType, _, got := s.run(request(timeout(60), onTimeout)).failed()
	require.Equal(t, perdure.ErrorOperationTimedOut, errorType)
	require.True(t, *got.Cancel.Accepted)
	require.Equal(t, 70*time.Second, s.elapsed())
}

func TestContinueAsNewWaitsForAQuestionUnderWay(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Hour))}
	s.polls = []act[pollTask]{after[pollTask](10*time.Second, running(time.Hour, status("finalizing")))}
	u := s.updateAt(time.Minute, perdure.UpdateUpdateStatus, "under way")
	s.suggestAt(62 * time.Second)
	late := s.updateAt(65*time.Second, perdure.UpdateUpdateStatus, "late")
	polling := s.updateAt(66*time.Second, perdure.UpdateSetPolling, "polling", perdure.Polling{IntervalSeconds: 5})
	started := s.updateAt(67*time.Second, perdure.UpdateAwaitStarted, "")
	second, args := s.moves(request())
	require.Equal(t, 70*time.Second, s.elapsed())
	require.NoError(t, u.err)
	require.Equal(t, "finalizing", u.status.ServiceStatus)
	var moved *temporal.ApplicationError
	require.ErrorAs(t, late.err, &moved)
	require.Equal(t, perdure.ErrorRunMoved, moved.Type())
	require.NoError(t, polling.err)
	require.Equal(t, perdure.StateRunning, started.status.State, "the start is decided: no need to move")

	s.same(second)
	second.polls = []act[pollTask]{now[pollTask](completed())}
	second.run(args...)
	second.succeeded()
	require.Equal(t, 5.0, second.pollCalls()[0].poll.Polling.IntervalSeconds, "what was accepted is kept")
	require.Equal(t, "finalizing", second.pollCalls()[0].poll.Known.ServiceStatus)
}

// The operation may end while the run waits to move.
func TestTheEndComesBeforeContinueAsNew(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Hour))}
	s.polls = []act[pollTask]{after[pollTask](10*time.Second, completed())}
	u := s.updateAt(time.Minute, perdure.UpdateUpdateStatus, "")
	s.suggestAt(62 * time.Second)
	s.run(request())
	require.Equal(t, perdure.StateSucceeded, s.succeeded().State)
	require.True(t, u.status.Done)
}

// A signal may come with the very workflow task that suggests to continue as new.
func TestASignalThatComesWithContinueAsNew(t *testing.T) {
	// bothAt delivers a signal without waking the workflow, and then the suggestion.
	bothAt := func(s *stage, d time.Duration, signal string) {
		s.at(d, func() { s.env.SignalWorkflowSkippingWorkflowTask(signal, nil) })
		s.suggestAt(d + 1)
	}
	for _, phase := range []struct {
		name string
		wait time.Duration
		poll []act[pollTask]
	}{
		{"waiting", time.Hour, nil},
		{"watching", time.Second, []act[pollTask]{orElse[pollTask](time.Hour, nil, running(time.Minute))}},
	} {
		t.Run("cancel while "+phase.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](accepted(phase.wait))}
			s.polls = phase.poll
			s.cancels = []act[cancelTask]{after[cancelTask](time.Second, yes())}
			bothAt(s, time.Minute, perdure.SignalCancel)
			second, args := s.moves(request())
			require.True(t, *s.status().Cancel.Accepted)
			second.polls = []act[pollTask]{now[pollTask](answer{State: perdure.StateCanceled, Polls: 1})}
			require.True(t, second.run(args...).canceled().Cancel.Confirmed)
		})
		t.Run("poll while "+phase.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](accepted(phase.wait))}
			s.polls = append(slices.Clip(phase.poll), after[pollTask](time.Second, completed()))
			bothAt(s, time.Minute, perdure.SignalPoll)
			s.run(request())
			require.Equal(t, perdure.StateSucceeded, s.succeeded().State, "the service was asked at once")
			require.Equal(t, 61*time.Second+1, s.elapsed())
		})
	}
	t.Run("cancel while the start is waited for", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{now[startTask](again(time.Hour))}
		bothAt(s, time.Minute, perdure.SignalCancel)
		second, args := s.moves(request())
		require.Equal(t, perdure.StateFailed, second.run(args...).canceled().State)
		require.Zero(t, second.elapsed()-s.elapsed())
	})
	t.Run("cancel while ambiguous", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{now[startTask](ambiguous())}
		bothAt(s, time.Minute, perdure.SignalCancel)
		require.Equal(t, perdure.StateAmbiguous, s.run(request()).canceled().State)
	})
}
