package starter

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/perdure-dev/perdure"
)

// is gives nil where the id belongs to a workflow of the type.
func (e *execution) is(ctx context.Context, workflowType string) error {
	if e.id == "" {
		return fmt.Errorf("%w: the id is empty", ErrNotFound)
	}
	d, err := e.describe(ctx)
	if err != nil {
		return err
	}
	if name := d.GetWorkflowExecutionInfo().GetType().GetName(); name != workflowType {
		return fmt.Errorf("%w: %q is a workflow of type %s", ErrNotFound, e.id, name)
	}
	return nil
}

// sameStart reports whether the workflow is of the type, and was started with the input.
func sameStart[I any](ctx context.Context, e *execution, workflowType string, in I) (bool, error) {
	d, err := e.describe(ctx)
	if err != nil {
		return false, err
	}
	if d.GetWorkflowExecutionInfo().GetType().GetName() != workflowType {
		return false, nil
	}
	before, err := e.firstInput(ctx)
	if err != nil {
		return false, err
	}
	ours, err := json.Marshal(in)
	if err != nil {
		return false, fmt.Errorf("starter: write the input: %w", err)
	}
	return sameJSON[I](before, ours), nil
}

// status asks the workflow for its status, and Temporal for its description of the
// workflow. Where no worker answers, into is what the memo has, and stale is true.
func (e *execution) status(ctx context.Context, into any) (d *workflowservice.DescribeWorkflowExecutionResponse, stale bool, err error) {
	err = e.queryStatus(ctx, into)
	if stale = err != nil; stale && (!workerMissing(err) || stopped(ctx, err)) {
		return nil, false, e.called(ctx, err)
	}
	if d, err = e.describe(ctx); err != nil || !stale {
		return d, stale, err
	}
	if p := d.GetWorkflowExecutionInfo().GetMemo().GetFields()[perdure.MemoStatus]; p != nil {
		if err := e.client.options.DataConverter.FromPayload(p, into); err != nil {
			return d, stale, e.called(ctx, err)
		}
	}
	return d, stale, nil
}

// closedInTemporal reports that Temporal itself ended the workflow, and when.
func closedInTemporal(d *workflowservice.DescribeWorkflowExecutionResponse) (time.Time, bool) {
	info := d.GetWorkflowExecutionInfo()
	switch info.GetStatus() { //nolint:exhaustive // the others are open, or closed by the workflow
	case enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT:
		return info.GetCloseTime().AsTime(), true
	default:
		return time.Time{}, false
	}
}
