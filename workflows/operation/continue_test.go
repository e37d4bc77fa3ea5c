package operation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
)

// suggestAt has the server suggest to continue as new when the workflow has run for d.
func (s *stage) suggestAt(d time.Duration) {
	s.at(d, func() { s.env.SetContinueAsNewSuggested(true) })
}

// moves runs the workflow to where it continues as new, and gives the next run.
func (s *stage) moves(args ...any) (*stage, []any) {
	s.t.Helper()
	s.run(args...)
	return s.continued()
}

// same checks that a reader finds in the next run what he found in this one.
func (s *stage) same(next *stage) {
	want, response, token := s.status(), s.response(), s.token()
	next.unchecked++
	next.at(time.Nanosecond, func() {
		next.unchecked--
		require.Equal(next.t, want, next.status())
		require.Equal(next.t, response, next.response())
		require.Equal(next.t, token, next.token())
	})
}

func TestContinueAsNewInADurableWait(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Minute))}
	s.polls = []act[pollTask]{now[pollTask](running(time.Hour, func(a *answer) {
		a.Percent, a.LastPolledAt, a.ServiceWaitSeconds = new(40.0), epoch.Add(time.Minute), 3600
	}))}
	polling := perdure.Polling{IntervalSeconds: 9}
	s.updateAt(30*time.Second, perdure.UpdateSetPolling, "", polling) // before the question at 39 s
	s.suggestAt(20 * time.Minute)
	second, args := s.moves(request(timeout(7200), grace(33), func(in *perdure.OperationInput) { in.Type = "CreateJob" }))
	require.Equal(t, 20*time.Minute, s.elapsed(), "the wait is left at once")

	s.same(second)
	second.polls = []act[pollTask]{now[pollTask](completed())}
	second.run(args...)
	require.Equal(t, perdure.StateSucceeded, second.succeeded().State)
	call := second.calls[0]
	require.Equal(t, 30*time.Second+time.Hour, call.at, "as planned")
	require.Equal(t, polling, *call.poll.Polling)
	require.Equal(t, 1, call.poll.Polls)
	require.Equal(t, perdure.Known{ServiceStatus: "in_progress", News: "n0", Body: "d0"}, call.poll.Known)
	require.Equal(t, "perdure1_a", call.poll.State)
	got := second.status()
	require.Equal(t, 2, got.Polls)
	require.Equal(t, epoch, got.StartedAt)
	require.Equal(t, "CreateJob", got.Type)
}

func TestContinueAsNewKeepsTheDeadline(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Hour))}
	s.suggestAt(time.Minute)
	second, args := s.moves(request(timeout(90)))
	errorType, _, _ := second.run(args...).failed()
	require.Equal(t, perdure.ErrorOperationTimedOut, errorType)
	require.Equal(t, 90*time.Second, second.elapsed())
}

func TestContinueAsNewWhileWatching(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(10 * time.Second))}
	s.polls = []act[pollTask]{orElse[pollTask](time.Hour, nil, running(4*time.Second, polls(6), status("finalizing")))}
	s.suggestAt(time.Minute)
	s.at(2*time.Minute, func() { t.Error("it did not continue") })
	second, args := s.moves(request())
	require.True(t, s.pollCalls()[0].stopped)
	require.Equal(t, time.Minute, s.elapsed())

	s.same(second)
	second.polls = []act[pollTask]{after[pollTask](4*time.Second, completed())}
	second.run(args...)
	second.succeeded()
	require.Equal(t, time.Minute, second.calls[0].at)
	require.Equal(t, 4.0, second.calls[0].poll.WaitSeconds)
	require.Equal(t, 6, second.calls[0].poll.Polls)
	require.Equal(t, "finalizing", second.calls[0].poll.Known.ServiceStatus)
	require.Equal(t, 7, second.status().Polls)
}

