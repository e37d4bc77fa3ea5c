package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"golang.org/x/sync/errgroup"

	"github.com/perdure-dev/perdure"
)

// Alive is whether all operations are in flight, and come to their end.
type Alive struct {
	Started int `json:"started"`
	// Open is how many of them Temporal's visibility has as running.
	Open int `json:"open"`
	// StartedTwice at the service.
	StartedTwice int `json:"startedTwice"`
	// Watched and Waiting ones that were finished at the service, and Succeeded those of
	// them whose value was read.
	Watched   int `json:"watched"`
	Waiting   int `json:"waiting"`
	Succeeded int `json:"succeeded"`
}

// alive counts all, and sees the watched and some of the waiting to their end.
func (p *place) alive(ctx context.Context, waiting, watched []operation, sample int) (a Alive, err error) {
	a = Alive{Started: len(waiting) + len(watched), StartedTwice: p.service.startedTwice()}
	if a.Open, err = p.open(ctx, a.Started); err != nil {
		return a, err
	}
	a.Watched, a.Waiting = len(watched), min(sample, len(waiting))
	for _, op := range watched {
		p.service.finish(op.number)
	}
	if err := end(ctx, watched, false); err != nil {
		return a, err
	}
	a.Succeeded += len(watched)
	some := make([]operation, a.Waiting)
	for i, at := range rand.Perm(len(waiting))[:a.Waiting] { //nolint:gosec // a sample
		some[i] = waiting[at]
		p.service.finish(some[i].number)
	}
	if err := end(ctx, some, true); err != nil {
		return a, err
	}
	a.Succeeded += len(some)
	return a, nil
}

// end waits for the values of operations. Those that wait for an hour are asked for now.
func end(ctx context.Context, ops []operation, ask bool) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(100)
	for _, op := range ops {
		all.Go(func() error {
			if ask {
				if err := op.RequestPoll(ctx); err != nil {
					return fmt.Errorf("ask for %d: %w", op.number, err)
				}
			}
			value, err := op.Wait(ctx, nil)
			if want := fmt.Sprintf(`{"number":%d,"status":"succeeded"}`, op.number); err != nil || string(value) != want {
				return fmt.Errorf("operation %d: value %s, want %s: %w", op.number, value, want, err)
			}
			return nil
		})
	}
	return all.Wait()
}

// open counts the operations that are open, once it is as many as expected, or after half
// a minute: visibility follows what happens.
func (p *place) open(ctx context.Context, expected int) (int, error) {
	query := fmt.Sprintf("WorkflowType = %q AND ExecutionStatus = %q", perdure.WorkflowOperation, "Running")
	for begin := time.Now(); ; {
		count, err := p.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
		if err != nil {
			return 0, err
		}
		if n := int(count.GetCount()); n == expected || time.Since(begin) > 30*time.Second {
			return n, nil
		}
		if err := sleep(ctx, time.Second); err != nil {
			return 0, err
		}
	}
}
