package main

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/perdure-dev/perdure/bench/polling/internal/script"
)

// Starts is operations that are done with their start.
type Starts struct {
	Starts int           `json:"starts"`
	Took   time.Duration `json:"took"`
	CPU    CPU           `json:"cpu"` // without what an idle server computes
}

// startsAtOnce is how many callers start operations one after the other.
const startsAtOnce = 4

func (p *place) starts(ctx context.Context, w way, n int, idle CPU) (_ *Starts, err error) {
	worker, err := p.worker(ctx, w)
	if err != nil {
		return nil, err
	}
	defer stop(worker, &err)
	like := script.Operation{Polls: 0}
	start := func(n int) error {
		like.Batch = newBatch()
		all, ctx := errgroup.WithContext(ctx)
		all.SetLimit(startsAtOnce)
		for _, in := range inputs(p.service, n, time.Second, like) {
			all.Go(func() error {
				_, err := p.run(ctx, w, in)
				return err
			})
		}
		return all.Wait()
	}
	if err := start(2 * startsAtOnce); err != nil { // until it is warm
		return nil, err
	}
	began := time.Now()
	before, err := p.cpu(worker)
	if err != nil {
		return nil, err
	}
	if err := start(n); err != nil {
		return nil, err
	}
	took := time.Since(began)
	if err := sleep(ctx, afterwards); err != nil {
		return nil, err
	}
	after, err := p.cpu(worker)
	return &Starts{Starts: n, Took: took, CPU: after.minus(before).minus(idle.times((took + afterwards).Seconds()))}, err
}
