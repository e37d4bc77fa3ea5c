package worker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
)

// How often open operations are counted, and how many counts are made at once: what the
// namespace is asked grows with the workers, and not with the services.
const (
	countEvery   = 30 * time.Second
	countAtOnce  = 40
	countTimeout = 10 * time.Second
)

// openStates are those that an open operation can be in.
var openStates = []perdure.State{perdure.StateAmbiguous, perdure.StateStarting, perdure.StateRunning, perdure.StateCanceling}

// openOperations are those of the task queue, as the namespace knows them: each worker
// counts the same.
type openOperations struct {
	count func(ctx context.Context, service string, state perdure.State) (int64, error)
	// all are counted in turn; next is the first of the next turn.
	all  []openOperation
	next int
}

// openOperation is what is counted as one.
type openOperation struct {
	service string
	state   perdure.State
	gauge   client.MetricsGauge
}

func newOpenOperations(count func(context.Context, string, perdure.State) (int64, error), h client.MetricsHandler, services []string) *openOperations {
	o := &openOperations{count: count}
	for _, state := range openStates {
		for _, service := range services {
			tagged := h.WithTags(map[string]string{"service": service, "state": string(state)})
			o.all = append(o.all, openOperation{service, state, tagged.Gauge("perdure_open_operations")})
		}
	}
	return o
}

// countOpen counts by search attributes. Names of services are checked: they need no quoting.
func countOpen(c client.Client, namespace, taskQueue string) func(context.Context, string, perdure.State) (int64, error) {
	return func(ctx context.Context, service string, state perdure.State) (int64, error) {
		answer, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
			Namespace: namespace,
			Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running' AND TaskQueue = %q AND %s = '%s' AND %s = '%s'",
				perdure.WorkflowOperation, taskQueue,
				perdure.SearchAttributeService, service, perdure.SearchAttributeState, state),
		})
		return answer.GetCount(), err
	}
}

// keepCounting counts until ctx ends, whenever the namespace has the attributes.
func (o *openOperations) keepCounting(ctx context.Context, attributes *searchAttributes) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for {
		has := attributes.names()
		if slices.Contains(has, perdure.SearchAttributeService) && slices.Contains(has, perdure.SearchAttributeState) {
			o.turn(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// turn counts the next few. What could not be counted keeps its value.
func (o *openOperations) turn(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	for range min(countAtOnce, len(o.all)) {
		open := o.all[o.next]
		n, err := o.count(ctx, open.service, open.state)
		if err != nil {
			return
		}
		open.gauge.Update(float64(n))
		o.next = (o.next + 1) % len(o.all)
	}
}
