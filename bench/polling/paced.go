package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/perdure-dev/perdure/bench/internal/machine"
	"github.com/perdure-dev/perdure/bench/polling/internal/script"
	"github.com/perdure-dev/perdure/bench/polling/internal/ways"
)

// Paced is some operations that were polled at a pace which the machine can keep.
type Paced struct {
	Operations int `json:"operations"`
	Polls      int `json:"polls"`
	// CPU of it all, starts included, without what an idle server computes.
	CPU CPU `json:"cpu"`
	// Events and Bytes of an operation's history, the median.
	Events int64 `json:"events,omitempty"`
	Bytes  int64 `json:"bytes,omitempty"`
	// Delivered is how long after the service had first said "done" the caller had the
	// value, of each operation, sorted.
	Delivered []time.Duration `json:"delivered"`
}

// pacedSize is how much is measured at once.
type pacedSize struct {
	operations, polls int
	every, startEvery time.Duration
}

// afterwards is how long a server goes on with what was done.
const afterwards = time.Second

func (p *place) paced(ctx context.Context, w way, size pacedSize, idle CPU) (_ *Paced, err error) {
	worker, err := p.worker(ctx, w)
	if err != nil {
		return nil, err
	}
	defer stop(worker, &err)
	if err := p.warmUp(ctx, w); err != nil {
		return nil, err
	}
	began := time.Now()
	before, err := p.cpu(worker)
	if err != nil {
		return nil, err
	}
	batch := newBatch()
	delivered, ids, err := p.runAll(ctx, w, size.inputs(p.service, batch, w.telling), size.startEvery)
	if err != nil {
		return nil, err
	}
	if err := sleep(ctx, afterwards); err != nil {
		return nil, err
	}
	after, err := p.cpu(worker)
	if err != nil {
		return nil, err
	}
	out := &Paced{Operations: size.operations, CPU: after.minus(before).minus(idle.times(time.Since(began).Seconds()))}
	books := script.Books{URL: p.service, Batch: batch}
	if out.Delivered, err = delays(ctx, books, delivered); err != nil {
		return nil, err
	}
	count, err := books.Count(ctx)
	if err != nil {
		return nil, err
	}
	out.Polls = count.Polls
	out.Events, out.Bytes, err = p.histories(ctx, ids)
	return out, err
}

func (s pacedSize) inputs(service, batch string, telling bool) []ways.Input {
	return inputs(service, s.operations, s.every, script.Operation{Batch: batch, Polls: s.polls, Telling: telling})
}

// inputs are those of n operations, which are named by their numbers.
func inputs(service string, n int, every time.Duration, like script.Operation) []ways.Input {
	all := make([]ways.Input, n)
	for i := range all {
		like.Name = strconv.Itoa(i)
		all[i] = ways.Input{Service: service, Operation: like, Every: every}
	}
	return all
}

// warmUp sees one operation through.
func (p *place) warmUp(ctx context.Context, w way) error {
	_, err := p.run(ctx, w, inputs(p.service, 1, 100*time.Millisecond, script.Operation{Batch: newBatch(), Polls: 2})[0])
	return err
}

// runAll starts operations one after the other, and gives when each one's value was there,
// by name, and the workflows.
func (p *place) runAll(ctx context.Context, w way, all []ways.Input, startEvery time.Duration) (map[string]time.Time, []string, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	at, ids := make([]time.Time, len(all)), make([]string, len(all))
	var waiting sync.WaitGroup
	tick := time.NewTicker(startEvery)
	defer tick.Stop()
	for i, in := range all {
		<-tick.C
		waiting.Go(func() {
			id, err := p.run(ctx, w, in)
			if err != nil {
				cancel(fmt.Errorf("%s: %w", w.name, err))
			}
			at[i], ids[i] = time.Now(), id
		})
	}
	waiting.Wait()
	delivered := map[string]time.Time{}
	for i, in := range all {
		delivered[in.Operation.Name] = at[i]
	}
	return delivered, ids, context.Cause(ctx)
}

// delays from done to delivered, sorted.
func delays(ctx context.Context, books script.Books, delivered map[string]time.Time) ([]time.Duration, error) {
	done, err := books.Done(ctx)
	if err != nil {
		return nil, err
	}
	var all []time.Duration
	for name, at := range delivered {
		all = append(all, at.Sub(done[name]))
	}
	slices.Sort(all)
	return all, nil
}

// cpu is what the server and a worker have computed so far.
func (p *place) cpu(worker *machine.Process) (CPU, error) {
	server, err := p.server.CPU()
	if err != nil {
		return CPU{}, err
	}
	c := CPU{Server: server.Temporal, Database: server.Database}
	c.Worker, err = worker.CPU()
	return c, err
}

// histories gives the events and the bytes of the workflows' histories, the medians.
func (p *place) histories(ctx context.Context, ids []string) (events, bytes int64, err error) {
	var lengths, sizes []int64
	for _, id := range ids {
		d, err := p.temporal.DescribeWorkflowExecution(ctx, id, "")
		if err != nil {
			return 0, 0, err
		}
		lengths = append(lengths, d.GetWorkflowExecutionInfo().GetHistoryLength())
		sizes = append(sizes, d.GetWorkflowExecutionInfo().GetHistorySizeBytes())
	}
	return median(lengths), median(sizes), nil
}

// idle is what the server computes in a second while nobody uses it.
func (p *place) idle(ctx context.Context, d time.Duration) (CPU, error) {
	before, err := p.server.CPU()
	if err != nil {
		return CPU{}, err
	}
	if err := sleep(ctx, d); err != nil {
		return CPU{}, err
	}
	after, err := p.server.CPU()
	whole := CPU{Server: after.Temporal - before.Temporal, Database: after.Database - before.Database}
	return whole.times(1 / d.Seconds()), err
}
