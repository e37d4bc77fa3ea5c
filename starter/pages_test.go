package starter_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

func items(change ...func(*perdure.CollectionInput)) perdure.CollectionInput {
	in := perdure.CollectionInput{Request: &perdure.Request{Service: "jobs", Method: "GET", URL: "/items"}}
	for _, c := range change {
		c(&in)
	}
	return in
}

// readAll gives the indexes of the pages that came, the values and the error.
func readAll[T any](t *testing.T, pages iter.Seq2[*starter.Page[T], error]) (indexes []int, values []T, err error) {
	t.Helper()
	for p, e := range pages {
		require.NoError(t, err, "an error comes last")
		if err = e; err != nil {
			require.Nil(t, p)
			continue
		}
		indexes, values = append(indexes, p.Index), append(values, p.Values...)
	}
	return indexes, values, err
}

// bubble runs a test in virtual time; it fails where a goroutine is left.
func bubble(t *testing.T, test func(e *engine, c *starter.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e, c := newEngine(t)
		test(e, c)
	})
}

func TestPagesInTheirOrder(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		pages := starter.Pages[string](t.Context(), c, items(), nil)
		require.Empty(t, e.questions(), "nothing runs until it is ranged over")
		indexes, values, err := readAll(t, pages)
		require.NoError(t, err)
		require.Equal(t, []int{0, 1, 2}, indexes)
		require.Equal(t, []string{"0a", "0b", "1a", "1b", "2a", "2b"}, values)
	})
}

func TestAPageHasWhatIsNeededToGoOn(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		want := e.list(3, true).pages
		e.make = func(string, perdure.CollectionInput) *list {
			l := e.list(3, true)
			l.pages = want
			l.pages[0].Response = &perdure.Response{Status: 200}
			return l
		}
		for p, err := range starter.Pages[string](t.Context(), c, items(), nil) {
			require.NoError(t, err)
			require.Equal(t, want[p.Index].PageToken, p.PageToken.Text())
			require.Equal(t, want[p.Index].NextPageToken, p.NextPageToken.Text())
			require.Equal(t, p.Index == 2, p.Last)
			require.Equal(t, p.Last, p.NextPageToken.IsZero())
			require.Equal(t, want[p.Index].Response, p.Response)
		}
	})
}

func TestAllValues(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		var got []string
		for v, err := range starter.All[string](t.Context(), c, items(), nil) {
			require.NoError(t, err)
			got = append(got, v)
			if v == "1a" {
				break
			}
		}
		require.Equal(t, []string{"0a", "0b", "1a"}, got)

		h, err := starter.StartCollection[string](t.Context(), c, items(), nil)
		require.NoError(t, err)
		got = nil
		for v, err := range h.All(t.Context(), &starter.PagesOptions{From: 2}) {
			require.NoError(t, err)
			got = append(got, v)
		}
		require.Equal(t, []string{"2a", "2b"}, got)
	})
}

// The bubble fails where the page that is fetched ahead is still being fetched.
func TestBreakReleasesEverything(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		e.make = func(string, perdure.CollectionInput) *list { return e.list(100, true) }
		for p, err := range starter.Pages[string](t.Context(), c, items(), nil) {
			require.NoError(t, err)
			if p.Index == 3 {
				break
			}
		}
		n := len(e.questions())
		time.Sleep(time.Hour)
		require.Len(t, e.questions(), n, "nothing goes on asking")
	})
}

// A loop body that panics is left as by break.
func TestAPanicReleasesEverything(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		e.make = func(string, perdure.CollectionInput) *list { return e.list(100, true) }
		require.Panics(t, func() {
			for _, err := range starter.Pages[string](t.Context(), c, items(), nil) {
				panic(err)
			}
		})
	})
}

func TestTheNextPageIsFetchedWhileTheCallerWorks(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		e.make = func(string, perdure.CollectionInput) *list { return e.list(5, true) }
		begin := time.Now()
		for _, err := range starter.Pages[string](t.Context(), c, items(), nil) {
			require.NoError(t, err)
			time.Sleep(10 * fetchTime)
		}
		require.Less(t, time.Since(begin), 53*fetchTime)
	})
}

