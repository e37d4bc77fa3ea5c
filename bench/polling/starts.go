package main

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/perdure-dev/perdure/bench/internal/machine"
	"github.com/perdure-dev/perdure/bench/polling/internal/script"
)

// Starts is operations that are done with their start.
type Starts struct {
	Starts int           `json:"starts"`
	Took   time.Duration `json:"took"`
	CPU    CPU           `json:"cpu"` // without what an idle server computes
}

// startsSize is how many are measured at once, and how often.
type startsSize struct{ starts, rounds int }

// startsAtOnce is how many callers start operations one after the other.
const startsAtOnce = 4

// starts measures ways in turns that are short, so that what else the machine does is
// the same for all.
func (p *place) starts(ctx context.Context, of []way, size startsSize, idle CPU) (_ map[wayName][]Starts, err error) {
	workers := make([]*machine.Process, len(of))
	for i, w := range of {
		if workers[i], err = p.worker(ctx, w); err != nil {
			return nil, err
		}
		defer stop(workers[i], &err)
		if err := p.startAll(ctx, w, 2*startsAtOnce); err != nil { // until it is warm
			return nil, err
		}
	}
	out := map[wayName][]Starts{}
	for range size.rounds {
		for i, w := range of {
			one, err := p.startsOf(ctx, w, workers[i], size.starts, idle)
			if err != nil {
				return nil, err
			}
			out[w.name] = append(out[w.name], *one)
		}
	}
	return out, nil
}

func (p *place) startsOf(ctx context.Context, w way, worker *machine.Process, n int, idle CPU) (*Starts, error) {
	began := time.Now()
	before, err := p.cpu(worker)
	if err != nil {
		return nil, err
	}
	if err := p.startAll(ctx, w, n); err != nil {
		return nil, err
	}
	took := time.Since(began)
	if err := sleep(ctx, afterwards); err != nil {
		return nil, err
	}
	after, err := p.cpu(worker)
	return &Starts{Starts: n, Took: took, CPU: after.minus(before).minus(idle.times((took + afterwards).Seconds()))}, err
}

// startAll starts operations, and waits for their values.
func (p *place) startAll(ctx context.Context, w way, n int) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(startsAtOnce)
	for _, in := range inputs(p.service, n, time.Second, script.Operation{Batch: newBatch(), Polls: 0}) {
		all.Go(func() error {
			_, err := p.run(ctx, w, in)
			return err
		})
	}
	return all.Wait()
}
