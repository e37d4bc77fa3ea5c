package operation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

func TestSetPollingReckonsADurableWaitAnew(t *testing.T) {
	for _, test := range []struct {
		name    string
		asked   float64 // by the service
		polling perdure.Polling
		want    time.Duration // of the next question; polling is set at 100 s
	}{
		{"later", 0, perdure.Polling{IntervalSeconds: 600}, 600 * time.Second},
		{"earlier", 0, perdure.Polling{IntervalSeconds: 150}, 150 * time.Second},
		{"in the past", 0, perdure.Polling{IntervalSeconds: 1}, 100 * time.Second},
		{"the service's word", 200, perdure.Polling{IntervalSeconds: 1}, 200 * time.Second},
		{"the caller's floor under it", 200, perdure.Polling{IntervalSeconds: 250}, 250 * time.Second},
		{"the service's word ignored", 200, perdure.Polling{IntervalSeconds: 120, IgnoreRetryAfter: new(true)}, 120 * time.Second},
		{"the service's word not ignored", 200, perdure.Polling{IntervalSeconds: 120, IgnoreRetryAfter: new(false)}, 200 * time.Second},
		{"no interval: the service's", 0, perdure.Polling{}, 130 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](accepted(time.Hour, func(a *answer) {
				a.ServiceWaitSeconds, a.Interval = test.asked, 130
			}))}
			wait := test.want - 100*time.Second
			var left time.Duration // of the wait when the activity takes over
			s.polls = []act[pollTask]{func(ctx workflow.Context, task pollTask) (any, error) {
				left = time.Duration(task.WaitSeconds * float64(time.Second))
				return completed(), workflow.Sleep(ctx, left)
			}}
			u := s.updateAt(100*time.Second, perdure.UpdateSetPolling, "", test.polling)
			s.run(request())
			s.succeeded()
			require.NoError(t, u.err)
			require.Equal(t, 100*time.Second, u.at)
			require.Equal(t, epoch.Add(test.want), u.status.NextPollAt)
			call := s.pollCalls()[0]
			require.Equal(t, test.polling, *call.poll.Polling)
			require.Equal(t, test.want, s.elapsed())
			if wait > 20*time.Second {
				require.Zero(t, left, "a timer")
			} else {
				require.Equal(t, wait, left, "the activity waits")
			}
		})
	}
}

func TestSetPollingStartsTheWatcherAnew(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(10 * time.Second))}
	s.polls = []act[pollTask]{
		// It has asked thrice, last at 9 s, and would have asked next at 19 s.
		orElse[pollTask](time.Hour, nil, running(9*time.Second, polls(3), silent, func(a *answer) { a.LastPolledAt = epoch.Add(9 * time.Second) })),
		after[pollTask](4*time.Second, running(5*time.Second)),
		after[pollTask](5*time.Second, completed()),
	}
	u := s.updateAt(10*time.Second, perdure.UpdateSetPolling, "", perdure.Polling{IntervalSeconds: 5, Backoff: 2})
	s.run(request())
	s.succeeded()
	require.NoError(t, u.err)
	calls := s.pollCalls()
	require.True(t, calls[0].stopped)
	require.Nil(t, calls[0].poll.Polling)
	require.Equal(t, 10*time.Second, calls[1].at)
	require.Equal(t, 4.0, calls[1].poll.WaitSeconds, "5 s after the last question")
	require.Equal(t, perdure.Polling{IntervalSeconds: 5, Backoff: 2}, *calls[1].poll.Polling)
	require.Zero(t, calls[1].poll.Polls, "the backoff begins anew")
	require.Equal(t, 1, calls[2].poll.Polls)
	require.Equal(t, 5, s.status().Polls)
}

func TestSetPollingTwiceStartsTheWatcherAnewTwice(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(10 * time.Second))}
	s.polls = []act[pollTask]{never[pollTask](), never[pollTask](), after[pollTask](2*time.Second, completed())}
	s.updateAt(2*time.Second, perdure.UpdateSetPolling, "1", perdure.Polling{IntervalSeconds: 5})
	s.updateAt(3*time.Second, perdure.UpdateSetPolling, "2", perdure.Polling{IntervalSeconds: 6})
	s.run(request())
	s.succeeded()
	calls := s.pollCalls()
	require.Equal(t, []time.Duration{0, 2 * time.Second, 3 * time.Second}, []time.Duration{calls[0].at, calls[1].at, calls[2].at})
	require.Equal(t, []float64{10, 3, 3}, []float64{calls[0].poll.WaitSeconds, calls[1].poll.WaitSeconds, calls[2].poll.WaitSeconds})
}

