package collection_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

func TestTheLastPageClosesTheCollection(t *testing.T) {
	s := newStage(t, now(full(0)), after(time.Minute, last(1)))
	s.waitAt(time.Second, index(0))
	s.run(request())
	require.Equal(t, perdure.CollectionResult{State: perdure.StateSucceeded, Pages: 2, Items: 3}, s.succeeded())
	require.Equal(t, 61*time.Second, s.elapsed())
	require.Empty(t, s.token())
	p := s.page(1)
	require.True(t, p.Last)
	require.Equal(t, sealed(1), p.PageToken)
	require.Empty(t, p.NextPageToken)
	require.False(t, s.page(0).Last, "its pages stay readable")
	require.Equal(t, perdure.ErrorNotFetched, s.noPage(index(2)).Type())
}

func TestACollectionOfOnePage(t *testing.T) {
	s := newStage(t, now(last(0)))
	s.run(request())
	require.Equal(t, perdure.CollectionResult{State: perdure.StateSucceeded, Pages: 1, Items: 1}, s.succeeded())
	require.Zero(t, s.elapsed())
}

func TestMaxPagesClosesTheCollection(t *testing.T) {
	for _, test := range []struct {
		name     string
		maxPages int
		fetches  []act
		want     perdure.CollectionResult
	}{
		{"one", 1, []act{now(full(0))}, perdure.CollectionResult{State: perdure.StateSucceeded, Pages: 1, Items: 2, NextPageToken: sealed(1)}},
		{"two", 2, []act{now(full(0)), now(full(1))}, perdure.CollectionResult{State: perdure.StateSucceeded, Pages: 2, Items: 4, NextPageToken: sealed(2)}},
		{"as many as there are", 2, []act{now(full(0)), now(last(1))}, perdure.CollectionResult{State: perdure.StateSucceeded, Pages: 2, Items: 3}},
		{"more than there are", 3, []act{now(full(0)), now(last(1))}, perdure.CollectionResult{State: perdure.StateSucceeded, Pages: 2, Items: 3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t, test.fetches...)
			s.waitAt(time.Second, index(5))
			s.run(request(maxPages(test.maxPages)))
			require.Equal(t, test.want, s.succeeded())
			require.Equal(t, test.want.NextPageToken, s.token())
			require.Equal(t, test.want.NextPageToken, s.page(test.want.Pages-1).NextPageToken)
		})
	}
}

func TestACollectionThatNobodyAsksClosesItself(t *testing.T) {
	for _, test := range []struct {
		name  string
		waits map[time.Duration]perdure.WaitRequest
		want  time.Duration
	}{
		{"nobody ever asked", nil, time.Minute},
		{"from the last time that somebody asked", map[time.Duration]perdure.WaitRequest{30 * time.Second: within(0, 0)}, 90 * time.Second},
		{"again and again", map[time.Duration]perdure.WaitRequest{
			30 * time.Second: within(0, 0), 85 * time.Second: within(0, 0), 144 * time.Second: within(0, 0),
		}, 204 * time.Second},
		{"whoever waits asks", map[time.Duration]perdure.WaitRequest{30 * time.Second: within(1, 300)}, 390 * time.Second},
		{"who waits and who does not", map[time.Duration]perdure.WaitRequest{30 * time.Second: within(1, 300), 329 * time.Second: within(0, 0)}, 390 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t, now(full(0)))
			if len(test.waits) > 0 { // the one ahead is in flight, and broken off
				s.fetches = append(s.fetches, never())
			}
			for at, w := range test.waits {
				s.waitAt(at, w)
			}
			s.run(request(idle(60)))
			require.Equal(t, perdure.CollectionResult{State: perdure.StateSucceeded, Pages: 1, Items: 2, NextPageToken: sealed(1)}, s.succeeded())
			require.Equal(t, test.want, s.elapsed())
			require.Equal(t, test.want, s.status().EndedAt.Sub(epoch))
			require.Equal(t, sealed(1), s.token())
		})
	}
}

// A wait that is longer than the idle timeout adds nothing to the history but itself.
func TestWhoWaitsLongCostsNoTimers(t *testing.T) {
	s := newStage(t, now(full(0)), never())
	timers := 0
	s.env.SetOnTimerScheduledListener(func(string, time.Duration) { timers++ })
	u := s.waitAt(0, within(1, 86_400))
	s.run(request(idle(60)))
	s.succeeded()
	u.answered(24 * time.Hour)
	require.Equal(t, 24*time.Hour+time.Minute, s.elapsed())
	require.LessOrEqual(t, timers, 5, "its own, the activity's, and those of the idle timeout")
}

// An idle timeout below what the clock can tell is one that is over at once, and no
// loop.
func TestTheShortestIdleTimeout(t *testing.T) {
	s := newStage(t, after(time.Second, full(0)), after(time.Second, last(1)))
	u := s.waitAt(0, index(1))
	s.run(request(idle(1e-12)))
	s.succeeded()
	u.answered(2 * time.Second)
}

//rule:pages 10
func TestACollectionWithoutAPageThatNobodyAsks(t *testing.T) {
	t.Run("the first has not come", func(t *testing.T) {
		s := newStage(t, never())
		s.run(request(idle(60)))
		errorType, message, status := s.failed()
		require.Equal(t, perdure.ErrorOperationTimedOut, errorType)
		require.Contains(t, message, "idleTimeoutSeconds")
		require.Equal(t, perdure.ErrorOperationTimedOut, status.Error.Code)
		require.Equal(t, time.Minute, s.elapsed())
	})
	t.Run("the first has failed", func(t *testing.T) {
		s := newStage(t, now(refused(perdure.ErrorPageRejected)))
		s.run(request(idle(60)))
		errorType, message, status := s.failed()
		require.Equal(t, perdure.ErrorOperationTimedOut, errorType)
		require.Contains(t, message, "not for you")
		require.Equal(t, "no", status.Error.Code)
	})
	t.Run("somebody waits", func(t *testing.T) {
		s := newStage(t, after(time.Hour, last(0)))
		u := s.waitAt(0, index(0))
		s.run(request(idle(60)))
		s.succeeded()
		u.answered(time.Hour)
	})
}

// A page that failed and that nobody asks for again is no bad end.
func TestACollectionWhosePageFailedAhead(t *testing.T) {
	s := newStage(t, now(full(0)), now(refused(perdure.ErrorPageRejected)))
	s.waitAt(time.Second, index(0))
	s.run(request(idle(60)))
	require.Equal(t, sealed(1), s.succeeded().NextPageToken)
}
