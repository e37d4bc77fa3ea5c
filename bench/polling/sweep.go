package main

import (
	"context"
	"time"

	"github.com/perdure-dev/perdure/bench/internal/machine"
	"github.com/perdure-dev/perdure/bench/polling/internal/script"
)

// Sweep is the same operations, watched and waited for with waits of different lengths,
// and watched with windows of different lengths: what settles worker.watch.
type Sweep struct {
	Span
	Operations int     `json:"operations"`
	Idle       CPU     `json:"idle"`
	Points     []Point `json:"points"`
}

// Point is one setting, for a while.
type Point struct {
	Watching bool          `json:"watching"`
	Wait     time.Duration `json:"wait"`   // between two questions
	Window   time.Duration `json:"window"` // of watching
	For      time.Duration `json:"for"`
	Polls    int           `json:"polls"`
	CPU      CPU           `json:"cpu"` // without what an idle server computes
}

// sweepSize is how much is measured, and for how long each point.
type sweepSize struct {
	operations int
	startEvery time.Duration
	waits      []time.Duration // growing
	windows    []time.Duration // of watching, with the first of waits
	each       time.Duration
}

// sweep takes all points with the same operations, which change from one worker to the
// next.
func (p *place) sweep(ctx context.Context, size sweepSize) (_ *Sweep, err error) {
	s := &sweeping{place: p, sweepSize: size, books: script.Books{URL: p.service, Batch: newBatch()}, out: &Sweep{Operations: size.operations}}
	if s.out.Idle, err = p.idle(ctx, size.each/2); err != nil {
		return nil, err
	}
	if err := s.books.Pace(ctx, size.waits[0]); err != nil {
		return nil, err
	}
	over := make(chan error, 1)
	start := func() {
		like := script.Operation{Batch: s.books.Batch, Polls: script.Until}
		_, _, err := p.runAll(ctx, way{name: watching}, inputs(p.service, size.operations, 100*time.Millisecond, like), size.startEvery)
		over <- err
	}
	go start()
	if err := s.under(ctx, always(longWindow), time.Duration(size.operations)*size.startEvery, size.waits); err != nil {
		return nil, err
	}
	for _, window := range size.windows {
		if err := s.under(ctx, always(window), 0, size.waits[:1]); err != nil {
			return nil, err
		}
	}
	if err := s.under(ctx, never, 0, size.waits); err != nil {
		return nil, err
	}
	worker, err := p.worker(ctx, way{watch: byDefault})
	if err != nil {
		return nil, err
	}
	defer stop(worker, &err)
	if err := s.books.Finish(ctx); err != nil {
		return nil, err
	}
	return s.out, <-over
}

// longWindow is longer than anything is measured.
const longWindow = 10 * time.Minute

// always watches, whatever the wait.
func always(window time.Duration) watch {
	return watch{thresholdSeconds: time.Hour.Seconds(), windowSeconds: window.Seconds()}
}

// sweeping is a sweep under way.
type sweeping struct {
	*place
	sweepSize
	books script.Books
	last  time.Duration // the wait before
	out   *Sweep
}

// under measures waits with a worker that watches so, when it has run for a while.
func (s *sweeping) under(ctx context.Context, how watch, settle time.Duration, waits []time.Duration) (err error) {
	worker, err := s.worker(ctx, way{watch: how})
	if err != nil {
		return err
	}
	defer stop(worker, &err)
	if err := sleep(ctx, settle); err != nil {
		return err
	}
	for _, wait := range waits {
		if err := s.books.Pace(ctx, wait); err != nil {
			return err
		}
		// Waits that have begun are seen through, jitter included.
		if err := sleep(ctx, max(s.last, wait)*5/4); err != nil {
			return err
		}
		s.last = wait
		point, err := s.point(ctx, worker)
		if err != nil {
			return err
		}
		point.Watching, point.Wait, point.Window = how != never, wait, time.Duration(how.windowSeconds*float64(time.Second))
		s.out.Points = append(s.out.Points, *point)
	}
	return nil
}

func (s *sweeping) point(ctx context.Context, worker *machine.Process) (*Point, error) {
	if _, err := s.books.Count(ctx); err != nil {
		return nil, err
	}
	before, err := s.cpu(worker)
	if err != nil {
		return nil, err
	}
	if err := sleep(ctx, s.each); err != nil {
		return nil, err
	}
	after, err := s.cpu(worker)
	if err != nil {
		return nil, err
	}
	count, err := s.books.Count(ctx)
	return &Point{For: count.For, Polls: count.Polls, CPU: after.minus(before).minus(s.out.Idle.times(count.For.Seconds()))}, err
}
