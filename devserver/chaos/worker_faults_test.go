package chaos_test

import (
	"context"
	"math/rand/v2"
	"syscall"
	"time"
)

// heartbeatTimeout is the workflows': after it a worker that says nothing counts as dead.
const heartbeatTimeout = 15 * time.Second

// The first worker is never ended, so that what it leaves behind adds up.
const veteran = 0

// workerFault is what is done to workers.
type workerFault struct {
	kind string
	do   func(ctx context.Context, w *world, r *rand.Rand) error
}

var workerFaults = []workerFault{
	{"worker killed", func(ctx context.Context, w *world, r *rand.Rand) error {
		return w.endWorker(ctx, r, syscall.SIGKILL)
	}},
	{"worker killed, and started at once", func(_ context.Context, w *world, r *rand.Rand) error {
		p := w.mortal(r)
		p.end(syscall.SIGKILL)
		return p.start()
	}},
	{"worker stopped", func(ctx context.Context, w *world, r *rand.Rand) error {
		return w.endWorker(ctx, r, syscall.SIGTERM)
	}},
	{"all workers but one killed", func(ctx context.Context, w *world, r *rand.Rand) error {
		for _, p := range w.processes[veteran+1:] {
			p.end(syscall.SIGKILL)
		}
		pause(ctx, between(r, 0, 5*time.Second))
		for _, p := range w.processes[veteran+1:] {
			if err := p.start(); err != nil {
				return err
			}
		}
		return nil
	}},
	{"worker frozen", func(ctx context.Context, w *world, r *rand.Rand) error {
		return freeze(ctx, between(r, time.Second, heartbeatTimeout+5*time.Second), w.processes[r.IntN(workers)])
	}},
	{"all workers frozen", func(ctx context.Context, w *world, r *rand.Rand) error {
		return freeze(ctx, between(r, time.Second, 8*time.Second), w.processes...)
	}},
}

// mortal is a worker that may end.
func (w *world) mortal(r *rand.Rand) *process {
	return w.processes[veteran+1+r.IntN(workers-veteran-1)]
}

func (w *world) endWorker(ctx context.Context, r *rand.Rand, s syscall.Signal) error {
	p := w.mortal(r)
	p.end(s)
	pause(ctx, between(r, 0, heartbeatTimeout))
	return p.start()
}

// freeze has workers stand still, and go on as if no time had passed.
func freeze(ctx context.Context, d time.Duration, all ...*process) error {
	for _, p := range all {
		p.signal(syscall.SIGSTOP)
	}
	pause(ctx, d)
	for _, p := range all {
		p.signal(syscall.SIGCONT)
	}
	return nil
}

// disturbWorkers does something to workers now and then, until ctx ends. All run when it
// returns.
func (w *world) disturbWorkers(ctx context.Context) error {
	r := randomFor(w.size.seed, "workers")
	dealt := deck[workerFault]{random: r, cards: workerFaults}
	for pause(ctx, between(r, time.Second, 8*time.Second)) {
		fault := dealt.deal()
		end := w.journal.begin(fault.kind, true)
		if err := fault.do(ctx, w, r); err != nil {
			return err
		}
		end()
	}
	return nil
}
