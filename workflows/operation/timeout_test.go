package operation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

func TestTimeOutOfAStart(t *testing.T) {
	sent := func(a *answer) { a.FirstSentAt = epoch }
	for _, test := range []struct {
		name      string
		starts    []act[startTask]
		errorType string
		state     perdure.State
	}{
		{"nothing was sent", []act[startTask]{orElse[startTask](time.Hour, nil, again(time.Second))}, perdure.ErrorOperationTimedOut, perdure.StateFailed},
		{"nothing was sent, the next is waited for", []act[startTask]{now[startTask](again(time.Hour))}, perdure.ErrorOperationTimedOut, perdure.StateFailed},
		{"it may have been delivered", []act[startTask]{orElse[startTask](time.Hour, nil, again(time.Second, sent))}, perdure.ErrorStartAmbiguous, perdure.StateAmbiguous},
		{"it may have been delivered, the next is waited for", []act[startTask]{now[startTask](again(time.Hour, sent))}, perdure.ErrorStartAmbiguous, perdure.StateAmbiguous},
		{"it turns out ambiguous", []act[startTask]{orElse[startTask](time.Hour, nil, ambiguous())}, perdure.ErrorStartAmbiguous, perdure.StateAmbiguous},
		{"it is ambiguous", []act[startTask]{now[startTask](ambiguous())}, perdure.ErrorStartAmbiguous, perdure.StateAmbiguous},
		{"no worker has run it", []act[startTask]{lost[startTask]()}, perdure.ErrorStartAmbiguous, perdure.StateAmbiguous},
		{"it is answered all the same", []act[startTask]{orElse[startTask](time.Hour, nil, accepted(time.Second))}, perdure.ErrorOperationTimedOut, perdure.StateUnknown},
		{"it is rejected", []act[startTask]{orElse[startTask](time.Hour, nil, bad(perdure.StateFailed, perdure.ErrorStartRejected, "400", "no"))}, perdure.ErrorStartRejected, perdure.StateFailed},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = test.starts
			errorType, _, got := s.run(request(timeout(90.5))).failed()
			require.Equal(t, 90500*time.Millisecond, s.elapsed())
			require.Equal(t, test.errorType, errorType)
			require.Equal(t, test.state, got.State)
			require.NotNil(t, got.Error)
			require.Nil(t, got.Cancel)
			require.Equal(t, epoch.Add(90500*time.Millisecond), s.calls[0].start.Deadline)
		})
	}
}

func TestTimeOutOfARunningOperationLeavesTheRemoteAlone(t *testing.T) {
	for _, test := range []struct {
		name string
		wait time.Duration
		poll []act[pollTask]
	}{
		{"watched", time.Second, []act[pollTask]{never[pollTask]()}},
		{"waited for", time.Hour, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](accepted(test.wait))}
			s.polls = test.poll
			errorType, message, got := s.run(request(timeout(60), grace(5))).failed()
			require.Equal(t, time.Minute, s.elapsed())
			require.Equal(t, perdure.ErrorOperationTimedOut, errorType)
			require.Contains(t, message, "timeoutSeconds passed")
			require.Equal(t, perdure.StateUnknown, got.State)
			require.Equal(t, "in_progress", got.ServiceStatus)
			require.Nil(t, got.Cancel)
			require.Equal(t, "perdure1_a", s.token(), "to take it up again")
		})
	}
}