func TestContinueAsNewWhileTheStartIsWaitedFor(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](again(time.Hour, func(a *answer) { a.Tries, a.FirstSentAt = 3, epoch }))}
	u := s.updateAt(time.Second, perdure.UpdateAwaitStarted, perdure.UpdateAwaitStarted)
	s.updateAt(2*time.Second, perdure.UpdateSetPolling, "", perdure.Polling{IntervalSeconds: 7})
	s.suggestAt(time.Minute)
	in := request(timeout(7200), func(in *perdure.OperationInput) { in.IdempotencyKey = "k" })
	second, args := s.moves(in)
	var moved *temporal.ApplicationError
	require.ErrorAs(t, u.err, &moved)
	require.Equal(t, perdure.ErrorRunMoved, moved.Type())

	s.same(second)
	second.starts = []act[startTask]{now[startTask](accepted(time.Second))}
	second.polls = []act[pollTask]{after[pollTask](time.Second, completed())}
	waits := second.updateAt(time.Second, perdure.UpdateAwaitStarted, perdure.UpdateAwaitStarted)
	second.run(args...)
	second.succeeded()
	require.NoError(t, waits.err)
	require.Equal(t, perdure.StateRunning, waits.status.State)
	task := second.calls[0].start
	require.Equal(t, time.Hour, second.calls[0].at)
	require.Equal(t, 3, task.Tries)
	require.Equal(t, epoch, task.FirstSentAt)
	require.Equal(t, epoch, task.StartedAt)
	require.Equal(t, epoch.Add(2*time.Hour), task.Deadline)
	require.Equal(t, "NotSent", task.KnownError.Code)
	require.Equal(t, "k", task.Input.IdempotencyKey)
	require.Equal(t, "/jobs", task.Input.Request.URL)
	require.Equal(t, 7.0, task.Input.Polling.IntervalSeconds)
}

// Told to stop while no worker has it, a start activity could not say whether its
// request was sent: the operation would be ambiguous, for no reason but its length.
func TestContinueAsNewDoesNotBreakAStartOff(t *testing.T) {
	for _, test := range []struct {
		name string
		then answer
	}{
		{"it comes to nothing", again(time.Second)},
		{"it is answered", accepted(time.Second)},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{after[startTask](5*time.Minute, test.then)}
			s.suggestAt(time.Minute)
			second, args := s.moves(request())
			require.Equal(t, 5*time.Minute, s.elapsed())
			require.False(t, s.calls[0].stopped)
			if test.then.State == perdure.StateStarting {
				second.starts = []act[startTask]{after[startTask](time.Second, completed(polls(0)))}
			} else {
				second.polls = []act[pollTask]{after[pollTask](time.Second, completed())}
			}
			s.same(second)
			second.run(args...)
			second.succeeded()
		})
	}
}

func TestContinueAsNewOfATokensOperation(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{fails[startTask](time.Second, "no keyset")}
	s.suggestAt(2 * time.Second)
	second, args := s.moves(perdure.OperationInput{Token: "perdure1_t", Type: "T", Audience: "A"})
	second.starts = []act[startTask]{now[startTask](accepted(0))}
	second.polls = []act[pollTask]{now[pollTask](completed())}
	second.run(args...)
	second.succeeded()
	require.Equal(t, perdure.OperationInput{Token: "perdure1_t", Type: "T", Audience: "A"}, second.calls[0].start.Input)
}

func TestContinueAsNewWhileAmbiguous(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](ambiguous())}
	s.suggestAt(time.Minute)
	second, args := s.moves(request(timeout(90)))
	require.Equal(t, time.Minute, s.elapsed())
	s.same(second)
	u := second.updateAt(time.Second, perdure.UpdateAwaitStarted, perdure.UpdateAwaitStarted)
	errorType, _, got := second.run(args...).failed()
	require.Equal(t, perdure.StateAmbiguous, u.status.State)
	require.Equal(t, perdure.ErrorStartAmbiguous, errorType)
	require.Equal(t, 90*time.Second, second.elapsed())
	require.Equal(t, perdure.StateAmbiguous, got.State)
	require.Equal(t, "may have been delivered", got.Error.Message)
}

func TestContinueAsNewTwice(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Hour))}
	s.suggestAt(time.Minute)
	second, args := s.moves(request())
	second.suggestAt(time.Minute)
	s.same(second)
	third, args := second.moves(args...)
	second.same(third)
	third.polls = []act[pollTask]{now[pollTask](completed())}
	third.run(args...)
	third.succeeded()
	require.Equal(t, time.Hour, third.elapsed())
	require.Equal(t, 1, third.status().Polls)
}
