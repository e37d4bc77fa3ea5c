package collection_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

func TestTheQueriesForPagesRefuseWhatIsWrong(t *testing.T) {
	s := newStage(t, now(full(0)))
	s.check(time.Second, func() {
		for _, test := range []struct {
			name      string
			queries   []string // default: both
			arguments []any
			errorType string
			want      string
		}{
			{"nothing", nil, nil, perdure.ErrorInvalidInput, "is empty, want a JSON object"},
			{"an unknown field", nil, []any{map[string]any{"index": 0, "page": 1}}, perdure.ErrorInvalidInput, "page: unknown field"},
			{"the other's field", []string{perdure.QueryPage}, []any{map[string]any{"index": 0, "max": 1}}, perdure.ErrorInvalidInput, "max: unknown field"},
			{"a negative index", nil, []any{index(-1)}, perdure.ErrorInvalidInput, "index: is negative, want 0 for the first page, or more"},
			{"fewer than none", []string{perdure.QueryPages}, []any{map[string]any{"max": -1}}, perdure.ErrorInvalidInput, "max: is negative, want 0 for as many as fit, or more"},
			{"a page that is not there", nil, []any{map[string]any{"index": 1}}, perdure.ErrorNotFetched, "page 1 has not been fetched; 1 have"},
		} {
			for _, query := range []string{perdure.QueryPage, perdure.QueryPages} {
				if test.queries != nil && !slices.Contains(test.queries, query) {
					continue
				}
				var none any
				bad := refusal(t, s.query(&none, query, test.arguments...))
				require.Equal(t, test.errorType, bad.Type(), test.name)
				require.Equal(t, test.want, bad.Message(), test.name)
			}
		}
	})
	s.run(request(idle(60)))
	s.succeeded()
}

func (s *stage) pages(index, most int) []perdure.Page {
	s.t.Helper()
	var p perdure.Pages
	require.NoError(s.t, s.query(&p, perdure.QueryPages, perdure.PagesRequest{Index: index, Max: most}))
	return p.Pages
}

func TestManyPagesAtOnce(t *testing.T) {
	s := newStage(t, now(full(0)), now(full(1)), now(full(2)), now(last(3)))
	s.waitAt(time.Second, index(9))
	s.run(request())
	s.succeeded()
	for _, test := range []struct{ index, most, want int }{
		{0, 0, 4}, {0, 1, 1}, {0, 3, 3}, {1, 0, 3}, {1, 2, 2}, {3, 0, 1}, {2, 100, 2}, {1, math.MaxInt, 3},
	} {
		got := s.pages(test.index, test.most)
		require.Len(t, got, test.want, test)
		for i, p := range got {
			require.Equal(t, s.page(test.index+i), p)
		}
	}
}

func TestManyPagesAtOnceAreOfOneRun(t *testing.T) {
	s := newStage(t, now(full(0)), now(full(1)))
	s.waitAt(time.Second, index(0))
	s.suggestAt(500 * time.Millisecond)
	s.run(request())
	require.Len(t, s.pages(0, 0), 2)
	second, args := s.continued(now(full(2)), now(last(3)))
	second.waitAt(time.Second, index(3))
	second.run(args...)
	var none perdure.Pages
	bad := refusal(t, second.query(&none, perdure.QueryPages, perdure.PagesRequest{Index: 1}))
	require.Equal(t, perdure.ErrorOtherRun, bad.Type())
	var segment perdure.Segment
	require.NoError(t, bad.Details(&segment))
	require.Equal(t, perdure.Segment{RunID: runID}, segment)
	require.Len(t, second.pages(2, 0), 2)
}

