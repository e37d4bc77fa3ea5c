package collection_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

func TestTheFirstPageIsFetchedAtTheStartAndNoMoreUntilAsked(t *testing.T) {
	s := newStage(t, now(full(0)))
	in := request(func(in *perdure.CollectionInput) { in.Type, in.Audience = "ListJobs", "tenant" })
	s.check(time.Second, func() {
		require.Equal(t, perdure.CollectionStatus{
			State: perdure.StateRunning, Service: "jobs", Protocol: "nextlink", Type: "ListJobs", Pages: 1, Items: 2,
			PageToken: sealed(0), NextPageToken: sealed(1), Segments: []perdure.Segment{{RunID: runID}}, StartedAt: epoch,
		}, s.status())
		require.Equal(t, sealed(1), s.token())
		p := s.page(0)
		require.Equal(t, `[{"n":0.0},"b"]`, string(p.Values), "every digit")
		require.Equal(t, perdure.Page{
			Values: p.Values, PageToken: sealed(0), NextPageToken: sealed(1), Response: full(0).Response,
		}, p)
	})
	s.run(in)
	require.Equal(t, perdure.CollectionResult{State: perdure.StateSucceeded, Pages: 1, Items: 2, NextPageToken: sealed(1)}, s.succeeded())
	require.Equal(t, time.Hour, s.elapsed(), "nobody asked")
	require.Len(t, s.calls, 1)
	require.Zero(t, s.calls[0].at)
	require.Equal(t, perdure.PageTask{Input: &in}, s.calls[0].task)
	options := s.calls[0].options
	require.Equal(t, 15*time.Second, options.HeartbeatTimeout, "a worker that dies is noticed")
	require.Equal(t, 24*time.Hour, options.StartToCloseTimeout)
	require.Zero(t, options.ScheduleToCloseTimeout)
	require.False(t, options.WaitForCancellation)
	require.NotNil(t, options.RetryPolicy)
	require.Zero(t, options.RetryPolicy.MaximumAttempts)
}

func TestBeforeTheFirstPageThereIsNothing(t *testing.T) {
	s := newStage(t, after(time.Minute, last(0)))
	s.check(time.Second, func() {
		require.Equal(t, perdure.CollectionStatus{
			State: perdure.StateStarting, Service: "jobs", Protocol: "openai",
			Segments: []perdure.Segment{{RunID: runID}}, StartedAt: epoch,
		}, s.status())
		require.Empty(t, s.token())
		require.Equal(t, perdure.ErrorNotFetched, s.noPage(index(0)).Type())
	})
	s.run(request(func(in *perdure.CollectionInput) { in.Protocol = &perdure.ProtocolChoice{Name: "openai"} }))
	s.succeeded()
}

func TestOnePageAheadOfWhatWasAskedFor(t *testing.T) {
	s := newStage(t, now(full(0)), now(full(1)), now(full(2)), now(full(3)), now(full(4)))
	waits := []*asked{
		s.waitAt(1*time.Second, index(0)),
		s.waitAt(2*time.Second, index(0)), // the one after it is there
		s.waitAt(3*time.Second, index(1)),
		s.waitAt(4*time.Second, index(3)),
	}
	s.run(request(idle(60)))
	s.succeeded()
	var at []time.Duration
	for i, c := range s.calls {
		at = append(at, c.at)
		if i > 0 {
			require.Equal(t, perdure.PageTask{Sealed: sealed(i)}, c.task)
		}
	}
	require.Equal(t, []time.Duration{0, time.Second, 3 * time.Second, 4 * time.Second, 4 * time.Second}, at)
	for i, u := range waits {
		u.answered(time.Duration(i+1) * time.Second)
	}
	require.Equal(t, 5, s.status().Pages)
	require.Equal(t, 10, s.status().Items)
}

