package main

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
)

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
	enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:         true,
	enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: true,
	enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:            true,
	enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:  true,
	enumspb.EVENT_TYPE_TIMER_STARTED:                      true,
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
		event, err := events.Next()
		if err != nil {
			return h, err
		}
		if billed[event.GetEventType()] {
			h.Actions++
		}
	}
	return h, nil
}
