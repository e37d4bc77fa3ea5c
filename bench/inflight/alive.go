package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
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

// alive counts all, without those that have warmed the place up, and sees the watched and
// some of the waiting to their end.
func (p *place) alive(ctx context.Context, waiting, watched []operation, sample int) (a Alive, err error) {
	a = Alive{Started: len(waiting) + len(watched), StartedTwice: p.service.startedTwice()}
	if a.Open, err = p.open(ctx, a.Started+warmUp); err != nil {
		return a, err
	}
	a.Open -= warmUp
	a.Watched, a.Waiting = len(watched), min(sample, len(waiting))
	for _, op := range watched {
		p.service.finish(op.number)
	}
	if err := end(ctx, watched, false); err != nil {
		return a, err
	}
	a.Succeeded += len(watched)
	some := make([]operation, a.Waiting)
	for i, at := range rand.Perm(len(waiting))[:a.Waiting] {
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

// History is what a waiting operation's holds.
type History struct {
	Events int `json:"events"`
	Bytes  int `json:"bytes"`
	// Actions are those that Temporal Cloud bills of the start, its one heartbeat included.
	Actions int `json:"actions"`
}

// billed are the events that Temporal Cloud bills as an action.
// https://docs.temporal.io/cloud/actions
var billed = map[enumspb.EventType]bool{
	enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:          true,
	enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:  true,
	enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:             true,
	enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:   true,
	enumspb.EVENT_TYPE_WORKFLOW_PROPERTIES_MODIFIED:        true,
	enumspb.EVENT_TYPE_TIMER_STARTED:                       true,
	enumspb.EVENT_TYPE_MARKER_RECORDED:                     true,
	enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:         true,
	enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW: true,
}

func (p *place) history(ctx context.Context, op operation) (h History, err error) {
	described, err := p.temporal.DescribeWorkflowExecution(ctx, op.ID(), "")
	if err != nil {
		return h, err
	}
	h.Events = int(described.GetWorkflowExecutionInfo().GetHistoryLength())
	h.Bytes = int(described.GetWorkflowExecutionInfo().GetHistorySizeBytes())
	h.Actions = 1 // the heartbeat "sending"
	events := p.temporal.GetWorkflowHistory(ctx, op.ID(), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		var event *historypb.HistoryEvent
		if event, err = events.Next(); err != nil {
			return h, err
		}
		if billed[event.GetEventType()] {
			h.Actions++
		}
	}
	return h, nil
}