// A reader who goes on at once gets each page as fast as the service gives it, and not
// one question runs beside another.
func TestPagesAreFetchedOneAfterAnother(t *testing.T) {
	s := newStage(t, after(time.Second, full(0)), after(time.Second, full(1)), after(time.Second, full(2)), after(time.Second, last(3)))
	waits := []*asked{s.waitAt(time.Millisecond, index(3)), s.waitAt(2*time.Millisecond, index(1))}
	s.run(request())
	require.Equal(t, perdure.CollectionResult{State: perdure.StateSucceeded, Pages: 4, Items: 7}, s.succeeded())
	for i, c := range s.calls {
		require.Equal(t, time.Duration(i)*time.Second, c.at)
	}
	require.Equal(t, 4, waits[0].answered(4*time.Second).Pages)
	require.Equal(t, 2, waits[1].answered(2*time.Second).Pages)
}

// A page without values is not the end, but for `openai` where there is no `has_more`.
//
//rule:pages 2 AIP-158; -
func TestAnEmptyPageIsNotTheEnd(t *testing.T) {
	s := newStage(t, now(full(0)), now(empty(1)), now(empty(2)), now(last(3)))
	u := s.waitAt(time.Second, index(2))
	s.run(request())
	require.Equal(t, perdure.CollectionResult{State: perdure.StateSucceeded, Pages: 4, Items: 3}, s.succeeded())
	u.answered(time.Second)
	p := s.page(1)
	require.Equal(t, `[]`, string(p.Values))
	require.False(t, p.Last)
	require.Equal(t, sealed(2), p.NextPageToken)
}

// A state is sealed anew when its key was rotated: the page's token is then the new one.
func TestAPageThatWasSealedAnew(t *testing.T) {
	s := newStage(t, now(full(0)), now(full(1, func(a *perdure.PageAnswer) { a.Sealed = "perdure1_anew" })), now(last(2)))
	s.waitAt(time.Second, index(1))
	s.run(request())
	s.succeeded()
	require.Equal(t, "perdure1_anew", s.page(1).PageToken)
	require.Equal(t, sealed(1), s.page(0).NextPageToken)
}

func TestATokensCollection(t *testing.T) {
	s := newStage(t, now(full(0)), now(last(1)))
	in := perdure.CollectionInput{Token: "perdure1_t", Type: "T", Audience: "A", Service: "jobs"}
	s.waitAt(time.Second, index(0))
	s.run(in)
	s.succeeded()
	require.Equal(t, perdure.PageTask{Input: &in}, s.calls[0].task)
	require.Equal(t, perdure.PageTask{Sealed: sealed(1)}, s.calls[1].task)
}

// The answer does not wait for what is fetched ahead.
func TestAsManyPagesAheadAsAreAskedFor(t *testing.T) {
	s := newStage(t, now(full(0)), after(time.Second, full(1)), after(time.Second, full(2)), after(time.Second, full(3)), after(time.Second, full(4)))
	u := s.waitAt(time.Second, perdure.WaitRequest{Index: 0, Ahead: 3})
	less := s.waitAt(2500*time.Millisecond, perdure.WaitRequest{Index: 2, Ahead: 1}) // which is coming
	more := s.waitAt(time.Minute, perdure.WaitRequest{Index: 2, Ahead: 2})
	s.check(30*time.Second, func() { require.Equal(t, 4, s.status().Pages) })
	s.run(request())
	s.succeeded()
	require.Equal(t, 1, u.answered(time.Second).Pages)
	require.Equal(t, 3, less.answered(3*time.Second).Pages)
	require.Equal(t, 4, more.answered(time.Minute).Pages)
	require.Equal(t, 5, s.status().Pages)
}

func TestPagesAheadEndWithTheCollection(t *testing.T) {
	s := newStage(t, now(full(0)), now(full(1)), now(last(2)))
	s.waitAt(time.Second, perdure.WaitRequest{Index: 0, Ahead: perdure.MaxAhead})
	s.run(request())
	require.Equal(t, 3, s.succeeded().Pages)

	s = newStage(t, now(full(0)), now(full(1)))
	s.waitAt(time.Second, perdure.WaitRequest{Index: 0, Ahead: perdure.MaxAhead})
	s.run(request(maxPages(2)))
	require.Equal(t, sealed(2), s.succeeded().NextPageToken)
}