func TestRangingTwice(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		h, err := starter.StartCollection[string](t.Context(), c, items(), nil)
		require.NoError(t, err)
		pages := h.Pages(t.Context(), nil)
		for range 2 {
			indexes, _, err := readAll(t, pages)
			require.NoError(t, err)
			require.Equal(t, []int{0, 1, 2}, indexes)
		}
	})
}

func TestPagesFromAnIndex(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		from int
		want []int
		err  error
	}{
		{"the first", 0, []int{0, 1, 2}, nil},
		{"the last", 2, []int{2}, nil},
		{"after the last", 3, nil, starter.ErrNoPage},
		{"far after the last", 300, nil, starter.ErrNoPage},
		{"before the first", -1, nil, &perdure.InputError{Field: "index", Message: "is negative, want 0 for the first page, or more"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(e *engine, c *starter.Client) {
				t := e.t
				h, err := starter.StartCollection[string](t.Context(), c, items(), nil)
				require.NoError(t, err)
				indexes, _, err := readAll(t, h.Pages(t.Context(), &starter.PagesOptions{From: test.from}))
				require.Equal(t, test.want, indexes)
				if bad, ok := errors.AsType[*perdure.InputError](test.err); ok {
					require.Equal(t, bad, err)
				} else {
					require.ErrorIs(t, err, test.err)
				}
				p, pageErr := h.Page(t.Context(), test.from)
				require.Equal(t, err, pageErr)
				require.Equal(t, err == nil, p != nil)
			})
		})
	}
}

func TestAPageThatFailsIsTheLastThatComes(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		e.make = func(string, perdure.CollectionInput) *list {
			l := e.list(4, true)
			l.failing[2] = perdure.ErrorPageRejected
			return l
		}
		h, err := starter.StartCollection[string](t.Context(), c, items(), nil)
		require.NoError(t, err)
		indexes, _, err := readAll(t, h.Pages(t.Context(), nil))
		require.Equal(t, []int{0, 1}, indexes)
		var bad *perdure.CollectionError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, perdure.ErrorPageRejected, bad.Type)
		require.Equal(t, "not for you", bad.Message)
		require.Equal(t, 2, bad.Status.Pages)
		indexes, _, err = readAll(t, h.Pages(t.Context(), &starter.PagesOptions{From: 2}))
		require.NoError(t, err)
		require.Equal(t, []int{2, 3}, indexes, "ranging again tries it again, and skips nothing")
	})
}

// Neither who breaks nor who reads slowly is told of a page that he did not come to.
func TestAPageThatFailsAheadIsNoErrorYet(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		e.make = func(string, perdure.CollectionInput) *list {
			l := e.list(4, true)
			l.failing[1] = perdure.ErrorPageRejected
			return l
		}
		for p, err := range starter.Pages[string](t.Context(), c, items(), nil) {
			require.NoError(t, err)
			require.Equal(t, 0, p.Index)
			time.Sleep(time.Minute)
			break
		}
	})
}

func TestValuesThatDoNotFitTheType(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		e.make = func(string, perdure.CollectionInput) *list {
			l := e.list(4, true)
			l.pages[1].Values = json.RawMessage(`[{"n":1}]`)
			return l
		}
		indexes, _, err := readAll(t, starter.Pages[string](t.Context(), c, items(), nil))
		require.Equal(t, []int{0}, indexes)
		require.ErrorContains(t, err, "starter: read the values of page 1")
		_, values, err := readAll(t, starter.Pages[json.RawMessage](t.Context(), c, items(), nil))
		require.NoError(t, err)
		require.Equal(t, `{"n":1}`, string(values[2]))
	})
}

