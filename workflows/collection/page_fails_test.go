package collection_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

// The pages that came before an error stay. The error is that of the page: who asks for
// it again has it fetched again.
//
//rule:pages 13 -
func TestAPageThatFailsIsTheErrorOfWait(t *testing.T) {
	for _, errorType := range []string{
		perdure.ErrorPageRejected, perdure.ErrorProtocolViolation, perdure.ErrorEgressDenied, perdure.ErrorCredentialFailed,
		perdure.ErrorResponseTooLarge, perdure.ErrorInvalidInput, perdure.ErrorInvalidToken,
	} {
		t.Run(errorType, func(t *testing.T) {
			s := newStage(t, now(full(0)), after(time.Second, refused(errorType)), now(full(1)), now(full(2)))
			u := s.waitAt(time.Second, index(1))
			beside := s.waitAt(time.Second, index(5))
			s.check(3*time.Second, func() {
				status := s.status()
				require.Equal(t, perdure.StateRunning, status.State)
				require.False(t, status.Done)
				require.Equal(t, errorType, status.ErrorType)
				require.Equal(t, 1, status.Pages)
				require.Equal(t, sealed(1), status.NextPageToken)
				require.Len(t, s.calls, 2, "it is not tried again before somebody asks")
			})
			again := s.waitAt(4*time.Second, index(1))
			s.run(request(idle(60)))
			s.succeeded()
			got, status := u.failed(2 * time.Second)
			require.Equal(t, errorType, got)
			require.Equal(t, refused(errorType).Error, status.Error)
			require.Equal(t, 1, status.Pages)
			require.Equal(t, []perdure.Segment{{RunID: runID}}, status.Segments)
			require.ErrorContains(t, u.err, "not for you")
			got, _ = beside.failed(2 * time.Second)
			require.Equal(t, errorType, got, "what comes after it cannot be had either")
			status = again.answered(4 * time.Second)
			require.Equal(t, 2, status.Pages)
			require.Empty(t, status.ErrorType, "it has come")
			require.Nil(t, status.Error)
			require.Equal(t, s.calls[1].task, s.calls[2].task)
			require.Equal(t, `[{"n":1.0},"b"]`, string(s.page(1).Values))
		})
	}
}

// The activity itself fails only where it does not answer at all: the worker panics,
// and its retries are at an end.
func TestAnActivityThatFails(t *testing.T) {
	s := newStage(t, now(full(0)), fails("boom"), now(last(1)))
	u := s.waitAt(time.Second, index(1))
	again := s.waitAt(2*time.Second, index(1))
	s.run(request())
	s.succeeded()
	errorType, status := u.failed(time.Second)
	require.Equal(t, perdure.ErrorPageRejected, errorType)
	require.Equal(t, "ActivityFailed", status.Error.Code)
	require.Contains(t, status.Error.Message, "boom")
	again.answered(2 * time.Second)
}

// Only who asked for a page is told that it failed.
func TestAPageThatFailsAheadIsNobodysError(t *testing.T) {
	s := newStage(t, now(full(0)), after(time.Second, refused(perdure.ErrorPageRejected)), now(full(1)), now(last(2)))
	first := s.waitAt(time.Second, index(0))
	again := s.waitAt(3*time.Second, within(0, 0)) // asks for the one after it, too
	s.check(4*time.Second, func() { require.Len(t, s.calls, 3) })
	next := s.waitAt(5*time.Second, index(1))
	s.run(request())
	require.Equal(t, 3, s.succeeded().Pages)
	require.Equal(t, 1, first.answered(time.Second).Pages)
	status := again.answered(3 * time.Second)
	require.Equal(t, perdure.ErrorPageRejected, status.ErrorType, "it is told, and is no error")
	require.Empty(t, next.answered(5*time.Second).ErrorType)
}

// A reader that joins while the page is being fetched ahead did ask for it.
func TestAPageThatIsFetchedAheadFailsForWhoJoins(t *testing.T) {
	s := newStage(t, now(full(0)), after(10*time.Second, refused(perdure.ErrorPageRejected)), now(last(1)))
	s.waitAt(time.Second, index(0))
	u := s.waitAt(2*time.Second, index(1))
	again := s.waitAt(time.Minute, index(1))
	s.run(request())
	s.succeeded()
	u.failed(11 * time.Second)
	again.answered(time.Minute)
}

func TestAFailedPageIsTriedAgainAheadOnlyWhenItsTurnHasCome(t *testing.T) {
	s := newStage(t, now(full(0)), now(full(1)), now(full(2)), now(refused(perdure.ErrorPageRejected)), now(last(3)))
	s.waitAt(time.Second, index(2))
	for i := range 5 { // readers far behind
		s.waitAt(time.Duration(2+i)*time.Second, index(i%2))
	}
	s.check(time.Minute, func() { require.Len(t, s.calls, 4) })
	s.waitAt(2*time.Minute, index(2))
	s.run(request())
	s.succeeded()
}

func TestWithoutAFirstPageThatCanComeTheCollectionFails(t *testing.T) {
	for _, errorType := range []string{perdure.ErrorInvalidInput, perdure.ErrorInvalidToken, perdure.ErrorEgressDenied} {
		t.Run(errorType, func(t *testing.T) {
			s := newStage(t, after(time.Second, refused(errorType)))
			waits := []*asked{s.waitAt(0, index(0)), s.waitAt(time.Millisecond, index(3)), s.waitAt(time.Millisecond, within(0, 100))}
			s.run(request())
			got, message, status := s.failed()
			require.Equal(t, errorType, got)
			require.Contains(t, message, "not for you")
			require.Equal(t, refused(errorType).Error, status.Error)
			require.Equal(t, time.Second, s.elapsed())
			for _, u := range waits {
				got, told := u.failed(time.Second)
				require.Equal(t, errorType, got)
				require.Equal(t, status, told)
			}
		})
	}
}

// What can be mended is asked for again, in the same collection.
func TestAFirstPageThatFailsIsTriedAgain(t *testing.T) {
	for _, errorType := range []string{
		perdure.ErrorPageRejected, perdure.ErrorCredentialFailed, perdure.ErrorResponseTooLarge, perdure.ErrorProtocolViolation,
	} {
		t.Run(errorType, func(t *testing.T) {
			s := newStage(t, after(time.Second, refused(errorType)), after(time.Second, last(0)))
			u := s.waitAt(0, index(0))
			s.check(time.Minute, func() {
				require.Equal(t, perdure.StateStarting, s.status().State)
				require.Equal(t, errorType, s.status().ErrorType)
				require.Empty(t, s.token())
			})
			again := s.waitAt(2*time.Minute, index(0))
			s.run(request())
			s.succeeded()
			got, _ := u.failed(time.Second)
			require.Equal(t, errorType, got)
			again.answered(2*time.Minute + time.Second)
			require.NotNil(t, s.calls[1].task.Input)
		})
	}
}
