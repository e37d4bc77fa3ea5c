package main

import (
	"context"
	"time"
)

// Timed is polls after durable timers: operations that want to be asked every half minute,
// for a while.
type Timed struct {
	Operations int           `json:"operations"`
	Took       time.Duration `json:"took"`
	Polls      int           `json:"polls"`
	CPU        CPU           `json:"cpu"` // without what the place computes at rest
}

// timed is the shortest round interval above worker.watch.thresholdSeconds.
const timed = 30 * time.Second

// timedOperations are few enough to leave the machine half idle.
const timedOperations = 400

// measureTimed also says what the place computes in a second at rest.
func (p *place) measureTimed(ctx context.Context, each time.Duration) (t Timed, rest CPU, err error) {
	idle, took, err := p.during(func() error { return sleep(ctx, each/4) })
	if err != nil {
		return t, rest, err
	}
	rest = idle.times(1 / took.Seconds())
	ops, _, err := p.start(ctx, timedOperations, warmUp/10, timed)
	if err != nil {
		return t, rest, err
	}
	if err := sleep(ctx, timed); err != nil {
		return t, rest, err
	}
	from := time.Now()
	t.CPU, t.Took, err = p.during(func() error { return sleep(ctx, each) })
	if err != nil {
		return t, rest, err
	}
	t.CPU = t.CPU.minus(rest.times(t.Took.Seconds()))
	t.Operations, t.Polls = len(ops), p.service.asked(timed, from, time.Now())
	for _, op := range ops {
		p.service.finish(op.number)
	}
	return t, rest, end(ctx, ops, true)
}
