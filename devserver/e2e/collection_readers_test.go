package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// item is one of the sample service's.
type item struct {
	Number int `json:"number"`
}

// itemList is a paged list of the sample service.
type itemList struct {
	path     string
	protocol *perdure.ProtocolChoice // nil: what "auto" finds
}

// itemLists are one in each convention.
var itemLists = []itemList{
	{path: "/v1/items"},
	{path: "/items"},
	{path: "/v1beta/items"},
	{path: "/linked/items"},
	{path: "/cursor/items", protocol: &perdure.ProtocolChoice{
		Name: "token", Options: json.RawMessage(`{"token":"next","into":{"query":"cursor"},"items":"items"}`),
	}},
}

func (l itemList) input(change ...func(*perdure.CollectionInput)) perdure.CollectionInput {
	in := perdure.CollectionInput{
		Request:  &perdure.Request{Service: "jobs", Method: http.MethodGet, URL: l.path},
		Protocol: l.protocol,
	}
	for _, c := range change {
		c(&in)
	}
	return in
}

// items is the input that reads the list in the style of OpenAI.
func items(change ...func(*perdure.CollectionInput)) perdure.CollectionInput {
	return itemList{path: "/v1/items"}.input(change...)
}

func closesWhenIdle(seconds float64) func(*perdure.CollectionInput) {
	return func(in *perdure.CollectionInput) { in.IdleTimeoutSeconds = seconds }
}

// pageNumbers are the numbers of the items on the pages from first to before end.
func pageNumbers(first, end, perPage int) [][]int {
	pages := make([][]int, 0, end-first)
	for i := first; i < end; i++ {
		pages = append(pages, numbersFrom(i*perPage, perPage))
	}
	return pages
}

func numbersFrom(first, count int) []int {
	numbers := make([]int, 0, count)
	for n := first; n < first+count; n++ {
		numbers = append(numbers, n)
	}
	return numbers
}

func numbersOf(page *starter.Page[item]) []int {
	numbers := make([]int, 0, len(page.Values))
	for _, i := range page.Values {
		numbers = append(numbers, i.Number)
	}
	return numbers
}

// reader reads a collection its own way, and gives the numbers of the items of each
// page that it got.
type reader func(ctx context.Context, c *starter.Collection[item]) ([][]int, error)

// rangesOver is a reader that takes every page once.
func rangesOver(ctx context.Context, c *starter.Collection[item]) ([][]int, error) {
	return rangesFrom(ctx, c, 0)
}

func rangesFrom(ctx context.Context, c *starter.Collection[item], from int) ([][]int, error) {
	var got [][]int
	for page, err := range c.Pages(ctx, &starter.PagesOptions{From: from}) {
		if err != nil {
			return got, fmt.Errorf("after %d pages: %w", len(got), err)
		}
		if page.Index != from+len(got) {
			return got, fmt.Errorf("page %d came after %d", page.Index, len(got))
		}
		got = append(got, numbersOf(page))
	}
	return got, nil
}

// reading is one reader of a collection, and what came of it.
type reading struct {
	name string
	got  [][]int
	err  error
}

// readAll has all readers read the collection at once, each with a handle of its own.
func readAll(ctx context.Context, w *world, id string, in perdure.CollectionInput, readers map[string]reader) []*reading {
	var all []*reading
	var running sync.WaitGroup
	for name, read := range readers {
		r := &reading{name: name}
		all = append(all, r)
		running.Go(func() {
			c, err := starter.StartCollection[item](ctx, w.client, in, &starter.CollectionOptions{ID: id})
			if err != nil {
				r.err = fmt.Errorf("start: %w", err)
				return
			}
			r.got, r.err = read(ctx, c)
		})
	}
	running.Wait()
	return all
}

// readEverything demands that the reader got these pages.
func (r *reading) readEverything(t *testing.T, want [][]int) {
	t.Helper()
	require.NoError(t, r.err, "%s", r.name)
	require.Len(t, r.got, len(want), "%s", r.name)
	for i := range want {
		require.Equal(t, want[i], r.got[i], "%s: page %d", r.name, i)
	}
}

// scaled is a number that the environment may set.
func scaled(t *testing.T, variable string, byDefault int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return byDefault
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, variable)
	return n
}

// eachPageOnce demands that the service was asked for each of its first pages once.
func (w *world) eachPageOnce(t *testing.T, path string, pages int) {
	t.Helper()
	counts := w.service.Books().Pages(path).PageCounts()
	require.Len(t, counts, pages)
	for index, n := range counts {
		require.Equal(t, 1, n, "requests for page %d of %s", index, path)
	}
}
