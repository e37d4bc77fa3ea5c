package operation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
)

var adopted = perdure.Adoption{Operation: "job_1", Collection: "/jobs"}

// resolved runs an ambiguous operation that is resolved after a minute.
func resolved(t *testing.T, r perdure.Resolve, then ...act[startTask]) (*stage, *asked) {
	t.Helper()
	s := newStage(t)
	s.starts = append([]act[startTask]{now[startTask](ambiguous())}, then...)
	return s, s.updateAt(time.Minute, perdure.UpdateResolve, "", r)
}

func TestResolveSendsTheStartAgain(t *testing.T) {
	s, u := resolved(t, perdure.Resolve{Retry: true}, now[startTask](again(time.Minute)), after[startTask](time.Second, accepted(time.Second)))
	s.polls = []act[pollTask]{after[pollTask](time.Second, completed())}
	waiting := s.updateAt(90*time.Second, perdure.UpdateAwaitStarted, "")
	s.run(request())
	s.succeeded()
	calls := s.callsOf(perdure.ActivityStart)
	require.Equal(t, []time.Duration{0, time.Minute, 2 * time.Minute}, []time.Duration{calls[0].at, calls[1].at, calls[2].at})
	require.True(t, calls[1].start.Again)
	require.Zero(t, calls[1].start.FirstSentAt, "what was sent before does not count")
	require.True(t, calls[2].start.Again, "until it is carried out")
	for _, answered := range []*asked{u, waiting} {
		require.NoError(t, answered.err)
		require.Equal(t, 121*time.Second, answered.at)
		require.Equal(t, perdure.StateRunning, answered.status.State)
		require.Nil(t, answered.status.Error)
	}
}

func TestResolveThatIsLostAgain(t *testing.T) {
	s, u := resolved(t, perdure.Resolve{Retry: true}, after[startTask](time.Second, ambiguous()))
	s.at(time.Hour, s.env.CancelWorkflow)
	s.run(request()).canceled()
	require.NoError(t, u.err)
	require.Equal(t, perdure.StateAmbiguous, u.status.State)
	require.Equal(t, 61*time.Second, u.at)
}

func TestResolveTakesOverWhatAPersonFound(t *testing.T) {
	s, u := resolved(t, perdure.Resolve{Adopt: &adopted}, after[startTask](time.Second, accepted(0, func(a *answer) { a.Tries = 0 })))
	s.polls = []act[pollTask]{now[pollTask](completed())}
	s.run(request())
	s.succeeded()
	require.NoError(t, u.err)
	require.Equal(t, "job_1", u.status.RemoteID)
	require.Equal(t, adopted, *s.calls[1].start.Adopt)
	require.False(t, s.calls[1].start.Again)
}

func TestResolveThatCannotBeCarriedOutLeavesItAmbiguous(t *testing.T) {
	refusal := answer{State: perdure.StateFailed, ErrorType: perdure.ErrorInvalidInput, Error: &perdure.ServiceError{Code: perdure.ErrorInvalidInput, Message: "adopt.operation: no"}}
	s, u := resolved(t, perdure.Resolve{Adopt: &adopted}, now[startTask](refusal), now[startTask](accepted(0)))
	s.at(2*time.Minute, func() {
		got := s.status()
		require.Equal(t, perdure.StateAmbiguous, got.State)
		require.False(t, got.Done)
		require.Equal(t, ambiguous().Error, got.Error, "the start stays as it is")
		require.Equal(t, ambiguous().LastError, got.LastError)
	})
	second := s.updateAt(3*time.Minute, perdure.UpdateResolve, "second", perdure.Resolve{Retry: true})
	s.polls = []act[pollTask]{now[pollTask](completed())}
	s.run(request())
	s.succeeded()
	var bad *temporal.ApplicationError
	require.ErrorAs(t, u.err, &bad)
	require.Equal(t, perdure.ErrorInvalidInput, bad.Type())
	require.Equal(t, "adopt.operation: no", bad.Message())
	require.NoError(t, second.err)
	require.True(t, s.calls[2].start.Again)
	require.Nil(t, s.calls[2].start.Adopt)
}

func TestResolveGivesUp(t *testing.T) {
	s, u := resolved(t, perdure.Resolve{Fail: "nobody knows"})
	errorType, message, got := s.run(request()).failed()
	require.Equal(t, perdure.ErrorStartAmbiguous, errorType)
	require.Equal(t, "nobody knows", message)
	require.Equal(t, perdure.StateAmbiguous, got.State)
	require.Equal(t, got, u.status)
	require.Equal(t, time.Minute, s.elapsed())
}

