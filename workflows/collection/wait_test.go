package collection_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

func TestWaitAnswersWhenThePageIsThere(t *testing.T) {
	s := newStage(t, after(10*time.Second, full(0)), after(10*time.Second, full(1)), after(10*time.Second, full(2)))
	early := s.waitAt(time.Second, index(0))
	there := s.waitAt(15*time.Second, index(0))
	later := s.waitAt(16*time.Second, index(1))
	s.run(request(idle(60)))
	s.succeeded()
	require.Equal(t, 1, early.answered(10*time.Second).Pages)
	require.Equal(t, perdure.StateRunning, there.answered(15*time.Second).State)
	require.Equal(t, 2, later.answered(20*time.Second).Pages)
}

func TestWaitAnswersWhenThePageNeverWillBe(t *testing.T) {
	s := newStage(t, after(time.Second, full(0)), after(time.Second, last(1)))
	u := s.waitAt(0, index(7))
	s.run(request())
	s.succeeded()
	status := u.answered(2 * time.Second)
	require.True(t, status.Done)
	require.Equal(t, 2, status.Pages)
	require.Equal(t, perdure.StateSucceeded, status.State)
	require.Empty(t, status.NextPageToken)
}

func TestWaitIsBounded(t *testing.T) {
	s := newStage(t, after(time.Hour, last(0)))
	waits := []*asked{
		s.waitAt(time.Second, within(0, 0)),
		s.waitAt(time.Second, within(0, 0.25)),
		s.waitAt(time.Second, within(0, 10)),
		s.waitAt(time.Second, within(0, 1e-12)), // less than the clock can tell
		s.waitAt(time.Second, within(0, 7200)),
	}
	s.run(request())
	s.succeeded()
	for i, want := range []time.Duration{time.Second, 1250 * time.Millisecond, 11 * time.Second, time.Second} {
		status := waits[i].answered(want)
		require.Equal(t, perdure.StateStarting, status.State)
		require.Zero(t, status.Pages)
	}
	require.Equal(t, 1, waits[4].answered(time.Hour).Pages)
}

// One whose time is up leaves the page being fetched: he asked for it.
func TestAWaitWhoseTimeIsUpHasAskedAllTheSame(t *testing.T) {
	s := newStage(t, now(full(0)), after(time.Minute, full(1)), now(last(2)))
	u := s.waitAt(time.Second, within(1, 0))
	s.run(request())
	require.Equal(t, 3, s.succeeded().Pages)
	require.Equal(t, 1, u.answered(time.Second).Pages)
	require.False(t, s.calls[1].stopped)
}

func TestManyWaitForOnePage(t *testing.T) {
	s := newStage(t, now(full(0)), after(10*time.Second, last(1)))
	var waits []*asked
	for i := range 9 {
		waits = append(waits, s.waitAt(time.Duration(i+1)*time.Second, index(1)))
	}
	s.run(request())
	s.succeeded()
	require.Len(t, s.calls, 2)
	for _, u := range waits {
		require.Equal(t, 2, u.answered(11*time.Second).Pages)
	}
}

func TestWaitRefusesWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		name     string
		argument any
		want     string
	}{
		{"an unknown field", map[string]any{"index": 1, "timeout": 3}, "timeout: unknown field"},
		{"a field in another case", map[string]any{"Index": 1}, "Index: unknown field"},
		{"a negative index", index(-1), "index: is negative, want 0 for the first page, or more"},
		{"an index above all", map[string]any{"index": math.MaxInt}, "index: is 9223372036854775807, want at most 2147483647"},
		{"too many ahead", map[string]any{"index": 0, "ahead": 101}, "ahead: is 101, want 1 to 100, or 0 for the default, which is 1"},
		{"fewer than none ahead", map[string]any{"index": 0, "ahead": -1}, "ahead: is -1, want 1 to 100, or 0 for the default, which is 1"},
		{"an index that is no number", map[string]any{"index": "1"}, "index: is a JSON string, want a number"},
		{"a negative time", within(0, -1), "waitSeconds: is -1, want seconds from 0 to 3162240000"},
		{"no object", "x", "is a JSON string, want an object"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t, now(full(0)))
			u := s.waitAt(time.Second, test.argument)
			s.run(request(idle(60)))
			s.succeeded()
			require.False(t, u.accepted)
			bad := refusal(t, u.rejected)
			require.Equal(t, perdure.ErrorInvalidInput, bad.Type())
			require.Equal(t, test.want, bad.Message())
			require.Len(t, s.calls, 1)
			require.Equal(t, time.Minute, s.elapsed(), "it has not asked")
		})
	}
}

func TestWaitWithoutAnythingIsForTheFirstPage(t *testing.T) {
	s := newStage(t, after(10*time.Second, full(0)), now(last(1)))
	u := s.waitAt(time.Second, map[string]any{})
	s.run(request())
	s.succeeded()
	u.answered(10 * time.Second)
}