// Temporal takes 2 MB for an answer. A page alone always fits.
func TestManyPagesFitIntoAnAnswer(t *testing.T) {
	text := strings.Repeat("x", 400_000)
	heavy := map[string]func(a *perdure.PageAnswer){
		"values that are put back": func(a *perdure.PageAnswer) {
			a.Values, a.Around = json.RawMessage(`["`+text+`"]`), &perdure.Around{Before: `{"value":`, After: `}`}
		},
		"what is around them": func(a *perdure.PageAnswer) {
			a.Around = &perdure.Around{Before: `{"about":"` + text + `","value":`, After: `}`}
		},
		"a body": func(a *perdure.PageAnswer) { a.Response.Body = perdure.JSONBody(json.RawMessage(`"` + text + `"`)) },
		"a body that was cut": func(a *perdure.PageAnswer) {
			a.Response.Body, a.Response.Truncated = perdure.TextBody(strings.Repeat(`<"`, 50_000)), true
		},
		"headers":        func(a *perdure.PageAnswer) { a.Response.Headers = map[string][]string{"X-Long": {text}} },
		"more than fits": func(a *perdure.PageAnswer) { a.Values = json.RawMessage(`["` + strings.Repeat("x", 1_100_000) + `"]`) },
	}
	for name, change := range heavy {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			for i := range 3 {
				s.fetches = append(s.fetches, now(full(i, change)))
			}
			s.fetches = append(s.fetches, now(last(3)))
			s.waitAt(time.Second, index(50))
			s.run(request())
			s.succeeded()
			for from := 0; from < 4; {
				got := s.pages(from, 0)
				require.NotEmpty(t, got)
				raw, err := json.Marshal(perdure.Pages{Pages: got})
				require.NoError(t, err)
				require.Less(t, len(raw), 2_000_000)
				from += len(got)
			}
			require.Less(t, len(s.pages(0, 0)), 4, "they do not fit into one")
		})
	}
}

// The values are recorded once, and are in the page twice: by themselves, and in the
// body that the service answered.
func TestTheValuesArePutBackIntoTheBody(t *testing.T) {
	values := `[{"n":1.0},"b"]`
	s := newStage(t, now(full(0, func(a *perdure.PageAnswer) {
		a.Values = json.RawMessage(values)
		a.Around = &perdure.Around{Before: `{"value":`, After: `,"@odata.nextLink":"https://jobs.test/jobs?page=2"}`}
	})))
	s.check(time.Second, func() {
		for range 2 { // as often as one likes
			p := s.page(0)
			require.Equal(t, values, string(p.Values))
			require.Equal(t, `{"value":`+values+`,"@odata.nextLink":"https://jobs.test/jobs?page=2"}`, string(p.Response.Body.JSON))
		}
	})
	s.run(request(idle(60)))
	s.succeeded()
}

// Both tokens or none: a page without a next token would look like the last.
func TestStatesThatMakeNoTokens(t *testing.T) {
	next := func(text string) func(*perdure.PageAnswer) {
		return func(a *perdure.PageAnswer) { a.Next = text }
	}
	s := newStage(t, now(full(0, next(huge(1)))), now(full(1, next(sealed(2)))), now(full(2)), now(last(3)))
	s.check(time.Second, func() {
		p := s.page(0)
		require.Empty(t, p.PageToken)
		require.Empty(t, p.NextPageToken)
		require.False(t, p.Last)
		require.Empty(t, s.status().NextPageToken)
		require.Equal(t, sealed(0), s.status().PageToken)
		var token string
		bad := refusal(t, s.query(&token, perdure.QueryToken))
		require.Equal(t, perdure.ErrorTokenTooLarge, bad.Type())
		require.NotContains(t, bad.Error(), "perdure1_", "it is never printed")
	})
	u := s.waitAt(2*time.Second, index(2))
	s.run(request())
	s.succeeded()
	u.answered(2 * time.Second)
	require.Equal(t, huge(1), s.calls[1].task.Sealed, "the collection goes on")
	require.Empty(t, s.page(1).PageToken)
	require.Empty(t, s.page(1).NextPageToken)
	require.Equal(t, sealed(2), s.page(2).PageToken)
	require.Equal(t, sealed(3), s.page(2).NextPageToken)
}

// A token of exactly as many bytes as a token may have is one.
func TestTheLargestToken(t *testing.T) {
	largest := huge(1)[:perdure.MaxTokenBytes]
	s := newStage(t, now(full(0, func(a *perdure.PageAnswer) { a.Next = largest })))
	s.check(time.Second, func() {
		require.Equal(t, largest, s.page(0).NextPageToken)
		require.Equal(t, largest, s.status().NextPageToken)
		require.Equal(t, largest, s.token())
	})
	s.run(request(idle(60)))
	require.Equal(t, largest, s.succeeded().NextPageToken)
}
