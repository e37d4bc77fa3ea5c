package operation_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

var allAttributes = []string{
	perdure.SearchAttributeState, perdure.SearchAttributeService, perdure.SearchAttributeServiceStatus,
	perdure.SearchAttributeRemoteID, perdure.SearchAttributePercent,
}

func attributes(names ...string) func(*answer) {
	return func(a *answer) { a.SearchAttributes = names }
}

func percent(p float64) func(*answer) {
	return func(a *answer) { a.Percent, a.News = &p, "percent"+string(rune('a'+int(p))) }
}

func TestChangesArePublishedAndNothingElse(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Minute, attributes(allAttributes...), percent(0)))}
	s.polls = []act[pollTask]{
		now[pollTask](running(time.Minute, percent(0))),                  // nothing
		now[pollTask](running(time.Minute, percent(0.4), body("other"))), // nothing that is published
		now[pollTask](running(time.Minute, percent(40))),
		now[pollTask](running(time.Minute, status("finalizing"))), // it no longer says how far
		now[pollTask](completed()),
	}
	s.run(request())
	s.succeeded()
	require.Equal(t, []map[string]any{
		{
			perdure.SearchAttributeState: "running", perdure.SearchAttributeService: "jobs", perdure.SearchAttributeServiceStatus: "in_progress",
			perdure.SearchAttributeRemoteID: "job_1", perdure.SearchAttributePercent: int64(0),
		},
		{perdure.SearchAttributePercent: int64(40)},
		{perdure.SearchAttributeServiceStatus: "finalizing"},
		{perdure.SearchAttributeState: "succeeded", perdure.SearchAttributeServiceStatus: "completed"},
	}, s.attributes)
	require.Equal(t, 4, s.memos)
}

func TestOnlyTheNamespacesAttributesAreSet(t *testing.T) {
	for _, test := range []struct {
		name  string
		names []string
		want  []map[string]any
	}{
		{"none", nil, nil},
		{"one", []string{perdure.SearchAttributeState}, []map[string]any{{"PerdureState": "running"}, {"PerdureState": "succeeded"}}},
		{"others", []string{"CustomKeywordField", "PerdureSomethingNew"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](accepted(time.Minute, attributes(test.names...)))}
			s.polls = []act[pollTask]{now[pollTask](completed())}
			s.run(request())
			s.succeeded()
			require.Equal(t, test.want, s.attributes)
			require.Equal(t, 2, s.memos)
		})
	}
}

func TestAttributesAreCutAndHaveNoSecrets(t *testing.T) {
	long := strings.Repeat("ä", 200)
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Minute, attributes(allAttributes...), status(long), func(a *answer) {
		a.RemoteID = "https://user:canary@jobs.test/operations/7?sig=canary"
	}))}
	s.polls = []act[pollTask]{now[pollTask](completed())}
	s.run(request())
	s.succeeded()
	require.Equal(t, strings.Repeat("ä", 127), s.attributes[0][perdure.SearchAttributeServiceStatus])
	require.Equal(t, "https://jobs.test/operations/7", s.attributes[0][perdure.SearchAttributeRemoteID])
	require.Equal(t, long, s.memo[0].ServiceStatus)
}

func TestTheMemoIsTheStatusWithoutWhatIsLarge(t *testing.T) {
	large := json.RawMessage(`"` + strings.Repeat("x", 3000) + `"`)
	small := json.RawMessage(`{"completed":1.0}`)
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Minute, func(a *answer) { a.Progress = small }))}
	s.polls = []act[pollTask]{
		now[pollTask](running(time.Minute, status("finalizing"), func(a *answer) {
			a.Progress = large
			a.LastError = &perdure.TimedError{At: epoch, Error: perdure.ServiceError{Code: "503", Details: large}}
		})),
		now[pollTask](answer{State: perdure.StateFailed, ErrorType: perdure.ErrorOperationFailed, Polls: 1, Error: &perdure.ServiceError{Code: "C", Details: large}}),
	}
	s.at(90*time.Second, func() {
		require.Equal(t, large, s.status().Progress, "a query gives it whole")
		require.Equal(t, large, s.status().LastError.Error.Details)
	})
	s.run(request()).failed()
	require.Len(t, s.memo, 3)
	require.Equal(t, small, s.memo[0].Progress)
	require.Equal(t, epoch.Add(time.Minute), s.memo[0].NextPollAt)
	require.Nil(t, s.memo[1].Progress)
	require.Equal(t, "503", s.memo[1].LastError.Error.Code)
	require.Nil(t, s.memo[1].LastError.Error.Details)
	require.Equal(t, "C", s.memo[2].Error.Code)
	require.Nil(t, s.memo[2].Error.Details)
	require.True(t, s.memo[2].Done)
	require.Equal(t, perdure.ErrorOperationFailed, s.memo[2].ErrorType)
	require.Equal(t, large, s.status().Error.Details)
}

// Readers who find no worker see the memo: it must not say of a closed operation that
// it is open, also where its state was the same before.
func TestTheMemoOfAClosedOperationSaysSo(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](ambiguous())}
	s.run(request(timeout(60))).failed()
	last := s.memo[len(s.memo)-1]
	require.True(t, last.Done)
	require.Equal(t, perdure.ErrorStartAmbiguous, last.ErrorType)
}

// A watcher that returns without news adds its own few events and no more.
func TestPollsWithoutNewsPublishNothing(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Minute, attributes(allAttributes...)))}
	for range 100 {
		s.polls = append(s.polls, now[pollTask](running(time.Minute, silent, polls(50))))
	}
	s.polls = append(s.polls, now[pollTask](completed()))
	timers := 0
	s.env.SetOnTimerScheduledListener(func(string, time.Duration) { timers++ })
	s.run(request())
	s.succeeded()
	require.Len(t, s.attributes, 2)
	require.Equal(t, 2, s.memos)
	require.Equal(t, 101, timers, "one durable wait for each question")
	require.Equal(t, 5001, s.status().Polls)
}

func TestCurrentDetailsTellHowItGoes(t *testing.T) {
	read := func(s *stage) string {
		value, err := s.env.QueryWorkflow("__temporal_workflow_metadata")
		require.NoError(t, err)
		var metadata sdkpb.WorkflowMetadata
		require.NoError(t, value.Get(&metadata))
		return metadata.GetCurrentDetails()
	}
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Minute, percent(40), status("in `progress` | so"), func(a *answer) {
		a.RemoteID = "https://jobs.test/7?sig=canary"
	}))}
	const want = "| Operation | `jobs: POST /jobs` |\n| --- | --- |\n| State | `running` 40 % |\n| Service | `jobs` by the protocol openai |\n" +
		"| Service says | `in 'progress' \\| so` |\n| Remote id | `https://jobs.test/7` |\n" +
		"| Last answer | HTTP 200, 2026-01-02T03:04:05Z |\n| Next question | 2026-01-02T03:05:05Z |\n" +
		"| Cancel | Request Cancellation; or the signal `cancel`, which takes `{\"reason\": \"…\"}` |\n"
	s.at(time.Second, func() { require.Equal(t, want, read(s)) })
	s.suggestAt(2 * time.Second)
	second, args := s.moves(request())
	second.polls = []act[pollTask]{func(workflow.Context, pollTask) (any, error) {
		require.Equal(t, want, read(second), "the next run repeats them")
		return bad(perdure.StateFailed, perdure.ErrorOperationFailed, "C", "no more"), nil
	}}
	second.run(args...).failed()
	require.Contains(t, read(second), "| OperationFailed | `C: no more` |\n")
	require.Empty(t, second.attributes, "published already")
	require.Equal(t, 1, second.memos)
}
