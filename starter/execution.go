package starter

import (
	"context"
	"errors"
	"fmt"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
)

// execution is a workflow by its id: its current run.
type execution struct {
	client *Client
	id     string
	// failure reads an application error of this kind of workflow.
	failure func(*temporal.ApplicationError) error
	// decode makes the service's own error; nil: there is none.
	decode ErrorDecoder
}

func (c *Client) operation(id string) *handle {
	return &handle{execution: execution{client: c, id: id, failure: func(app *temporal.ApplicationError) error { return operationError(app) }}}
}

// ID is the workflow id.
func (e *execution) ID() string { return e.id }

// called turns the error of a query, a signal or an update into one of ours.
func (e *execution) called(ctx context.Context, err error) error {
	return called(ctx, e.id, err, e.client.options.DataConverter, e.failure)
}

// query asks a run, the current one where runID is empty.
func (e *execution) query(ctx context.Context, runID, name string, into any, args ...any) error {
	return e.called(ctx, e.ask(ctx, runID, name, into, args...))
}

// queryStatus is query for the status, with Temporal's own error and a bound: for a
// caller who knows what to say when no worker answers.
func (e *execution) queryStatus(ctx context.Context, into any) error {
	bounded, cancel := context.WithTimeout(ctx, e.client.options.QueryTimeout)
	defer cancel()
	return e.ask(bounded, "", perdure.QueryStatus, into)
}

// ask is query with Temporal's own error.
func (e *execution) ask(ctx context.Context, runID, name string, into any, args ...any) error {
	for tries, wait := 1, askAgainWait; ; tries, wait = tries+1, 2*wait {
		answer, err := e.client.temporal.QueryWorkflow(ctx, e.id, runID, name, args...)
		if err == nil {
			return answer.Get(into)
		}
		if tries == maxReplays || !isNotReplayed(err) {
			return err
		}
		if paused := pause(ctx, wait); paused != nil {
			return err
		}
	}
}

// maxReplays bounds the tries of a query that a worker could not replay the workflow for.
const maxReplays = 6

// isNotReplayed: the worker could not replay the run from what came with the query, which
// may be a history that has grown since the server looked how much of it is over: the
// updates at its end are missing (server 1.32, matching_engine.go, PollWorkflowTaskQueue).
// The next question comes with another. On a busy machine it may also have taken too long.
func isNotReplayed(err error) bool {
	query, ok := errors.AsType[*serviceerror.QueryFailed](err)
	return ok && strings.HasPrefix(query.Message, "[TMPRL") // the SDK's own errors
}

func (e *execution) signal(ctx context.Context, name string, payload any) error {
	err := e.client.temporal.SignalWorkflow(ctx, e.id, "", name, payload)
	if isClosed(err) {
		if _, err := e.describe(ctx); err != nil {
			return err
		}
		return nil
	}
	return e.called(ctx, err)
}

// isClosed: Temporal says NotFound of a closed workflow as of one that never was.
func isClosed(err error) bool { return isNotFound(err) }

func (e *execution) describe(ctx context.Context) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	d, err := e.client.temporal.WorkflowService().DescribeWorkflowExecution(ctx, &workflowservice.DescribeWorkflowExecutionRequest{
		Namespace: e.client.options.Namespace,
		Execution: &commonpb.WorkflowExecution{WorkflowId: e.id},
	})
	if err != nil {
		return nil, e.called(ctx, err)
	}
	return d, nil
}

// firstInput is the input in the first event of the workflow's first run.
func (e *execution) firstInput(ctx context.Context) (perdure.RawInput, error) {
	d, err := e.describe(ctx)
	if err != nil {
		return nil, err
	}
	info := d.GetWorkflowExecutionInfo()
	first := info.GetFirstRunId()
	if first == "" {
		first = info.GetExecution().GetRunId()
	}
	history, err := e.client.temporal.WorkflowService().GetWorkflowExecutionHistory(ctx, &workflowservice.GetWorkflowExecutionHistoryRequest{
		Namespace:       e.client.options.Namespace,
		Execution:       &commonpb.WorkflowExecution{WorkflowId: e.id, RunId: first},
		MaximumPageSize: 1,
	})
	if err != nil {
		return nil, e.called(ctx, err)
	}
	events := history.GetHistory().GetEvents()
	if len(events) == 0 {
		return nil, fmt.Errorf("starter: %q has no first event", e.id)
	}
	var raw perdure.RawInput
	if err := e.client.options.DataConverter.FromPayloads(events[0].GetWorkflowExecutionStartedEventAttributes().GetInput(), &raw); err != nil {
		return nil, fmt.Errorf("starter: %q: read the input of the first run: %w", e.id, err)
	}
	return raw, nil
}