func TestValuesAreDecoded(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		type item struct {
			ID json.Number     `json:"id"`
			X  json.RawMessage `json:"x"`
		}
		e.make = func(string, perdure.CollectionInput) *list {
			l := e.list(3, true)
			l.pages[0].Values = json.RawMessage(`[{"id":12345678901234567890,"x":1.0},{"id":2,"more":true}]`)
			l.pages[1].Values = json.RawMessage(`[]`)
			l.pages[2].Values = json.RawMessage(`[null]`)
			return l
		}
		indexes, values, err := readAll(t, starter.Pages[*item](t.Context(), c, items(), nil))
		require.NoError(t, err)
		require.Equal(t, []int{0, 1, 2}, indexes, "an empty page is a page")
		require.Equal(t, []*item{{ID: "12345678901234567890", X: json.RawMessage(`1.0`)}, {ID: "2"}, nil}, values)
	})
}

// A collection that nobody asked for long has closed itself: its readers go on all the
// same, in one that begins where it ended.
func TestReadingGoesOnAfterTheIdleTimeout(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		made := map[string]perdure.CollectionInput{}
		e.make = func(id string, in perdure.CollectionInput) *list {
			made[id] = in
			return e.list(2, len(made) == 3)
		}
		in := items(func(in *perdure.CollectionInput) {
			in.Type, in.Audience, in.MaxPages, in.IdleTimeoutSeconds = "ListItems", "a", 100, 60
			in.Protocol = &perdure.ProtocolChoice{Name: "nextlink"}
		})
		h, err := starter.StartCollection[string](t.Context(), c, in, &starter.CollectionOptions{ID: "list"})
		require.NoError(t, err)
		for range 2 { // and so for every reader
			indexes, values, err := readAll(t, h.Pages(t.Context(), nil))
			require.NoError(t, err)
			require.Equal(t, []int{0, 1, 2, 3, 4, 5}, indexes)
			require.Equal(t, []string{"0a", "0b", "1a", "1b"}, values[8:])
		}
		p, err := h.Page(t.Context(), 3)
		require.NoError(t, err)
		require.Equal(t, 3, p.Index)
		require.Equal(t, []string{"list", "list+2", "list+2+2"}, slices.Sorted(func(yield func(string) bool) {
			for id := range made {
				if !yield(id) {
					return
				}
			}
		}), "one for all who read")
		first := e.lists["list"]
		require.Equal(t, perdure.CollectionInput{
			Token: first.status.NextPageToken, Type: "ListItems", Audience: "a", MaxPages: 98, IdleTimeoutSeconds: 60,
		}, made["list+2"])
		require.Equal(t, 96, made["list+2+2"].MaxPages)
	})
}

func TestMaxPagesIsTheEnd(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		e.make = func(string, perdure.CollectionInput) *list { return e.list(2, false) }
		in := items(func(in *perdure.CollectionInput) { in.MaxPages = 2 })
		h, err := starter.StartCollection[string](t.Context(), c, in, nil)
		require.NoError(t, err)
		indexes, _, err := readAll(t, h.Pages(t.Context(), nil))
		require.NoError(t, err)
		require.Equal(t, []int{0, 1}, indexes)
		_, err = h.Page(t.Context(), 2)
		require.ErrorIs(t, err, starter.ErrNoPage)
		require.ErrorContains(t, err, "maxPages")
		require.Len(t, e.lists, 1)
	})
}

// Without a token nothing goes on where the collection has closed itself. That is not
// its end.
func TestReadingDoesNotEndWhereATokenIsTooLarge(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		e.make = func(string, perdure.CollectionInput) *list {
			l := e.list(2, false)
			l.pages[1].PageToken, l.pages[1].NextPageToken = "", ""
			return l
		}
		indexes, _, err := readAll(t, starter.Pages[string](t.Context(), c, items(), nil))
		require.Equal(t, []int{0, 1}, indexes)
		var bad *perdure.CollectionError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, perdure.ErrorTokenTooLarge, bad.Type)
	})
}