func TestResolveIsRefused(t *testing.T) {
	for _, test := range []struct {
		name, argument, want string
	}{
		{"nothing", `{}`, "want exactly one of retry, adopt and fail"},
		{"two", `{"retry":true,"fail":"x"}`, "want exactly one of retry, adopt and fail"},
		{"an unknown field", `{"again":true}`, "again: unknown field"},
		{"an adoption of nothing", `{"adopt":{}}`, "adopt"},
		{"no object", `"retry"`, "want an object"},
		{"empty", ``, "is empty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](ambiguous())}
			u := s.updateAt(time.Minute, perdure.UpdateResolve, "", []byte(test.argument))
			s.run(request(timeout(90))).failed()
			require.False(t, u.accepted)
			require.ErrorContains(t, u.rejected, test.want)
		})
	}
	t.Run("what is not ambiguous", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{after[startTask](time.Minute, accepted(time.Hour))}
		s.polls = []act[pollTask]{now[pollTask](completed())}
		starting := s.updateAt(time.Second, perdure.UpdateResolve, "1", perdure.Resolve{Retry: true})
		running := s.updateAt(2*time.Minute, perdure.UpdateResolve, "2", perdure.Resolve{Retry: true})
		s.run(request())
		s.succeeded()
		require.ErrorContains(t, starting.rejected, "not ambiguous")
		require.ErrorContains(t, running.rejected, "not ambiguous")
	})
	t.Run("twice at once", func(t *testing.T) {
		s, u := resolved(t, perdure.Resolve{Retry: true}, after[startTask](time.Second, accepted(time.Second)))
		s.polls = []act[pollTask]{now[pollTask](completed())}
		second := s.updateAt(time.Minute, perdure.UpdateResolve, "second", perdure.Resolve{Fail: "no"})
		s.run(request())
		s.succeeded()
		require.NoError(t, u.err)
		require.ErrorContains(t, second.rejected, "not ambiguous")
	})
}

func TestResolveAndWhatComesBetween(t *testing.T) {
	t.Run("a cancel", func(t *testing.T) {
		s, u := resolved(t, perdure.Resolve{Retry: true}, orElse[startTask](time.Hour, nil, again(time.Second)))
		s.at(2*time.Minute, s.env.CancelWorkflow)
		got := s.run(request()).canceled()
		require.Equal(t, perdure.StateFailed, got.State, "a person has said that nothing was started")
		require.Equal(t, got, u.status)
	})
	t.Run("a cancel of an adoption", func(t *testing.T) {
		s, u := resolved(t, perdure.Resolve{Adopt: &adopted}, lost[startTask]())
		s.at(2*time.Minute, s.env.CancelWorkflow)
		got := s.run(request()).canceled()
		require.Equal(t, perdure.StateAmbiguous, got.State)
		require.Equal(t, got, u.status)
	})
	t.Run("a cancel of an adoption that comes to nothing", func(t *testing.T) {
		refusal := answer{State: perdure.StateFailed, ErrorType: perdure.ErrorInvalidInput, Error: &perdure.ServiceError{Message: "no"}}
		s, u := resolved(t, perdure.Resolve{Adopt: &adopted}, orElse[startTask](time.Hour, nil, refusal))
		s.at(2*time.Minute, s.env.CancelWorkflow)
		got := s.run(request()).canceled()
		require.Equal(t, perdure.StateAmbiguous, got.State)
		require.True(t, u.err != nil || u.status.Done)
	})
	t.Run("a cancel of an adoption that no worker has begun", func(t *testing.T) {
		s, u := resolved(t, perdure.Resolve{Adopt: &adopted}, lost[startTask]())
		s.look = func(perdure.StartLook) (perdure.StartSeen, error) { return perdure.StartSeen{Unsent: true}, nil }
		s.at(2*time.Minute, s.env.CancelWorkflow)
		got := s.run(request()).canceled()
		require.Equal(t, perdure.StateAmbiguous, got.State, "the start before it is")
		require.Equal(t, got, u.status)
	})
	t.Run("the time-out of an adoption that no worker has begun", func(t *testing.T) {
		s, _ := resolved(t, perdure.Resolve{Adopt: &adopted}, lost[startTask]())
		s.look = func(perdure.StartLook) (perdure.StartSeen, error) { return perdure.StartSeen{Unsent: true}, nil }
		errorType, _, got := s.run(request(timeout(120))).failed()
		require.Equal(t, perdure.ErrorStartAmbiguous, errorType)
		require.Equal(t, perdure.StateAmbiguous, got.State)
	})
	t.Run("the time-out", func(t *testing.T) {
		s, _ := resolved(t, perdure.Resolve{Adopt: &adopted}, lost[startTask]())
		errorType, _, got := s.run(request(timeout(120))).failed()
		require.Equal(t, perdure.ErrorStartAmbiguous, errorType)
		require.Equal(t, perdure.StateAmbiguous, got.State)
	})
	t.Run("continue-as-new", func(t *testing.T) {
		s, u := resolved(t, perdure.Resolve{Retry: true}, now[startTask](again(time.Hour)))
		s.suggestAt(2 * time.Minute)
		second, args := s.moves(request())
		var moved *temporal.ApplicationError
		require.ErrorAs(t, u.err, &moved)
		require.Equal(t, perdure.ErrorRunMoved, moved.Type())
		second.starts = []act[startTask]{now[startTask](completed(polls(0)))}
		s.same(second)
		second.run(args...)
		second.succeeded()
		require.True(t, second.calls[0].start.Again)
	})
}
