package rehydration

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
)

// attach finds the target's workflow. It is none where there is nothing to attach to: the
// workflow is gone, or closed in a way that says nothing of what became of it.
func (e *Engine) attach(ctx context.Context, t target) (perdure.Rehydrated, error) {
	var none perdure.Rehydrated
	d, err := e.Temporal.WorkflowService().DescribeWorkflowExecution(ctx, &workflowservice.DescribeWorkflowExecutionRequest{
		Namespace: e.Namespace, Execution: &commonpb.WorkflowExecution{WorkflowId: t.id},
	})
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return none, nil
	}
	if err != nil {
		return none, err
	}
	info := d.GetWorkflowExecutionInfo()
	if err := e.checkSame(ctx, t, info); err != nil {
		return none, err
	}
	there := perdure.Rehydrated{WorkflowID: t.id, RunID: info.GetExecution().GetRunId()}
	switch info.GetStatus() { //nolint:exhaustive // the others are open, or say what became of it
	case enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		return none, nil
	case enumspb.WORKFLOW_EXECUTION_STATUS_FAILED:
		final, err := e.failedForGood(ctx, there)
		if err != nil || !final {
			return none, err
		}
	}
	return there, nil
}

// checkSame refuses a workflow that has the id of the token's, and is none of ours or
// another caller's: ids are free again when a namespace has forgotten them, and the holder
// of a token of an old one must not get at the new one.
func (e *Engine) checkSame(ctx context.Context, t target, info *workflowpb.WorkflowExecutionInfo) error {
	if name := info.GetType().GetName(); name != t.workflow {
		return &ConflictError{fmt.Sprintf("the token's workflow id %q belongs to a workflow of type %s", t.id, name)}
	}
	is, err := e.callerOf(ctx, info.GetExecution())
	if err != nil {
		return err
	}
	if is != t.caller {
		return &ConflictError{fmt.Sprintf("the token's workflow id %q belongs to another caller's workflow", t.id)}
	}
	return nil
}

// callerOf reads it in the input, which a run hands to the next as it is.
func (e *Engine) callerOf(ctx context.Context, run *commonpb.WorkflowExecution) (caller, error) {
	var is caller
	history, err := e.Temporal.WorkflowService().GetWorkflowExecutionHistory(ctx, &workflowservice.GetWorkflowExecutionHistoryRequest{
		Namespace: e.Namespace, Execution: run, MaximumPageSize: 1,
	})
	if err != nil {
		return is, err
	}
	if len(history.GetHistory().GetEvents()) == 0 {
		return is, fmt.Errorf("%q has no first event", run.GetWorkflowId())
	}
	var raw perdure.RawInput
	input := history.GetHistory().GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetInput()
	if err := e.DataConverter.FromPayloads(first(input), &raw); err != nil {
		return is, fmt.Errorf("read the input of %q: %w", run.GetWorkflowId(), err)
	}
	_ = json.Unmarshal(raw, &is) // what is no object, or has them as numbers, names no caller
	return is, nil
}

// first is the input alone, without what a run was handed by the one before.
func first(input *commonpb.Payloads) *commonpb.Payloads {
	if len(input.GetPayloads()) > 1 {
		return &commonpb.Payloads{Payloads: input.GetPayloads()[:1]}
	}
	return input
}

// failedForGood: the failure is the service's word, or that it cannot be known. Any other
// may have been mended since.
func (e *Engine) failedForGood(ctx context.Context, run perdure.Rehydrated) (bool, error) {
	err := e.Temporal.GetWorkflow(ctx, run.WorkflowID, run.RunID).Get(ctx, nil)
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	if !ok {
		return false, err
	}
	switch app.Type() {
	case perdure.ErrorOperationFailed, perdure.ErrorStartRejected, perdure.ErrorStartAmbiguous:
		return true, nil
	}
	return false, nil
}
