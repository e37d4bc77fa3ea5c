package bench_test

import (
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
)

// BenchmarkCollectionSize reads a collection of 10,000 pages of 100 items (some 13 KB),
// or as many as PERDURE_SIZE_PAGES says, and says how much memory the worker and
// Temporal have on the way: it is to stay as it is, and fails where it grows by more than
// mostGrowth. It takes minutes and runs on demand:
//
//	go test -run '^$' -bench CollectionSize -benchtime 1x -timeout 1h .
func BenchmarkCollectionSize(b *testing.B) {
	pages := sizePages(b)
	bin := build(b)
	const perPage = 100
	for _, way := range []struct {
		name  string
		pages int
		read  func(b *testing.B, s *sized)
	}{
		{"one reader", pages, oneReader},
		{"five readers at once", pages / 5, fiveReaders},
		{"one reader asks for each page twice", pages / 2, asksTwice},
	} {
		b.Run(way.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				d := deploy(b, bin, jobservice.ItemOptions{Count: perPage * way.pages, PerPage: perPage, Padding: 80})
				c, err := starter.StartCollection[item](b.Context(), d.c, items(), nil)
				require.NoError(b, err)
				s := &sized{b: b, d: d, c: c, pages: way.pages, began: time.Now()}
				b.StartTimer()
				s.sample(0)
				way.read(b, s)
				b.StopTimer()
				s.report()
				b.StartTimer()
			}
		})
	}
}

// mostGrowth bounds the MB that a process may have at the end, and had not after a fifth
// of the pages. The four fifths in between are 104 MB of 10,000 pages: who kept them
// would have as much more. A run in the cache, of 4 MB at most, and garbage that waits
// for its collection stay below.
const mostGrowth = 64

func sizePages(b *testing.B) int {
	b.Helper()
	text := os.Getenv("PERDURE_SIZE_PAGES")
	if text == "" {
		return 10_000
	}
	n, err := strconv.Atoi(text)
	require.NoError(b, err)
	return n
}

func oneReader(b *testing.B, s *sized) {
	b.Helper()
	n := 0
	for page, err := range s.c.Pages(b.Context(), nil) {
		require.NoError(b, err)
		require.Len(b, page.Values, 100)
		n++
		s.sample(n)
	}
	require.Equal(b, s.pages, n)
}

func fiveReaders(b *testing.B, s *sized) {
	b.Helper()
	var running sync.WaitGroup
	failed := make([]error, 5)
	for i := range failed {
		running.Go(func() {
			n := 0
			for _, err := range s.c.Pages(b.Context(), nil) {
				if err != nil {
					failed[i] = err
					return
				}
				n++
				if i == 0 {
					s.sample(n)
				}
			}
			if n != s.pages {
				failed[i] = starter.ErrNoPage
			}
		})
	}
	running.Wait()
	for _, err := range failed {
		require.NoError(b, err)
	}
}

func asksTwice(b *testing.B, s *sized) {
	b.Helper()
	for i := range s.pages {
		for range 2 {
			page, err := s.c.Page(b.Context(), i)
			require.NoError(b, err)
			require.Equal(b, i, page.Index)
		}
		s.sample(i + 1)
	}
}

// sized is a collection, and the memory that it takes.
type sized struct {
	b     *testing.B
	d     *deployed
	c     *starter.Collection[item]
	pages int
	began time.Time
	// worker and server are the samples of memory, in MB.
	seconds, worker, server []int
}

// sample looks at the memory after each tenth of the pages.
func (s *sized) sample(pages int) {
	if pages%max(1, s.pages/10) != 0 {
		return
	}
	s.worker, s.server = append(s.worker, resident(s.b, s.d.worker)), append(s.server, resident(s.b, s.d.server))
	s.seconds = append(s.seconds, int(time.Since(s.began).Seconds()))
}

// report says what there is for a page, and how the memory has grown since a fifth of
// them was read.
func (s *sized) report() {
	b := s.b
	b.Logf("each tenth of %d pages: after %v s the worker has %v MB, Temporal %v MB", s.pages, s.seconds, s.worker, s.server)
	bytes, events, runs := (&farm{raw: s.d.raw}).history(b, s.c)
	counts := s.d.service.Books().PageCounts()
	require.Len(b, counts, s.pages)
	twice := 0
	for _, n := range counts {
		if n > 1 {
			twice++
		}
	}
	b.ReportMetric(float64(s.pages)/b.Elapsed().Seconds(), "pages/s")
	b.ReportMetric(float64(bytes)/float64(s.pages), "history-B/page")
	b.ReportMetric(float64(events)/float64(s.pages), "events/page")
	b.ReportMetric(float64(runs), "runs")
	b.ReportMetric(float64(twice), "asked-twice")
	b.ReportMetric(float64(growth(s.worker)), "worker-growth-MB")
	b.ReportMetric(float64(growth(s.server)), "server-growth-MB")
	assert.LessOrEqual(b, growth(s.worker), mostGrowth, "the worker's memory grows with the pages")
	assert.LessOrEqual(b, growth(s.server), mostGrowth, "Temporal's memory grows with the pages")
}

// growth is how much more there is at the end than after a fifth of the way.
func growth(mb []int) int { return mb[len(mb)-1] - mb[len(mb)/5] }
