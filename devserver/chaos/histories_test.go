package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"github.com/perdure-dev/perdure"
)

// histories are what Temporal has recorded.
type histories struct {
	runs   int
	events int64
	// ids are the workflows; open those that have not ended.
	ids, open map[string]bool
	// failedTasks are the workflow tasks that failed, by their cause.
	failedTasks map[enumspb.WorkflowTaskFailedCause]int
	// ambiguous are the operations whose start was.
	ambiguous map[string]decision
}

// decision is when a start was under way, and was given up as ambiguous.
type decision struct {
	scheduled, decided time.Time
	attempt            int32
}

// readHistories reads all that there is; with an error, what came before it.
func (w *world) readHistories(ctx context.Context) (*histories, error) {
	h := &histories{
		ids: map[string]bool{}, open: map[string]bool{},
		failedTasks: map[enumspb.WorkflowTaskFailedCause]int{}, ambiguous: map[string]decision{},
	}
	request := &workflowservice.ListWorkflowExecutionsRequest{PageSize: 500}
	for {
		page, err := w.temporal.ListWorkflow(ctx, request)
		if err != nil {
			return h, err
		}
		for _, run := range page.GetExecutions() {
			if err := h.read(ctx, w, run); err != nil {
				return h, err
			}
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.NextPageToken) == 0 {
			return h, nil
		}
	}
}

func (h *histories) read(ctx context.Context, w *world, run *workflowpb.WorkflowExecutionInfo) error {
	id := run.GetExecution().GetWorkflowId()
	h.runs++
	h.ids[id] = true
	if run.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		h.open[id] = true
	}
	events := w.temporal.GetWorkflowHistory(ctx, id, run.GetExecution().GetRunId(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	byID := map[int64]*historypb.HistoryEvent{}
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		h.events++
		byID[event.GetEventId()] = event
		if failed := event.GetWorkflowTaskFailedEventAttributes(); failed != nil {
			h.failedTasks[failed.GetCause()]++
		}
		if err := h.start(id, event, byID); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
	}
	return nil
}

// start looks for the first answer of a start that is ambiguous.
func (h *histories) start(id string, event *historypb.HistoryEvent, byID map[int64]*historypb.HistoryEvent) error {
	completed := event.GetActivityTaskCompletedEventAttributes()
	scheduled := byID[completed.GetScheduledEventId()]
	if completed == nil || scheduled.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() != perdure.ActivityStart {
		return nil
	}
	var answer perdure.Answer
	if err := converter.GetDefaultDataConverter().FromPayloads(completed.GetResult(), &answer); err != nil {
		return err
	}
	if _, known := h.ambiguous[id]; known || answer.State != perdure.StateAmbiguous {
		return nil
	}
	h.ambiguous[id] = decision{
		scheduled: scheduled.GetEventTime().AsTime(), decided: event.GetEventTime().AsTime(),
		attempt: byID[completed.GetStartedEventId()].GetActivityTaskStartedEventAttributes().GetAttempt(),
	}
	return nil
}

// awaitClosed waits until Temporal knows all that was started, and that it has ended.
func (w *world) awaitClosed(ctx context.Context, all *callers) {
	eventually(ctx, func() bool {
		running, err := w.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: "ExecutionStatus = 'Running'"})
		ended, errEnded := w.temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: "ExecutionStatus != 'Running' AND ExecutionStatus != 'ContinuedAsNew'"})
		if errors.Join(err, errEnded) != nil {
			return false
		}
		return running.GetCount() == 0 && ended.GetCount() >= int64(len(all.list()))
	})
}

// compareHistories holds what Temporal has recorded against what was started, and every
// ambiguous start against what was injected while it was under way.
func (w *world) compareHistories(h *histories, all *callers) findings {
	var f findings
	for id := range h.open {
		f.add("%s: is open", id)
	}
	for cause, n := range h.failedTasks {
		switch cause { //nolint:exhaustive // the others are the server's own
		case enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR, enumspb.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE:
			f.add("%d workflow tasks failed: %s", n, cause)
		}
	}
	for _, o := range all.operations {
		d, ambiguous := h.ambiguous[o.name]
		switch {
		case ambiguous != o.ambiguous:
			f.add("%s at %s: ambiguous is %v for its caller, and %v in its history", o.name, o.service, o.ambiguous, ambiguous)
		case ambiguous && o.service == keyed:
			f.add("%s at %s: is ambiguous, and the service recognises a repeat", o.name, o.service)
		case ambiguous && len(w.journal.losses(w.service.books.under(o.name, d), d.decided)) == 0:
			f.add("%s at %s: is ambiguous (attempt %d, %v to %v), and nothing was lost then: %v",
				o.name, o.service, d.attempt, d.scheduled, d.decided, w.service.books.startsOf(o.name))
		}
	}
	return f
}

// under is from when on the answer to a start could be lost that was ambiguous in the end:
// its arrival, or, where none is known, when it was to be sent.
func (b *books) under(name string, d decision) time.Time {
	from := d.scheduled
	for _, e := range b.startsOf(name) {
		if e.arrived.Before(d.decided) {
			from = e.arrived
		}
	}
	return from
}
