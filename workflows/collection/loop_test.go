package collection_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/collection"
)

// A page that names itself as the next one, or a page that came before it in the
// collection, breaks the protocol: asked for by the same method, URL and body, and the
// same header where that has the token.
//
//rule:pages 12 -
func TestAPageThatLeadsInACircle(t *testing.T) {
	for _, test := range []struct {
		name    string
		fetches []act
		pages   int
	}{
		{"to the first", []act{now(full(0)), now(full(1)), now(full(2, leadsTo(0)))}, 2},
		{"to the one before", []act{now(full(0)), now(full(1)), now(full(2, leadsTo(1)))}, 2},
		{"from the second to the first", []act{now(full(0)), now(full(1, leadsTo(0)))}, 1},
		{"to itself", []act{now(full(0)), now(full(1, leadsTo(1)))}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t, test.fetches...)
			u := s.waitAt(time.Second, index(9))
			s.run(request(idle(60)))
			require.Equal(t, test.pages, s.succeeded().Pages, "what came before is kept")
			errorType, status := u.failed(time.Second)
			require.Equal(t, perdure.ErrorProtocolViolation, errorType)
			require.Contains(t, status.Error.Message, "came before")
			require.Equal(t, test.pages, status.Pages)
			require.Equal(t, sealed(test.pages), status.NextPageToken, "it can be asked for again")
		})
	}
}

func TestAFirstPageThatLeadsToItself(t *testing.T) {
	s := newStage(t, now(full(0, leadsTo(0))))
	u := s.waitAt(time.Second, within(0, 0))
	s.fetches = append(s.fetches, now(full(0, leadsTo(0))))
	s.run(request(idle(60)))
	errorType, _, status := s.failed()
	require.Equal(t, perdure.ErrorOperationTimedOut, errorType)
	require.Equal(t, perdure.ErrorProtocolViolation, status.Error.Code)
	u.answered(time.Second)
}

// A service may mend its circle.
func TestAPageThatNoLongerLeadsInACircle(t *testing.T) {
	s := newStage(t, now(full(0)), now(full(1, leadsTo(0))), now(full(1)), now(last(2)))
	s.waitAt(time.Second, index(1))
	u := s.waitAt(2*time.Second, index(2))
	s.run(request())
	require.Equal(t, 3, s.succeeded().Pages)
	require.Equal(t, 3, u.answered(2*time.Second).Pages)
}

// The newest 20,000 pages are known for that; a longer circle is noticed before it has
// been gone round three times.
//
//rule:pages 12a -
func TestCirclesOfAnyLengthAreNoticed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ before, length int }{
		{0, 1},
		{0, 2},
		{5, 7},
		{0, collection.MaxSeen},
		{0, collection.MaxSeen + 1},
		{17, collection.MaxSeen + 5_000},
		{50_000, collection.MaxSeen + 12_345},
	} {
		t.Run(fmt.Sprintf("%d before %d", test.before, test.length), func(t *testing.T) {
			t.Parallel()
			page := func(i int) string {
				if i >= test.before {
					i = test.before + (i-test.before)%test.length
				}
				return mark(i)
			}
			var s collection.Seen
			i := 0
			for p := page(0); !s.Has(p); p = page(i) {
				s.Add(p)
				i++
			}
			require.GreaterOrEqual(t, i, test.before+test.length, "no page is taken for another")
			require.LessOrEqual(t, i, 3*(test.before+test.length), "before it has been gone round thrice")
			if test.length <= collection.MaxSeen {
				require.Equal(t, test.before+test.length, i)
			}
		})
	}
}

func TestWhatWasSeenSurvivesItsJSON(t *testing.T) {
	var s collection.Seen
	for i := range collection.MaxSeen + 10 {
		s.Add(mark(i))
	}
	raw, err := json.Marshal(s)
	require.NoError(t, err)
	require.Less(t, len(raw), 1<<20, "it is carried from run to run")
	var again collection.Seen
	require.NoError(t, json.Unmarshal(raw, &again))
	require.Len(t, again.Prints, collection.MaxSeen)
	require.Equal(t, s.Count, again.Count)
	for _, i := range []int{10, 11, 5_000, 16_384, collection.MaxSeen + 9} {
		require.True(t, again.Has(mark(i)), i)
	}
	for _, i := range []int{0, 9, collection.MaxSeen + 10} {
		require.False(t, again.Has(mark(i)), i)
	}
	require.False(t, again.Has(""))
	var none collection.Seen
	require.False(t, none.Has(""))
	require.False(t, none.Has(mark(0)))
}

// A page that is asked for again after it failed is no circle, and counts once.
func TestAPageIsNotedOnce(t *testing.T) {
	var s collection.Seen
	s.Add(mark(0))
	s.Add(mark(1))
	s.Add(mark(1))
	require.Equal(t, 2, s.Count)
	require.Equal(t, []string{mark(0), mark(1)}, s.Prints)
}