func TestTimeOutThatCancels(t *testing.T) {
	for _, test := range []struct {
		name      string
		cancel    act[cancelTask]
		supported *bool
		want      time.Duration
	}{
		{"accepted", after[cancelTask](2*time.Second, yes()), new(true), 62 * time.Second},
		{"unsupported", now[cancelTask](perdure.CancelAnswer{}), new(false), 60 * time.Second},
		{"never answered", fails[cancelTask](time.Minute, "activity timed out"), nil, 120 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](accepted(time.Second))}
			s.polls = []act[pollTask]{never[pollTask]()}
			s.cancels = []act[cancelTask]{test.cancel}
			errorType, _, got := s.run(request(timeout(60), onTimeout)).failed()
			require.Equal(t, perdure.ErrorOperationTimedOut, errorType)
			require.Equal(t, perdure.StateUnknown, got.State)
			require.Equal(t, epoch.Add(time.Minute), got.Cancel.RequestedAt)
			require.Equal(t, test.supported, got.Cancel.Supported)
			require.Equal(t, test.want, s.elapsed())
			call := s.callsOf(perdure.ActivityCancel)[0]
			require.Equal(t, time.Minute, call.options.ScheduleToCloseTimeout, "one minute, and no more")
			require.Equal(t, 60.0, call.cancel.GraceSeconds)
		})
	}
	t.Run("it ends while it is canceled", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{now[startTask](accepted(time.Second))}
		s.polls = []act[pollTask]{after[pollTask](61*time.Second, completed())}
		s.cancels = []act[cancelTask]{after[cancelTask](2*time.Second, yes())}
		s.run(request(timeout(60), onTimeout))
		require.Equal(t, perdure.StateSucceeded, s.succeeded().State)
	})
	t.Run("it was being canceled already", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{now[startTask](accepted(time.Second))}
		s.polls = []act[pollTask]{never[pollTask]()}
		s.cancels = []act[cancelTask]{now[cancelTask](yes())}
		s.at(30*time.Second, s.env.CancelWorkflow)
		errorType, _, got := s.run(request(timeout(60), onTimeout)).failed()
		require.Equal(t, time.Minute, s.elapsed())
		require.Equal(t, perdure.ErrorOperationTimedOut, errorType)
		require.Equal(t, "the workflow was canceled", got.Cancel.Reason)
	})
	t.Run("the start was under way", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{orElse[startTask](time.Hour, nil, accepted(time.Second))}
		s.cancels = []act[cancelTask]{after[cancelTask](time.Second, yes())}
		errorType, _, got := s.run(request(timeout(60), onTimeout)).failed()
		require.Equal(t, perdure.ErrorOperationTimedOut, errorType)
		require.True(t, *got.Cancel.Accepted)
		require.Equal(t, 61*time.Second, s.elapsed())
	})
	t.Run("nothing was started", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{orElse[startTask](time.Hour, nil, again(time.Second))}
		errorType, _, got := s.run(request(timeout(60), onTimeout)).failed()
		require.Equal(t, perdure.ErrorOperationTimedOut, errorType)
		require.Equal(t, perdure.StateFailed, got.State)
		require.Nil(t, got.Cancel)
	})
}

func TestATokenBringsItsSettingsAlong(t *testing.T) {
	started := epoch.Add(-time.Hour)
	resumed := func(a *answer) {
		a.Response, a.BodyDigest, a.AsOf = nil, "", time.Time{}
		a.Resumed = &perdure.Resumed{
			Polling: &perdure.Polling{IntervalSeconds: 7}, Cancel: &perdure.CancelSettings{GraceSeconds: new(3.0)},
			Deadline: epoch.Add(30 * time.Second), StartedAt: started,
		}
	}
	t.Run("deadline", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{now[startTask](accepted(0, resumed))}
		s.polls = []act[pollTask]{never[pollTask]()}
		errorType, _, got := s.run(perdure.OperationInput{Token: "perdure1_t", Type: "CreateJob"}).failed()
		require.Equal(t, perdure.ErrorOperationTimedOut, errorType)
		require.Equal(t, 30*time.Second, s.elapsed())
		require.Equal(t, started, got.StartedAt)
		require.Equal(t, "CreateJob", got.Type)
		require.Equal(t, 7.0, s.pollCalls()[0].poll.Polling.IntervalSeconds)
	})
	t.Run("a deadline of its own", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{func(ctx ctx, task startTask) (any, error) {
			return accepted(0, resumed, func(a *answer) { a.Resumed.Deadline = task.Deadline }), nil // as the activity does
		}}
		s.polls = []act[pollTask]{never[pollTask]()}
		errorType, _, _ := s.run(perdure.OperationInput{Token: "perdure1_t", TimeoutSeconds: 40}).failed()
		require.Equal(t, perdure.ErrorOperationTimedOut, errorType)
		require.Equal(t, 40*time.Second, s.elapsed())
	})
	t.Run("grace", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{now[startTask](accepted(0, resumed))}
		s.polls = []act[pollTask]{never[pollTask]()}
		s.cancels = []act[cancelTask]{now[cancelTask](yes())}
		s.at(time.Second, s.env.CancelWorkflow)
		s.run(perdure.OperationInput{Token: "perdure1_t"}).canceled()
		require.Equal(t, 4*time.Second, s.elapsed())
	})
	t.Run("a deadline that has passed", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{now[startTask](accepted(0, resumed, func(a *answer) { a.Resumed.Deadline = started }))}
		s.polls = []act[pollTask]{never[pollTask]()}
		errorType, _, _ := s.run(perdure.OperationInput{Token: "perdure1_t"}).failed()
		require.Equal(t, perdure.ErrorOperationTimedOut, errorType)
		require.Zero(t, s.elapsed())
	})
}