func TestSetPollingWhileTheStartIsUnderWay(t *testing.T) {
	slow := perdure.Polling{IntervalSeconds: 3600}
	for _, test := range []struct {
		name string
		args []any
		a    answer
	}{
		{"a request", []any{request(func(in *perdure.OperationInput) { in.Polling = &slow })}, accepted(time.Hour)},
		{
			"a token",
			[]any{perdure.OperationInput{Token: "perdure1_t"}},
			accepted(time.Hour, func(a *answer) { a.Resumed = &perdure.Resumed{Polling: &slow} }),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{after[startTask](5*time.Second, test.a)}
			s.polls = []act[pollTask]{after[pollTask](2*time.Second, completed())}
			u := s.updateAt(time.Second, perdure.UpdateSetPolling, "", perdure.Polling{IntervalSeconds: 2})
			s.run(test.args...)
			s.succeeded()
			require.NoError(t, u.err)
			require.Equal(t, perdure.StateStarting, u.status.State)
			require.Zero(t, u.status.NextPollAt)
			require.False(t, s.callsOf(perdure.ActivityStart)[0].stopped, "a start is not broken off for that")
			call := s.pollCalls()[0]
			require.Equal(t, 5*time.Second, call.at)
			require.Equal(t, 2.0, call.poll.WaitSeconds)
			require.Equal(t, perdure.Polling{IntervalSeconds: 2}, *call.poll.Polling)
		})
	}
}

func TestSetPollingBetweenTwoStartsIsInTheSecond(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](again(time.Minute)), now[startTask](completed(polls(0)))}
	u := s.updateAt(time.Second, perdure.UpdateSetPolling, "", perdure.Polling{IntervalSeconds: 2})
	s.run(request(func(in *perdure.OperationInput) { in.Polling = &perdure.Polling{IntervalSeconds: 9} }))
	s.succeeded()
	require.Equal(t, epoch.Add(time.Minute), u.status.NextPollAt, "of the start")
	calls := s.callsOf(perdure.ActivityStart)
	require.Equal(t, time.Minute, calls[1].at)
	require.Equal(t, 2.0, calls[1].start.Input.Polling.IntervalSeconds)
}

func TestSetPollingOfAnAmbiguousOperation(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](again(time.Second)), now[startTask](ambiguous())}
	u := s.updateAt(time.Second, perdure.UpdateSetPolling, "", perdure.Polling{IntervalSeconds: 2})
	s.at(time.Hour, s.env.CancelWorkflow)
	s.run(request()).canceled()
	require.NoError(t, u.err)
	require.Equal(t, perdure.StateAmbiguous, u.status.State)
	require.Zero(t, u.status.NextPollAt, "nothing will be asked")
}

func TestSetPollingAfterTheEndIsRefused(t *testing.T) {
	s := newStage(t)
	s.stubborn = true // so that the workflow, which waits for its handlers, is open for a while after the end
	s.starts = []act[startTask]{now[startTask](accepted(time.Second))}
	s.polls = []act[pollTask]{
		after[pollTask](2*time.Second, completed()),
		func(ctx workflow.Context, _ pollTask) (any, error) {
			ctx, _ = workflow.NewDisconnectedContext(ctx)
			return running(time.Hour, status("too late")), workflow.Sleep(ctx, 5*time.Second)
		},
	}
	first := s.updateAt(time.Second, perdure.UpdateUpdateStatus, "")
	polling := s.updateAt(3*time.Second, perdure.UpdateSetPolling, "", perdure.Polling{IntervalSeconds: 2})
	second := s.updateAt(4*time.Second, perdure.UpdateUpdateStatus, "")
	started := s.updateAt(5*time.Second, perdure.UpdateAwaitStarted, "")
	s.run(request())
	s.succeeded()
	require.Equal(t, 6*time.Second, s.elapsed())
	require.False(t, polling.accepted)
	require.ErrorContains(t, polling.rejected, "the operation is over")
	require.Equal(t, 6*time.Second, first.at)
	require.Equal(t, 4*time.Second, second.at, "nobody is asked any more")
	for _, u := range []*asked{first, second, started} {
		require.NoError(t, u.err)
		require.True(t, u.status.Done)
		require.Equal(t, "completed", u.status.ServiceStatus)
	}
	require.Equal(t, epoch.Add(2*time.Second), first.status.EndedAt)
}
