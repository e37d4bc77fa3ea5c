package operation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

// What answers that start nothing leave, sealed, goes with the next request to start.
func TestWhatIsLeftForTheNextRequestToStart(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{
		now[startTask](again(time.Second, sealed("perdure1_first"))),
		now[startTask](again(time.Second)),
		now[startTask](again(time.Second, sealed("perdure1_second"))),
		now[startTask](varied(ambiguous(), []func(*answer){sealed("perdure1_third")})),
		now[startTask](accepted(5 * time.Second)),
	}
	s.polls = []act[pollTask]{now[pollTask](completed())}
	s.at(10*time.Second, func() { require.Empty(t, s.token(), "the service has not answered yet") })
	s.updateAt(20*time.Second, perdure.UpdateResolve, "", perdure.Resolve{Retry: true})
	s.run(request())
	s.succeeded()
	var got []string
	for _, c := range s.callsOf(perdure.ActivityStart) {
		got = append(got, c.start.Sealed)
	}
	require.Equal(t, []string{"", "perdure1_first", "perdure1_first", "perdure1_second", "perdure1_third"}, got)
	require.Equal(t, "perdure1_a", s.token())
}

// The cookies that come with a cancel are for the questions after it: whoever watches
// has not got them.
func TestTheStateThatACancelBrings(t *testing.T) {
	yes := yes()
	yes.Sealed = "perdure1_stop"
	t.Run("goes to the next watcher, at once", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{now[startTask](accepted(5 * time.Second))}
		s.polls = []act[pollTask]{never[pollTask](), after[pollTask](10*time.Second, answer{State: perdure.StateCanceled, Polls: 1})}
		s.cancels = []act[cancelTask]{after[cancelTask](time.Second, yes)}
		s.at(2*time.Second, s.env.CancelWorkflow)
		s.run(request()).canceled()
		calls := s.pollCalls()
		require.True(t, calls[0].stopped)
		require.Equal(t, "perdure1_a", calls[0].poll.State)
		require.Equal(t, 3*time.Second, calls[1].at)
		require.Equal(t, "perdure1_stop", calls[1].poll.State)
	})
	t.Run("does not replace what a question has brought meanwhile", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{now[startTask](accepted(5 * time.Second))}
		s.polls = []act[pollTask]{
			after[pollTask](3*time.Second, running(time.Second, sealed("perdure1_moved"), status("cancelling"))),
			after[pollTask](10*time.Second, answer{State: perdure.StateCanceled, Polls: 1}),
		}
		s.cancels = []act[cancelTask]{after[cancelTask](2*time.Second, yes)}
		s.at(2*time.Second, s.env.CancelWorkflow)
		s.run(request()).canceled()
		calls := s.pollCalls()
		require.Equal(t, "perdure1_moved", calls[1].poll.State)
		require.False(t, calls[1].stopped)
	})
}
