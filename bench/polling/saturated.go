package main

import (
	"context"
	"fmt"
	"time"

	"github.com/perdure-dev/perdure/bench/polling/internal/script"
)

// Saturated is more operations than the machine can poll at their interval.
type Saturated struct {
	script.Count
	CPU CPU `json:"cpu"` // while it was counted
}

// saturatedSize is how much is measured at once.
type saturatedSize struct {
	operations int
	every      time.Duration
	settle     time.Duration // before it is counted
	count      time.Duration
}

func (p *place) saturated(ctx context.Context, w way, size saturatedSize) (_ *Saturated, err error) {
	worker, err := p.worker(ctx, w)
	if err != nil {
		return nil, err
	}
	defer stop(worker, &err)
	if err := p.warmUp(ctx, w); err != nil {
		return nil, err
	}
	books := script.Books{URL: p.service, Batch: newBatch()}
	over := make(chan error, 1)
	go func() {
		_, _, err := p.runAll(ctx, w, inputs(p.service, size.operations, size.every, script.Operation{Batch: books.Batch, Polls: script.Until}), time.Millisecond)
		over <- err
	}()
	if err := sleep(ctx, size.settle); err != nil {
		return nil, err
	}
	if _, err := books.Count(ctx); err != nil {
		return nil, err
	}
	before, err := p.cpu(worker)
	if err != nil {
		return nil, err
	}
	if err := sleep(ctx, size.count); err != nil {
		return nil, err
	}
	out := &Saturated{}
	if out.Count, err = books.Count(ctx); err != nil {
		return nil, err
	}
	after, err := p.cpu(worker)
	if err != nil {
		return nil, err
	}
	out.CPU = after.minus(before)
	if err := books.Finish(ctx); err != nil {
		return nil, err
	}
	if err := <-over; err != nil {
		return nil, fmt.Errorf("at saturation: %w", err)
	}
	return out, nil
}
