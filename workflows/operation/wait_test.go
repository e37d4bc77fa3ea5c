package operation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

//rule:wait 10
func TestALongWaitIsADurableTimer(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(90*time.Second + 250*time.Millisecond))}
	s.polls = []act[pollTask]{
		now[pollTask](running(time.Hour)),
		now[pollTask](running(45 * time.Second)),
		now[pollTask](completed()),
	}
	var timers []time.Duration
	s.env.SetOnTimerScheduledListener(func(_ string, d time.Duration) { timers = append(timers, d) })
	s.run(request())
	s.succeeded()
	require.Equal(t, []time.Duration{90250 * time.Millisecond, time.Hour, 45 * time.Second}, timers)
	calls := s.pollCalls()
	require.Len(t, calls, 3)
	for i, at := range []time.Duration{90250 * time.Millisecond, time.Hour + 90250*time.Millisecond, time.Hour + 135250*time.Millisecond} {
		require.Equal(t, at, calls[i].at)
		require.Zero(t, calls[i].poll.WaitSeconds, "the wait is over when the activity begins")
		require.False(t, calls[i].poll.Once)
		require.True(t, calls[i].options.WaitForCancellation)
	}
	require.Equal(t, []int{0, 1, 2}, []int{calls[0].poll.Polls, calls[1].poll.Polls, calls[2].poll.Polls}, "the place in the backoff")
	require.Equal(t, 3, s.status().Polls)
}

//rule:wait 10
func TestAShortWaitIsTheActivitys(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(7500 * time.Millisecond))}
	s.polls = []act[pollTask]{after[pollTask](7500*time.Millisecond, running(20*time.Second, polls(4))), after[pollTask](20*time.Second, completed())}
	timers := 0
	s.env.SetOnTimerScheduledListener(func(string, time.Duration) { timers++ })
	s.run(request())
	s.succeeded()
	calls := s.pollCalls()
	require.Equal(t, 7.5, calls[0].poll.WaitSeconds)
	require.Zero(t, calls[0].at)
	require.Equal(t, 20.0, calls[1].poll.WaitSeconds)
	require.Equal(t, 4, calls[1].poll.Polls)
	require.Equal(t, 2, timers, "those of the acts: the workflow has none of its own")
	require.Equal(t, 5, s.status().Polls)
}

func TestActivitiesAreScheduledWithTheirTimeOuts(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Second))}
	s.polls = []act[pollTask]{never[pollTask](), now[pollTask](running(time.Second)), never[pollTask]()}
	s.cancels = []act[cancelTask]{now[cancelTask](perdure.CancelAnswer{})}
	s.at(time.Second, func() { s.env.SignalWorkflow(perdure.SignalPoll, nil) })
	s.at(2*time.Second, func() { s.env.SignalWorkflow(perdure.SignalCancel, nil) })
	s.polls = s.polls[:2]
	s.run(request()).canceled()
	for _, c := range s.calls {
		require.Equal(t, 15*time.Second, c.options.HeartbeatTimeout, c.name)
		require.Equal(t, 24*time.Hour, c.options.StartToCloseTimeout, c.name)
		require.Zero(t, c.options.ScheduleToCloseTimeout, c.name)
		require.Zero(t, c.options.RetryPolicy.MaximumAttempts, c.name)
		require.Equal(t, 4*time.Second, c.options.RetryPolicy.MaximumInterval, c.name)
		require.Equal(t, !c.poll.Once, c.options.WaitForCancellation, c.name)
	}
}

func TestAStartThatComesToNothingIsTriedAgain(t *testing.T) {
	s := newStage(t)
	sent := epoch.Add(100 * time.Second)
	s.starts = []act[startTask]{
		now[startTask](again(2 * time.Second)),
		now[startTask](again(90*time.Second, func(a *answer) { a.Tries = 3 })),
		now[startTask](again(2*time.Second, func(a *answer) { a.Tries, a.FirstSentAt = 4, sent })),
		now[startTask](accepted(time.Second, func(a *answer) { a.Tries = 5 })),
	}
	s.polls = []act[pollTask]{now[pollTask](completed())}
	s.at(time.Minute, func() {
		got := s.status()
		require.Equal(t, perdure.StateStarting, got.State)
		require.Equal(t, "NotSent", got.LastError.Error.Code)
		require.Equal(t, epoch.Add(92*time.Second), got.NextPollAt)
		require.Equal(t, "jobs", got.Service)
	})
	s.run(request())
	s.succeeded()
	calls := s.callsOf(perdure.ActivityStart)
	require.Equal(t, []time.Duration{0, 2 * time.Second, 92 * time.Second, 94 * time.Second}, []time.Duration{calls[0].at, calls[1].at, calls[2].at, calls[3].at})
	require.Equal(t, []int{0, 1, 3, 4}, []int{calls[0].start.Tries, calls[1].start.Tries, calls[2].start.Tries, calls[3].start.Tries})
	require.Equal(t, "NotSent", calls[1].start.KnownError.Code)
	require.Zero(t, calls[2].start.FirstSentAt)
	require.Equal(t, sent, calls[3].start.FirstSentAt)
	require.Nil(t, s.status().LastError)
}

func TestAnActivityThatCannotWorkIsShownAndTriedAgain(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{fails[startTask](time.Second, "no service"), now[startTask](accepted(time.Second))}
	s.polls = []act[pollTask]{fails[pollTask](time.Second, "key retired"), now[pollTask](completed())}
	s.at(2*time.Second, func() {
		got := s.status()
		require.Equal(t, perdure.StateStarting, got.State)
		require.Equal(t, perdure.TimedError{At: epoch.Add(time.Second), Error: perdure.ServiceError{Code: "ActivityFailed", Message: "no service"}}, *got.LastError)
	})
	s.at(5500*time.Millisecond, func() { require.Equal(t, perdure.StateRunning, s.status().State) })
	s.at(6500*time.Millisecond, func() { require.Equal(t, "key retired", s.status().LastError.Error.Message) })
	s.run(request())
	s.succeeded()
	require.Equal(t, 5*time.Second, s.callsOf(perdure.ActivityStart)[1].at)
	require.Equal(t, 4.0, s.pollCalls()[1].poll.WaitSeconds)
}
