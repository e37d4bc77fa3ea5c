package operation_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
)

func TestQueriesAtEachStage(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{after[startTask](time.Second, accepted(5*time.Second, func(a *answer) { a.AsOf = epoch.Add(time.Second) }))}
	s.polls = []act[pollTask]{
		after[pollTask](5*time.Second, running(30*time.Second, polls(2), func(a *answer) {
			a.News, a.Percent, a.Progress = "n1", new(40.0), json.RawMessage(`{"completed":4,"total":10.0}`)
			a.Sealed, a.Response, a.BodyDigest = "perdure1_b", reply("r1"), "d1"
			a.LastPolledAt, a.AsOf = epoch.Add(6*time.Second), epoch.Add(6*time.Second)
		})),
		now[pollTask](completed()),
	}
	s.at(500*time.Millisecond, func() { // the start is under way
		got := s.status()
		require.Equal(t, perdure.Status{
			State: perdure.StateStarting, Service: "jobs", Protocol: "auto", StartedAt: epoch, AsOf: epoch,
		}, got)
		require.Nil(t, s.response())
		require.Empty(t, s.token())
	})
	s.at(2*time.Second, func() { // the activity watches
		require.Equal(t, perdure.Status{
			State: perdure.StateRunning, Service: "jobs", Protocol: "openai", RemoteID: "job_1", ServiceStatus: "in_progress",
			StartedAt: epoch, AsOf: epoch.Add(time.Second), NextPollAt: epoch.Add(6 * time.Second),
		}, s.status())
		require.Equal(t, "r0", *s.response().Body.Text)
		require.Equal(t, "perdure1_a", s.token())
	})
	s.at(10*time.Second, func() { // the durable wait
		require.Equal(t, perdure.Status{
			State: perdure.StateRunning, Service: "jobs", Protocol: "openai", RemoteID: "job_1", ServiceStatus: "in_progress",
			PercentComplete: new(40.0), Progress: json.RawMessage(`{"completed":4,"total":10.0}`), Polls: 2,
			StartedAt: epoch, AsOf: epoch.Add(6 * time.Second), LastPolledAt: epoch.Add(6 * time.Second), NextPollAt: epoch.Add(36 * time.Second),
		}, s.status())
		require.Equal(t, "r1", *s.response().Body.Text)
		require.Equal(t, "perdure1_b", s.token())
	})
	s.run(request())
	s.succeeded()
	got := s.status() // also on a closed workflow
	require.True(t, got.Done)
	require.Equal(t, "completed", got.ServiceStatus)
	require.Equal(t, 3, got.Polls)
	require.Equal(t, "r9", *s.response().Body.Text)
	require.Equal(t, "perdure1_b", s.token())
}

func TestWhatSaysNothingNewStays(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Minute, func(a *answer) { a.Percent = new(1.0) }))}
	s.polls = []act[pollTask]{
		now[pollTask](running(time.Minute, silent, func(a *answer) { a.ServiceStatus, a.RemoteID, a.Protocol = "", "", "" })),
		now[pollTask](running(time.Minute, func(a *answer) { // another header, the same body
			a.SameBody, a.Response.Body, a.Response.Status = true, nil, 202
		})),
		now[pollTask](completed()),
	}
	s.at(90*time.Second, func() {
		got := s.status()
		require.Equal(t, "in_progress", got.ServiceStatus)
		require.Equal(t, "job_1", got.RemoteID)
		require.Equal(t, 1.0, *got.PercentComplete)
		require.Equal(t, 200, s.response().Status)
		require.Equal(t, "perdure1_a", s.token())
	})
	s.at(150*time.Second, func() {
		require.Equal(t, 202, s.response().Status)
		require.Equal(t, "r0", *s.response().Body.Text, "the body that was left out")
	})
	s.run(request())
	s.succeeded()
	calls := s.pollCalls()
	require.Equal(t, perdure.Known{ServiceStatus: "in_progress", News: "n0", Body: "d0"}, calls[0].poll.Known)
	require.Equal(t, calls[0].poll.Known, calls[2].poll.Known)
	require.Equal(t, "perdure1_a", calls[2].poll.State)
}

func TestATokenThatDoesNotFitIsTheQueryersTrouble(t *testing.T) {
	largest, larger := strings.Repeat("a", perdure.MaxTokenBytes), strings.Repeat("b", perdure.MaxTokenBytes+1)
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Minute, func(a *answer) { a.Sealed = largest }))}
	s.polls = []act[pollTask]{now[pollTask](running(time.Minute, func(a *answer) { a.Sealed = larger })), now[pollTask](completed())}
	s.at(time.Second, func() { require.Equal(t, largest, s.token()) })
	tooLarge := func() {
		_, err := s.env.QueryWorkflow(perdure.QueryToken)
		var bad *temporal.ApplicationError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, perdure.ErrorTokenTooLarge, bad.Type())
		require.Contains(t, err.Error(), "16385 bytes")
		require.NotContains(t, err.Error(), "bbb")
		require.Equal(t, perdure.StateRunning, s.status().State)
	}
	s.at(90*time.Second, tooLarge)
	s.run(request())
	s.succeeded()
	require.Equal(t, larger, s.pollCalls()[1].poll.State, "the operation goes on with it")
}

func TestLastErrorIsThereUntilAQuestionSucceeds(t *testing.T) {
	failing := func(code string) func(*answer) {
		return func(a *answer) {
			*a = answer{Polls: 3, WaitSeconds: 10, LastError: &perdure.TimedError{At: epoch, Error: perdure.ServiceError{Code: code, HTTPStatus: 503, Details: json.RawMessage(`{}`)}}}
		}
	}
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Second))}
	s.polls = []act[pollTask]{
		after[pollTask](time.Second, running(0, failing("503"))),
		after[pollTask](10*time.Second, running(30*time.Second)),
		now[pollTask](running(0, failing("504"))),
		after[pollTask](10*time.Second, completed()),
	}
	s.at(2*time.Second, func() {
		got := s.status()
		require.Equal(t, "503", got.LastError.Error.Code)
		require.Equal(t, perdure.StateRunning, got.State)
		require.Equal(t, "in_progress", got.ServiceStatus)
	})
	s.at(12*time.Second, func() { require.Nil(t, s.status().LastError) })
	s.at(45*time.Second, func() { require.Equal(t, "504", s.status().LastError.Error.Code) })
	s.run(request())
	s.succeeded()
	require.Nil(t, s.status().LastError)
	calls := s.pollCalls()
	require.Equal(t, &perdure.ServiceError{Code: "503", HTTPStatus: 503}, calls[1].poll.Known.Error, "without its details")
	require.Nil(t, calls[2].poll.Known.Error)
}

// A watcher that is told to return before it has asked says nothing of the service.
func TestLastErrorOutlivesAWatcherThatAskedNothing(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Second))}
	s.polls = []act[pollTask]{
		now[pollTask](answer{Polls: 3, WaitSeconds: 10, LastError: &perdure.TimedError{At: epoch, Error: perdure.ServiceError{Code: "503"}}}),
		never[pollTask](),
		after[pollTask](time.Second, completed()),
	}
	u := s.updateAt(2*time.Second, perdure.UpdateSetPolling, "", perdure.Polling{IntervalSeconds: 3})
	s.at(2500*time.Millisecond, func() { require.Equal(t, "503", s.status().LastError.Error.Code) })
	s.run(request())
	s.succeeded()
	require.NoError(t, u.err)
	require.Equal(t, "503", s.pollCalls()[2].poll.Known.Error.Code)
}
