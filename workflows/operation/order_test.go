package operation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

func body(text string) func(*answer) {
	return func(a *answer) { a.Response, a.BodyDigest = reply(text), "digest of "+text }
}

func sealed(token string) func(*answer) { return func(a *answer) { a.Sealed = token } }

func TestAnOlderQuestionDoesNotOverwriteANewerAnswer(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(5 * time.Second))}
	s.polls = []act[pollTask]{
		after[pollTask](10*time.Second, running(5*time.Second, polls(3), status("validating"), body("old"), sealed("perdure1_old"), func(a *answer) {
			a.LastPolledAt = epoch.Add(9 * time.Second)
		})),
		after[pollTask](time.Second, running(12*time.Second, status("finalizing"), body("new"), sealed("perdure1_new"), func(a *answer) {
			a.LastPolledAt = epoch.Add(2 * time.Second)
		})),
		after[pollTask](3*time.Second, completed()),
	}
	s.at(time.Second, func() { s.env.SignalWorkflow(perdure.SignalPoll, nil) })
	s.at(11*time.Second, func() {
		got := s.status()
		require.Equal(t, "finalizing", got.ServiceStatus)
		require.Equal(t, 4, got.Polls)
		require.Equal(t, epoch.Add(9*time.Second), got.LastPolledAt, "by whoever asked last")
		require.Equal(t, epoch.Add(14*time.Second), got.NextPollAt)
		require.Equal(t, "new", *s.response().Body.Text)
		require.Equal(t, "perdure1_new", s.token())
	})
	s.run(request())
	s.succeeded()
	calls := s.pollCalls()
	require.Equal(t, 10*time.Second, calls[2].at)
	require.Equal(t, 4.0, calls[2].poll.WaitSeconds)
	require.Equal(t, "finalizing", calls[2].poll.Known.ServiceStatus)
	require.Equal(t, "digest of new", calls[2].poll.Known.Body)
}

// The answer that came beside says nothing of where the watcher has gone on to meanwhile,
// and where it came from may not be there any more.
func TestAStateThatMovedIsKept(t *testing.T) {
	for _, test := range []struct {
		name   string
		beside answer
	}{
		{"answered, and nothing new", running(5*time.Second, sealed(""))},
		{"not answered", answer{Polls: 1, LastError: &perdure.TimedError{At: epoch, Error: perdure.ServiceError{Code: "NoAnswer"}}}},
		{"refused", running(0, refused)},
		{"refused, under a newer key", running(0, refused, sealed("perdure1_a_again"))},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](accepted(5 * time.Second))}
			s.polls = []act[pollTask]{
				after[pollTask](10*time.Second, running(5*time.Second, sealed("perdure1_moved"))),
				after[pollTask](time.Second, test.beside),
				now[pollTask](completed()),
			}
			s.at(time.Second, func() { s.env.SignalWorkflow(perdure.SignalPoll, nil) })
			s.run(request())
			s.succeeded()
			require.Equal(t, "perdure1_moved", s.pollCalls()[2].poll.State)
		})
	}
}

func TestATerminalAnswerWinsWhateverItsPlace(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(5 * time.Second))}
	s.polls = []act[pollTask]{
		after[pollTask](3*time.Second, completed(polls(2))),
		after[pollTask](time.Second, running(5*time.Second, status("finalizing"))),
		after[pollTask](2*time.Second, running(5*time.Second, status("never heard"))),
	}
	s.at(time.Second, func() { s.env.SignalWorkflow(perdure.SignalPoll, nil) })
	u := s.updateAt(2500*time.Millisecond, perdure.UpdateUpdateStatus, "")
	s.run(request())
	s.succeeded()
	require.Equal(t, 3*time.Second, s.elapsed())
	require.Equal(t, "completed", u.status.ServiceStatus, "the question under way is given up")
	require.True(t, u.status.Done)
	require.Equal(t, 3, s.status().Polls)
}

// What another answer has replaced meanwhile is no body to fall back to.
func TestABodyThatWasLeftOutIsTheOneThatWasKnown(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(5*time.Second, body("first")))}
	s.polls = []act[pollTask]{
		after[pollTask](2*time.Second, running(time.Minute, status("validating"), body("second"))),
		after[pollTask](3*time.Second, running(time.Minute, body("first"), func(a *answer) { a.SameBody, a.Response.Body = true, nil })),
		now[pollTask](completed()),
	}
	s.at(time.Second, func() { s.env.SignalWorkflow(perdure.SignalPoll, nil) })
	s.at(10*time.Second, func() { require.Equal(t, "in_progress", s.status().ServiceStatus) })
	s.run(request())
	s.succeeded()
	calls := s.pollCalls()
	require.Equal(t, "digest of first", calls[1].poll.Known.Body)
	require.Equal(t, "digest of second", calls[2].poll.Known.Body, "the last body that is at hand")
}

func TestPollSignalsAreOneQuestion(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{after[startTask](time.Second, accepted(time.Hour))}
	s.polls = []act[pollTask]{after[pollTask](2*time.Second, running(time.Hour)), now[pollTask](running(time.Hour)), now[pollTask](completed())}
	poll := func() { s.env.SignalWorkflow(perdure.SignalPoll, nil) }
	s.at(500*time.Millisecond, poll) // nothing to ask yet
	s.at(10*time.Second, func() { poll(); poll(); poll() })
	s.at(11*time.Second, poll) // while one is under way
	s.at(20*time.Second, func() { s.env.SignalWorkflow(perdure.SignalPoll, "with a payload") })
	s.run(request())
	s.succeeded()
	calls := s.pollCalls()
	require.Len(t, calls, 3)
	require.Equal(t, []time.Duration{10 * time.Second, 20 * time.Second, 20*time.Second + time.Hour}, []time.Duration{calls[0].at, calls[1].at, calls[2].at})
	require.Equal(t, []bool{true, true, false}, []bool{calls[0].poll.Once, calls[1].poll.Once, calls[2].poll.Once})
}
