package e2e_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/devservertest"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
)

// Pages of 60 KB make a history continue as new after some 65 of them. None of five
// readers notices, nor does one who comes when everything is over, and the service is
// asked for each page once.
func TestReadersDoNotNoticeContinueAsNew(t *testing.T) {
	t.Parallel()
	const pages, perPage = 150, 4
	w := newWorld(t, settings{service: jobservice.Options{Items: jobservice.ItemOptions{Count: pages * perPage, PerPage: perPage, Padding: 15_000}}})
	w.worker()
	ctx, done := contextFor(t, 4*time.Minute)
	defer done()
	want := pageNumbers(0, pages, perPage)
	for _, r := range readAll(ctx, w, w.queue, items(), fiveReaders()) {
		r.readEverything(t, want)
	}
	w.eachPageOnce(t, "/v1/items", pages)

	_, elsewhere := w.dial(w.server)
	c, err := starter.AttachCollection[item](ctx, elsewhere, w.queue)
	require.NoError(t, err)
	s, err := c.Status(ctx)
	require.NoError(t, err)
	require.True(t, s.Done)
	require.GreaterOrEqual(t, len(s.Segments), 3, "it has continued as new")
	t.Logf("%d pages, runs from %v", s.Pages, s.Segments)
	late, err := rangesOver(ctx, c)
	require.NoError(t, err)
	require.Equal(t, want, late)
	random := rand.New(rand.NewPCG(1, 1))
	for range 5 {
		index := random.IntN(s.Segments[2].FirstIndex) // in one of the first two runs
		page, err := c.Page(ctx, index)
		require.NoError(t, err)
		require.Equal(t, want[index], numbersOf(page))
	}
	w.eachPageOnce(t, "/v1/items", pages)
}

func fiveReaders() map[string]reader {
	return map[string]reader{
		"first": rangesOver, "second": rangesOver, "third": rangesOver,
		"one that loses pages": losesPages(1), "another": losesPages(2),
	}
}

// However often runs follow each other while somebody waits for the next page, the
// service is asked for it once.
func TestRunsThatFollowEachOtherAskForEachPageOnce(t *testing.T) {
	t.Parallel()
	const pages, perPage = 100, 2
	server := devservertest.Start(t, devserver.Options{Headless: true, DynamicConfig: map[string]any{
		"limit.historyCount.suggestContinueAsNew": 100,
	}})
	w := newWorld(t, settings{server: server, service: jobservice.Options{Items: jobservice.ItemOptions{Count: pages * perPage, PerPage: perPage}}})
	w.fault(t, jobservice.Fault{SlowMillis: 30, Times: -1}) // so that most runs end with a page on its way
	w.worker()
	ctx, done := contextFor(t, 4*time.Minute)
	defer done()
	for _, r := range readAll(ctx, w, w.queue, items(), fiveReaders()) {
		r.readEverything(t, pageNumbers(0, pages, perPage))
	}
	w.eachPageOnce(t, "/v1/items", pages)
	require.Greater(t, len(w.runsOf(t)), 10)
}

// Temporal takes 2,000 updates a run, and here one reader asks for more. PERDURE_ASKS
// says how often, each page three times.
func TestAReaderAsksMoreOftenThanARunTakes(t *testing.T) {
	t.Parallel()
	asks := scaled(t, "PERDURE_ASKS", 2400)
	pages := asks / 3
	w := newWorld(t, settings{service: jobservice.Options{Items: jobservice.ItemOptions{Count: pages, PerPage: 1}}})
	w.worker()
	ctx, done := contextFor(t, time.Duration(max(1, asks/1000))*10*time.Minute)
	defer done()
	c, err := starter.StartCollection[item](ctx, w.client, items(), nil)
	require.NoError(t, err)
	began := time.Now()
	for ask := range 3 * pages {
		index := ask / 3
		page, err := c.Page(ctx, index)
		require.NoError(t, err, "ask %d", ask)
		require.Equal(t, []int{index}, numbersOf(page))
		require.Equal(t, index == pages-1, page.Last)
	}
	s, err := c.Status(ctx)
	require.NoError(t, err)
	t.Logf("%d asks, %d pages, %d runs, %.1f s", 3*pages, s.Pages, len(s.Segments), time.Since(began).Seconds())
	require.Greater(t, len(s.Segments), asks/1000)
	w.eachPageOnce(t, "/v1/items", pages)
}