func TestReadingACollectionThatWasEnded(t *testing.T) {
	t.Parallel()
	t.Run("canceled", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(e *engine, c *starter.Client) {
			t := e.t
			e.make = func(string, perdure.CollectionInput) *list { return e.list(9, true) }
			h, err := starter.StartCollection[string](t.Context(), c, items(), nil)
			require.NoError(t, err)
			require.NoError(t, h.Cancel(t.Context(), "enough"))
			indexes, _, err := readAll(t, h.Pages(t.Context(), nil))
			require.Equal(t, []int{0, 1}, indexes, "its pages stay readable")
			var bad *perdure.CollectionError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, perdure.ErrorCanceled, bad.Type)
			require.True(t, bad.Status.Done)
			require.NoError(t, h.Cancel(t.Context(), "again"), "after the end it does nothing")
		})
	})
	t.Run("terminated", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(e *engine, c *starter.Client) {
			t := e.t
			e.make = func(string, perdure.CollectionInput) *list { return e.list(9, true) }
			h, err := starter.StartCollection[string](t.Context(), c, items(), nil)
			require.NoError(t, err)
			e.lists[h.ID()].closed = enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED
			indexes, _, err := readAll(t, h.Pages(t.Context(), nil))
			require.Equal(t, []int{0, 1}, indexes)
			require.ErrorIs(t, err, starter.ErrTerminated)
			s, err := h.Status(t.Context())
			require.NoError(t, err)
			require.Equal(t, perdure.StateUnknown, s.State)
			require.True(t, s.Done)
		})
	})
	t.Run("gone", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(e *engine, c *starter.Client) {
			t := e.t
			h, err := starter.StartCollection[string](t.Context(), c, items(), nil)
			require.NoError(t, err)
			delete(e.lists, h.ID())
			_, _, err = readAll(t, h.Pages(t.Context(), nil))
			require.ErrorIs(t, err, starter.ErrNotFound)
			_, err = starter.AttachCollection[string](t.Context(), c, h.ID())
			require.ErrorIs(t, err, starter.ErrNotFound)
			require.ErrorIs(t, h.Cancel(t.Context(), ""), starter.ErrNotFound)
		})
	})
}

// A wait is answered early when the run is about to continue as new. Waits and reads are
// refused when more come than the engine takes at once, and come to nothing when a
// worker dies with them.
func TestReadersAskAgain(t *testing.T) {
	t.Parallel()
	const start = "start mine" // what is refused otherwise is there
	for _, test := range []struct {
		name    string
		refusal error
		refused []string // questions, as often as they stand there
	}{
		{"busy", serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_CONCURRENT_LIMIT, "busy"), []string{"wait 2", "pages 1"}},
		{"the workflow task failed", serviceerror.NewWorkflowNotReady("workflow task failure"), []string{"wait 2", "pages 1"}},
		{"the worker died", serviceerror.NewCanceled("context canceled"), []string{start, "wait 2", "pages 1", "pages 1"}},
		{"no worker came", serviceerror.NewDeadlineExceeded("context deadline exceeded"), []string{start, start, "wait 2", "pages 1"}},
		{"the update broke off", client.NewWorkflowUpdateServiceTimeoutOrCanceledError(context.Canceled), []string{start, "wait 2"}},
		{"a history that has grown", serviceerror.NewQueryFailed("[TMPRL1100] During replay, a matching Timer command was expected"), []string{"pages 1", "pages 1"}},
		{"the text of a refusal", serviceerror.NewQueryFailed(notFetched().Error()), []string{"pages 1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(e *engine, c *starter.Client) {
				t := e.t
				e.make = func(string, perdure.CollectionInput) *list {
					l := e.list(5, true)
					l.moves[3] = true
					return l
				}
				refused := slices.Clone(test.refused)
				e.refuse = func(question string) error {
					if i := slices.Index(refused, question); i >= 0 {
						refused = slices.Delete(refused, i, i+1)
						return test.refusal
					}
					return nil
				}
				indexes, _, err := readAll(t, starter.Pages[string](t.Context(), c, items(), &starter.CollectionOptions{ID: "mine"}))
				require.NoError(t, err)
				require.Equal(t, []int{0, 1, 2, 3, 4}, indexes)
				require.Empty(t, refused)
			})
		})
	}
}

