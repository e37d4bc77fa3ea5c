package collection_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/perdure-dev/perdure"
)

func TestContinueAsNewWhileNothingIsAskedFor(t *testing.T) {
	s := newStage(t, now(full(0)), now(full(1)))
	s.waitAt(time.Second, index(0))
	s.suggestAt(500 * time.Millisecond)
	in := request(idle(60), func(in *perdure.CollectionInput) { in.Type = "ListJobs" })
	s.run(in)
	require.Equal(t, time.Second, s.elapsed(), "with the next page")
	before := s.status()

	second, args := s.continued()
	second.check(time.Nanosecond, func() {
		want := before
		want.Segments = []perdure.Segment{{RunID: runID}, {RunID: runID, FirstIndex: 2}}
		require.Equal(t, want, second.status())
		require.Equal(t, sealed(2), second.token())
		for i := range 2 {
			bad := second.noPage(index(i))
			require.Equal(t, perdure.ErrorOtherRun, bad.Type())
			var segment perdure.Segment
			require.NoError(t, bad.Details(&segment))
			require.Equal(t, perdure.Segment{RunID: runID}, segment)
			require.Contains(t, bad.Message(), runID)
		}
		require.Equal(t, perdure.ErrorNotFetched, second.noPage(index(2)).Type())
	})
	second.run(args...)
	require.Equal(t, 2, second.succeeded().Pages)
	require.Equal(t, 61*time.Second, second.elapsed(), "nobody has asked since the run before")
	require.Empty(t, second.calls, "the one ahead is there")
}

func TestContinueAsNewGoesOnWithTheIndex(t *testing.T) {
	s := newStage(t, now(full(0)), now(full(1)), after(time.Second, full(2)))
	s.waitAt(time.Second, index(1))
	s.suggestAt(1500 * time.Millisecond)
	s.run(request())

	second, args := s.continued(now(full(3)), now(last(4)))
	back := second.waitAt(time.Second, index(1))
	u := second.waitAt(2*time.Second, index(3))
	second.run(args...)
	require.Equal(t, perdure.CollectionResult{State: perdure.StateSucceeded, Pages: 5, Items: 9}, second.succeeded())
	require.Equal(t, perdure.PageTask{Sealed: sealed(3)}, second.calls[0].task)
	require.Equal(t, []perdure.Segment{{RunID: runID}, {RunID: runID, FirstIndex: 3}}, back.answered(3*time.Second).Segments, "the one that holds it, and those after")
	require.Equal(t, []perdure.Segment{{RunID: runID, FirstIndex: 3}}, u.answered(4*time.Second).Segments)
	require.Equal(t, 3, second.page(3).Index)
	require.Equal(t, `[{"n":3.0},"b"]`, string(second.page(3).Values))
	require.True(t, second.page(4).Last)
	require.Equal(t, perdure.ErrorOtherRun, second.noPage(index(2)).Type())
}

func TestContinueAsNewTellsWhoWaitsToAskAgain(t *testing.T) {
	s := newStage(t, now(full(0)), never())
	waits := []*asked{s.waitAt(time.Second, index(1)), s.waitAt(2*time.Second, within(1, 300))}
	s.waitOften(1_498)
	s.run(request())
	const late = time.Second + 1_497*time.Millisecond // the 1,500th wait of the run
	for _, u := range waits {
		status := u.answered(late)
		require.False(t, status.Done)
		require.Equal(t, 1, status.Pages)
		require.Empty(t, status.ErrorType)
	}
	require.True(t, s.calls[1].stopped, "the page is asked for again by the next run")

	second, args := s.continued(after(time.Second, last(1)))
	second.run(args...)
	second.succeeded()
	require.Equal(t, s.calls[1].task, second.calls[0].task)
	require.Equal(t, late, second.calls[0].at, "it was asked for, whoever has asked")
}

func TestContinueAsNewWaitsForAPageThatIsOnItsWay(t *testing.T) {
	s := newStage(t, now(full(0)), after(9*time.Second, full(1)))
	u := s.waitAt(time.Second, index(1))
	s.suggestAt(2 * time.Second)
	s.run(request())
	require.Equal(t, 2, u.answered(10*time.Second).Pages)
	require.Equal(t, 10*time.Second, s.elapsed())
	require.False(t, s.calls[1].stopped)

	second, args := s.continued(now(last(2)))
	second.run(args...)
	second.succeeded()
	require.Equal(t, perdure.PageTask{Sealed: sealed(2)}, second.calls[0].task, "no page is asked for twice")
}

func TestContinueAsNewBeforeTheFirstPage(t *testing.T) {
	rejected := refused(perdure.ErrorPageRejected)
	rejected.Service, rejected.Protocol = "jobs", "nextlink"
	s := newStage(t, now(rejected), after(59*time.Second, rejected))
	in := request(func(in *perdure.CollectionInput) {
		in.Request.Service, in.Request.URL = "", "https://jobs.test/jobs"
	})
	s.waitAt(time.Second, index(0))
	s.suggestAt(30 * time.Second)
	s.run(in)
	before := s.status()
	require.Equal(t, "jobs", before.Service)

	second, args := s.continued(after(time.Second, last(0)))
	second.check(time.Nanosecond, func() {
		require.Equal(t, before, second.status(), "a run that came to no page leaves no trace")
	})
	second.waitAt(time.Second, index(0))
	second.run(args...)
	require.Equal(t, 1, second.succeeded().Pages)
	require.Equal(t, perdure.PageTask{Input: &in}, second.calls[0].task)
	require.Equal(t, []perdure.Segment{{RunID: runID}}, second.status().Segments)
}

