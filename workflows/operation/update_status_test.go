package operation_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
)

func TestUpdateStatusAsksOnceBesideTheWatcher(t *testing.T) {
	s := newStage(t)
	headers := map[string][]string{"X-Trace": {"7"}}
	s.starts = []act[startTask]{now[startTask](accepted(10 * time.Second))}
	s.polls = []act[pollTask]{
		after[pollTask](20*time.Second, completed(polls(2))),
		after[pollTask](time.Second, running(10*time.Second, status("finalizing"))),
	}
	u := s.updateAt(3*time.Second, perdure.UpdateUpdateStatus, "", perdure.UpdateStatusRequest{Headers: headers})
	s.run(request())
	s.succeeded()
	require.NoError(t, u.err)
	require.Equal(t, 4*time.Second, u.at, "it does not wait for the watcher")
	require.Equal(t, "finalizing", u.status.ServiceStatus)
	require.Equal(t, 1, u.status.Polls)
	calls := s.pollCalls()
	require.Len(t, calls, 2)
	require.Nil(t, calls[0].poll.Headers)
	require.False(t, calls[0].stopped, "the watcher goes on")
	require.True(t, calls[1].poll.Once)
	require.Equal(t, headers, calls[1].poll.Headers)
	require.Zero(t, calls[1].poll.WaitSeconds)
	require.Equal(t, 3*time.Second, calls[1].at)
	require.Equal(t, 3, s.status().Polls, "both count")
}

func TestUpdateStatusSetsADurableWaitAnew(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Hour))}
	s.polls = []act[pollTask]{now[pollTask](running(40 * time.Second)), now[pollTask](completed())}
	u := s.updateAt(time.Minute, perdure.UpdateUpdateStatus, "")
	s.run(request())
	s.succeeded()
	require.Equal(t, time.Minute, u.at)
	require.Equal(t, epoch.Add(100*time.Second), u.status.NextPollAt)
	calls := s.pollCalls()
	require.True(t, calls[0].poll.Once)
	require.Nil(t, calls[0].poll.Headers)
	require.Equal(t, 100*time.Second, calls[1].at)
	require.Nil(t, calls[1].poll.Headers, "headers were for the one question")
}

func TestUpdateStatusAnswersAtOnceWhenThereIsNothingToAsk(t *testing.T) {
	t.Run("before the start is answered", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{after[startTask](time.Minute, completed(polls(0)))}
		u := s.updateAt(time.Second, perdure.UpdateUpdateStatus, "")
		s.run(request())
		require.NoError(t, u.err)
		require.Equal(t, time.Second, u.at)
		require.Equal(t, perdure.StateStarting, u.status.State)
	})
	t.Run("ambiguous", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{now[startTask](ambiguous())}
		u := s.updateAt(time.Second, perdure.UpdateUpdateStatus, "")
		s.at(time.Minute, s.env.CancelWorkflow)
		s.run(request())
		require.NoError(t, u.err)
		require.Equal(t, time.Second, u.at)
		require.Equal(t, perdure.StateAmbiguous, u.status.State)
	})
}

func TestUpdatesRefuseWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		name, update, argument, want string
	}{
		{"unknown field", perdure.UpdateUpdateStatus, `{"header":{}}`, "header: unknown field"},
		{"no object", perdure.UpdateUpdateStatus, `[]`, "want an object"},
		{"wrong kind", perdure.UpdateUpdateStatus, `{"headers":{"X":"1"}}`, "headers"},
		{"authorization", perdure.UpdateUpdateStatus, `{"headers":{"AUTHORIZATION":["Bearer canary"]}}`, "headers.AUTHORIZATION: is not the caller's to set"},
		{"control character", perdure.UpdateUpdateStatus, `{"headers":{"X-A":["1\r\nX-B: canary"]}}`, "headers.X-A: has a control character"},
		{"no polling", perdure.UpdateSetPolling, ``, "is empty"},
		{"unknown polling field", perdure.UpdateSetPolling, `{"interval":3}`, "interval: unknown field"},
		{"negative interval", perdure.UpdateSetPolling, `{"intervalSeconds":-3}`, "intervalSeconds: is -3"},
		{"negative grace", perdure.UpdateSetPolling, `{"notFoundGraceSeconds":-1}`, "notFoundGraceSeconds: is -1"},
		{"backoff below one", perdure.UpdateSetPolling, `{"backoff":0.1}`, "backoff: is 0.1"},
		{"two values", perdure.UpdateSetPolling, `{} {}`, "JSON"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](accepted(time.Second))}
			s.polls = []act[pollTask]{after[pollTask](3*time.Second, completed())}
			var args []any
			if test.argument != "" {
				args = []any{[]byte(test.argument)} // as it is, also where it is no JSON
			}
			u := s.updateAt(time.Second, test.update, "", args...)
			s.run(request())
			s.succeeded()
			require.False(t, u.accepted)
			var bad *temporal.ApplicationError
			require.ErrorAs(t, u.rejected, &bad)
			require.Equal(t, perdure.ErrorInvalidInput, bad.Type())
			require.True(t, bad.NonRetryable())
			require.Contains(t, bad.Message(), test.want)
			require.NotContains(t, bad.Message(), "canary")
			require.Len(t, s.pollCalls(), 1, "nothing was asked")
		})
	}
}

func TestABesideRefusalLeavesTheDecisionToTheMainLine(t *testing.T) {
	for _, test := range []struct {
		name    string
		refusal answer
	}{
		{"of the status", running(0, refused)},
		{"of the value", running(0, refused, func(a *answer) { a.State, a.ServiceStatus = perdure.StateSucceeded, "303" })},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](accepted(time.Hour))}
			s.polls = []act[pollTask]{now[pollTask](test.refusal), after[pollTask](time.Second, completed())}
			u := s.updateAt(time.Minute, perdure.UpdateUpdateStatus, "", perdure.UpdateStatusRequest{Headers: map[string][]string{"X-Tenant": {"wrong"}}})
			s.run(request())
			require.JSONEq(t, `{"id":"job_1"}`, string(s.succeeded().Value))
			require.NoError(t, u.err)
			require.Equal(t, perdure.StateRunning, u.status.State)
			require.Equal(t, perdure.TimedError{At: epoch.Add(time.Minute), Error: *test.refusal.Error}, *u.status.LastError)
			calls := s.pollCalls()
			require.Equal(t, time.Minute, calls[1].at, "the main line asks now")
			require.Zero(t, calls[1].poll.WaitSeconds)
			require.Equal(t, 2, s.status().Polls)
		})
	}
}

func TestABesideEndIsTheEnd(t *testing.T) {
	for _, test := range badEnds[:1] {
		s := newStage(t)
		s.starts = []act[startTask]{now[startTask](accepted(time.Hour))}
		s.polls = []act[pollTask]{now[pollTask](test.answer)}
		u := s.updateAt(time.Minute, perdure.UpdateUpdateStatus, "")
		errorType, _, got := s.run(request()).failed()
		require.Equal(t, perdure.ErrorOperationFailed, errorType)
		require.Equal(t, got, u.status)
		require.Equal(t, epoch.Add(time.Minute), got.EndedAt)
	}
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Second))}
	s.polls = []act[pollTask]{never[pollTask](), now[pollTask](completed(func(a *answer) { a.Value = json.RawMessage(`1`) }))}
	u := s.updateAt(time.Second, perdure.UpdateUpdateStatus, "")
	require.Equal(t, "1", string(s.run(request()).succeeded().Value))
	require.True(t, u.status.Done)
	require.Equal(t, time.Second, s.elapsed(), "the watcher is not waited for")
}

func TestABesideQuestionThatCannotBeAskedIsShown(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Hour))}
	s.polls = []act[pollTask]{fails[pollTask](time.Second, "key retired"), now[pollTask](completed())}
	u := s.updateAt(time.Minute, perdure.UpdateUpdateStatus, "")
	s.run(request())
	s.succeeded()
	require.NoError(t, u.err)
	require.Equal(t, "ActivityFailed", u.status.LastError.Error.Code)
	require.Equal(t, "key retired", u.status.LastError.Error.Message)
	require.Equal(t, time.Hour, s.pollCalls()[1].at)
}