// A page that is there is read, though the engine takes no more who wait.
func TestAPageThatIsThereIsReadWhileTheEngineIsBusy(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		e.make = func(string, perdure.CollectionInput) *list { return e.list(9, true) }
		h, err := starter.StartCollection[string](t.Context(), c, items(), nil)
		require.NoError(t, err)
		e.refuse = func(question string) error {
			if strings.HasPrefix(question, "wait") {
				return serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_CONCURRENT_LIMIT, "busy")
			}
			return nil
		}
		p, err := h.Page(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, []string{"1a", "1b"}, p.Values)
	})
}

func TestPagesOfAnEarlierRun(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		e.make = func(string, perdure.CollectionInput) *list {
			l := e.list(4, true)
			l.first = 2
			return l
		}
		indexes, _, err := readAll(t, starter.Pages[string](t.Context(), c, items(), nil))
		require.NoError(t, err)
		require.Equal(t, []int{0, 1, 2, 3}, indexes)
		require.Contains(t, e.questions(), "pages 1 of "+earlierRun)
	})
}

// The pages of a run that the namespace no longer keeps are fetched again, by the token
// that the page before had.
func TestPagesOfARunThatIsGone(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, _ *starter.Client) {
		t := e.t
		l := e.list(5, true)
		l.first = 4
		e.make = func(string, perdure.CollectionInput) *list { return l }
		fetched := 0
		e.page = func(_ context.Context, in perdure.CollectionInput) (*perdure.Page, error) {
			require.Equal(t, perdure.CollectionInput{Token: in.Token, Type: "ListItems", Audience: "a"}, in)
			i := slices.IndexFunc(l.pages, func(p perdure.Page) bool { return p.PageToken == in.Token })
			fetched++
			p := l.pages[i]
			p.Index = 0
			return &p, nil
		}
		c, err := starter.New(e, starter.Options{}) // without the keyset: the tokens of these pages have no type
		require.NoError(t, err)
		in := items(func(in *perdure.CollectionInput) { in.Type, in.Audience = "ListItems", "a" })
		h, err := starter.StartCollection[string](t.Context(), c, in, nil)
		require.NoError(t, err)
		var values []string
		for p, err := range h.Pages(t.Context(), nil) {
			require.NoError(t, err)
			require.Equal(t, len(values)/2, p.Index)
			values = append(values, p.Values...)
			synctest.Wait()
			l.gone = true
		}
		require.Equal(t, []string{"0a", "0b", "1a", "1b", "2a", "2b", "3a", "3b", "4a", "4b"}, values)
		require.Equal(t, 2, fetched)
		_, err = h.Page(t.Context(), 3)
		require.ErrorIs(t, err, starter.ErrNotFound)
		require.ErrorContains(t, err, "its token still gives it")
	})
}

// A workflow that was reset knows less than its readers: they ask again, and not for
// ever.
func TestACollectionThatKnowsLessThanBefore(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		h, err := starter.StartCollection[string](t.Context(), c, items(), nil)
		require.NoError(t, err)
		e.refuse = func(question string) error {
			if strings.HasPrefix(question, "pages") {
				return queryFailed(notFetched())
			}
			return nil
		}
		_, err = h.Page(t.Context(), 0)
		var bad *perdure.CollectionError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, perdure.ErrorNotFetched, bad.Type)
	})
}

func TestWhoStopsWaiting(t *testing.T) {
	t.Parallel()
	bubble(t, func(e *engine, c *starter.Client) {
		t := e.t
		e.make = func(string, perdure.CollectionInput) *list { return e.list(100, true) }
		why := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		var indexes []int
		var last error
		for p, err := range starter.Pages[string](ctx, c, items(), nil) {
			if last = err; err != nil {
				break
			}
			indexes = append(indexes, p.Index)
			if p.Index == 2 {
				cancel(why)
			}
		}
		require.ErrorIs(t, last, why)
		require.GreaterOrEqual(t, len(indexes), 3)
		cancel(nil)
	})
}