//rule:pages 12
func TestContinueAsNewRemembersWhatWasSeen(t *testing.T) {
	s := newStage(t, now(full(0)), now(full(1)))
	s.waitAt(time.Second, index(0))
	s.suggestAt(500 * time.Millisecond)
	s.run(request(idle(60)))

	second, args := s.continued(now(full(2, leadsTo(0))))
	u := second.waitAt(time.Second, index(2))
	second.run(args...)
	errorType, status := u.failed(2 * time.Second)
	require.Equal(t, perdure.ErrorProtocolViolation, errorType)
	require.Equal(t, 2, status.Pages)
}

func TestContinueAsNewKeepsMaxPages(t *testing.T) {
	s := newStage(t, now(full(0)), now(full(1)))
	s.waitAt(time.Second, index(0))
	s.suggestAt(500 * time.Millisecond)
	s.run(request(maxPages(3)))

	second, args := s.continued(now(full(2)))
	second.waitAt(time.Second, index(9))
	second.run(args...)
	require.Equal(t, perdure.CollectionResult{State: perdure.StateSucceeded, Pages: 3, Items: 6, NextPageToken: sealed(3)}, second.succeeded())
}

// Each wait is an update, of which a run takes 2,000.
func TestContinueAsNewAfterAThousandWaits(t *testing.T) {
	for _, test := range []struct {
		name   string
		second act // the second page
		waits  int
		pages  int   // that the run has in the end
		rest   []act // of the next run
	}{
		{"at once", now(full(1)), 1_000, 2, nil},
		{"or some more, for a page that is on its way", never(), 1_500, 1, []act{now(last(1))}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t, now(full(0)), test.second)
			answered := s.waitOften(test.waits)
			s.run(request())
			require.Equal(t, test.waits, *answered)
			require.Equal(t, time.Second+time.Duration(test.waits-1)*time.Millisecond, s.elapsed())
			require.Equal(t, test.pages, s.status().Pages)

			second, args := s.continued(test.rest...)
			second.waitAt(time.Second, within(0, 0))
			second.run(args...)
			second.succeeded()
		})
	}
}

// waitOften asks for the first page every millisecond, and counts the answers.
func (s *stage) waitOften(times int) (answered *int) {
	answered = new(int)
	var send func(i int)
	send = func(i int) {
		s.env.UpdateWorkflow(perdure.UpdateWait, strconv.Itoa(i), &testsuite.TestUpdateCallback{
			OnAccept:   func() {},
			OnReject:   func(err error) { require.NoError(s.t, err) },
			OnComplete: func(_ any, err error) { require.NoError(s.t, err); *answered++ },
		}, index(0))
		if i+1 < times {
			s.env.RegisterDelayedCallback(func() { send(i + 1) }, time.Millisecond)
		}
	}
	s.at(time.Second, func() { send(0) })
	return answered
}

// The signal and the suggestion are seen in the same workflow task.
func TestACancelThatComesWithContinueAsNewIsNotLost(t *testing.T) {
	for _, test := range []struct {
		name    string
		fetches []act
		waits   bool
	}{
		{"while nothing is asked for", []act{now(full(0))}, false},
		{"while somebody waits", []act{now(full(0)), never()}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t, test.fetches...)
			if test.waits {
				s.waitAt(time.Second, index(1))
			}
			s.at(time.Minute, func() { s.env.SignalWorkflowSkippingWorkflowTask(perdure.SignalCancel, nil) })
			s.suggestAt(time.Minute + time.Nanosecond)
			s.run(request())
			s.canceled()
			require.Equal(t, time.Minute+time.Nanosecond, s.elapsed())
		})
	}
}

func TestContinueAsNewTwice(t *testing.T) {
	s := newStage(t, now(full(0)), now(full(1)))
	s.waitAt(time.Second, index(0))
	s.suggestAt(500 * time.Millisecond)
	s.run(request())
	second, args := s.continued(now(full(2)), after(time.Second, full(3)))
	second.waitAt(time.Second, index(2))
	second.suggestAt(1500 * time.Millisecond)
	second.run(args...)
	third, args := second.continued(now(last(4)))
	third.waitAt(time.Second, index(4))
	third.check(time.Nanosecond, func() {
		for i, first := range []int{0, 0, 2, 2} {
			var segment perdure.Segment
			require.NoError(t, third.noPage(index(i)).Details(&segment))
			require.Equal(t, first, segment.FirstIndex)
		}
	})
	third.run(args...)
	require.Equal(t, perdure.CollectionResult{State: perdure.StateSucceeded, Pages: 5, Items: 9}, third.succeeded())
	require.Equal(t, []perdure.Segment{{RunID: runID}, {RunID: runID, FirstIndex: 2}, {RunID: runID, FirstIndex: 4}}, third.status().Segments)
}
