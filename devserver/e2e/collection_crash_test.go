package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/devservertest"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
)

// Workers die at random while two readers at once go through each of five lists, whose
// service has faults of every sort, and whose workflows continue as new all the time.
// Each reader gets every page once, in order. PERDURE_CRASH_PAGES says how many pages
// there are in all, PERDURE_CRASH_SEED repeats what was drawn.
func TestPagesSurviveTheWorkers(t *testing.T) {
	t.Parallel()
	const perPage = 3
	pages := max(1, scaled(t, "PERDURE_CRASH_PAGES", 1000)/len(itemLists))
	seed := uint64(scaled(t, "PERDURE_CRASH_SEED", int(time.Now().Unix())))
	t.Logf("PERDURE_CRASH_SEED=%d", seed)

	server := devservertest.Start(t, devserver.Options{Headless: true, DynamicConfig: map[string]any{
		"limit.historyCount.suggestContinueAsNew": 250,
	}})
	w := newWorld(t, settings{server: server, service: jobservice.Options{Items: jobservice.ItemOptions{Count: pages * perPage, PerPage: perPage}}})
	for _, f := range jobservice.PageFaults("", seed, 0.02) {
		w.fault(t, f)
	}
	workers := w.fleet(2, seed)
	began := time.Now()
	ctx, done := contextFor(t, time.Duration(max(1, pages/200))*5*time.Minute)
	defer done()

	reading, end := context.WithCancel(ctx)
	var all []*listReading
	var running sync.WaitGroup
	for _, l := range itemLists {
		r := &listReading{itemList: l}
		all = append(all, r)
		running.Go(func() {
			r.readings = readAll(ctx, w, w.queue+l.path, l.input(), map[string]reader{
				"goes through " + l.path:   rangesOver,
				"loses pages of " + l.path: losesPages(seed),
			})
		})
	}
	go func() { running.Wait(); end() }()
	most := min(200, pages) // requests between two kills
	for w.requested(reading, workers.drawn(most*2/3, most)) {
		workers.killSome()
	}
	running.Wait()

	for _, r := range all {
		for _, reading := range r.readings {
			reading.readEverything(t, pageNumbers(0, pages, perPage))
		}
	}
	t.Logf("%d pages of %d lists, read twice each; the service got %d requests; %d workers were killed, at %d times; %.1f s",
		pages*len(all), len(all), len(w.service.Books()), workers.killed, workers.times, time.Since(began).Seconds())
	require.NotZero(t, workers.times)
}

// listReading is one list's.
type listReading struct {
	itemList
	readings []*reading
}

// losesPages is a reader that now and then loses what it was given, or hangs up before
// it is, and asks for that page again: it gets the same one.
func losesPages(seed uint64) reader {
	return func(ctx context.Context, c *starter.Collection[item]) ([][]int, error) {
		l := &loser{random: rand.New(rand.NewPCG(seed, 2))}
		for {
			last, err := l.read(ctx, c)
			if last || err != nil {
				return l.got, err
			}
		}
	}
}

// loser is what a reader has that loses pages.
type loser struct {
	random *rand.Rand
	got    [][]int
}

// read goes on from the first page that it does not have. It returns when it has the
// last one, has lost one, or has hung up.
func (l *loser) read(ctx context.Context, c *starter.Collection[item]) (last bool, err error) {
	hurried, hangUp := context.WithTimeout(ctx, time.Duration(l.random.IntN(2000))*time.Millisecond)
	defer hangUp()
	for page, err := range c.Pages(hurried, &starter.PagesOptions{From: len(l.got)}) {
		switch {
		case err != nil && hurried.Err() != nil && ctx.Err() == nil:
			return false, nil
		case err != nil:
			return false, fmt.Errorf("after %d pages: %w", len(l.got), err)
		case page.Index != len(l.got):
			return false, fmt.Errorf("page %d came after %d", page.Index, len(l.got))
		case l.random.IntN(10) == 0:
			return false, nil
		}
		l.got = append(l.got, numbersOf(page))
		last = page.Last
	}
	return last, nil
}

// requested waits until the service has got so many requests more. False: ctx ended
// first.
func (w *world) requested(ctx context.Context, more int) bool {
	before := len(w.service.Books())
	return w.service.WaitFor(ctx, func(b jobservice.Books) bool { return len(b) >= before+more }) == nil
}

// fleet is workers some of which are killed now and then, and replaced.
type fleet struct {
	w       *world
	random  *rand.Rand
	workers []*process
	// killed counts the workers, times how often some were killed.
	killed, times int
}

func (w *world) fleet(size int, seed uint64) *fleet {
	f := &fleet{w: w, random: rand.New(rand.NewPCG(seed, 1))}
	for range size {
		f.workers = append(f.workers, w.worker())
	}
	return f
}

// drawn is a number between two.
func (f *fleet) drawn(least, most int) int { return least + f.random.IntN(max(1, most-least)) }

// killSome kills one of the workers, or all of them.
func (f *fleet) killSome() {
	f.times++
	some := []int{f.random.IntN(len(f.workers))}
	if f.random.IntN(4) == 0 {
		some = numbersFrom(0, len(f.workers))
	}
	for _, i := range some {
		f.workers[i].kill()
		f.killed++
		f.workers[i] = f.w.worker()
	}
}
