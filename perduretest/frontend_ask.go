package perduretest

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	updatepb "go.temporal.io/api/update/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// GetSystemInfo says what this Temporal can do.
func (f *frontend) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{
		ServerVersion: "perduretest",
		Capabilities:  &workflowservice.GetSystemInfoResponse_Capabilities{InternalErrorDifferentiation: true},
	}, nil
}

// QueryWorkflow asks a workflow, open or closed.
func (f *frontend) QueryWorkflow(_ context.Context, r *workflowservice.QueryWorkflowRequest) (*workflowservice.QueryWorkflowResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked, err := f.find(r.GetExecution().GetWorkflowId())
	if err != nil {
		return nil, err
	}
	query := r.GetQuery()
	value, err := asked.query(query.GetQueryType(), query.GetQueryArgs())
	if err != nil {
		return nil, serviceerror.NewQueryFailedWithFailure(err.Error(), temporal.GetDefaultFailureConverter().ErrorToFailure(err))
	}
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(value)
	return &workflowservice.QueryWorkflowResponse{QueryResult: payloads}, err
}

// UpdateWorkflowExecution updates an open workflow, and waits for the answer.
func (f *frontend) UpdateWorkflowExecution(ctx context.Context, r *workflowservice.UpdateWorkflowExecutionRequest) (*workflowservice.UpdateWorkflowExecutionResponse, error) {
	return f.update(ctx, r, false)
}

// update asks a workflow; one that has just been started, even if it has closed already.
func (f *frontend) update(ctx context.Context, r *workflowservice.UpdateWorkflowExecutionRequest, started bool) (*workflowservice.UpdateWorkflowExecutionResponse, error) {
	updated, answer, err := f.takeUpdate(r, started)
	if err != nil {
		return nil, err
	}
	e := updated.common()
	response := &workflowservice.UpdateWorkflowExecutionResponse{
		UpdateRef: &updatepb.UpdateRef{
			WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: e.id, RunId: e.runID},
			UpdateId:          r.GetRequest().GetMeta().GetUpdateId(),
		},
		Stage: enumspb.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ADMITTED,
	}
	_, err = f.await(ctx, updated, func() bool {
		value, ok, refused := answer()
		if ok || refused != nil {
			response.Stage = enumspb.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED
			response.Outcome = outcome(value, refused)
		}
		return response.Outcome != nil
	})
	return response, err
}

func (f *frontend) takeUpdate(r *workflowservice.UpdateWorkflowExecutionRequest, started bool) (run, reply, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	updated, err := f.find(r.GetWorkflowExecution().GetWorkflowId())
	if err != nil {
		return nil, nil, err
	}
	if !updated.common().open() && !started {
		return nil, nil, errWorkflowClosed
	}
	e, id, input := updated.common(), r.GetRequest().GetMeta().GetUpdateId(), r.GetRequest().GetInput()
	if e.updates[id] == nil { // else it is asked for once more
		e.updates[id] = updated.update(input.GetName(), input.GetArgs())
		f.touch()
	}
	return updated, e.updates[id], nil
}

var errWorkflowClosed = serviceerror.NewNotFound("workflow execution already completed")

// outcome is an update's answer, or why it was refused.
func outcome(value any, refused error) *updatepb.Outcome {
	var payloads *commonpb.Payloads
	if refused == nil {
		payloads, refused = converter.GetDefaultDataConverter().ToPayloads(value)
	}
	if refused != nil {
		return &updatepb.Outcome{Value: &updatepb.Outcome_Failure{Failure: temporal.GetDefaultFailureConverter().ErrorToFailure(refused)}}
	}
	return &updatepb.Outcome{Value: &updatepb.Outcome_Success{Success: payloads}}
}

// SignalWorkflowExecution signals an open workflow.
func (f *frontend) SignalWorkflowExecution(_ context.Context, r *workflowservice.SignalWorkflowExecutionRequest) (*workflowservice.SignalWorkflowExecutionResponse, error) {
	err := f.tell(r.GetWorkflowExecution(), func(told run) { told.signal(r.GetSignalName(), r.GetInput()) })
	return &workflowservice.SignalWorkflowExecutionResponse{}, err
}

// RequestCancelWorkflowExecution asks an open workflow to end.
func (f *frontend) RequestCancelWorkflowExecution(_ context.Context, r *workflowservice.RequestCancelWorkflowExecutionRequest) (*workflowservice.RequestCancelWorkflowExecutionResponse, error) {
	err := f.tell(r.GetWorkflowExecution(), func(told run) { told.cancel("the workflow was canceled") })
	return &workflowservice.RequestCancelWorkflowExecutionResponse{}, err
}

// TerminateWorkflowExecution ends an open workflow, which is not asked.
func (f *frontend) TerminateWorkflowExecution(_ context.Context, r *workflowservice.TerminateWorkflowExecutionRequest) (*workflowservice.TerminateWorkflowExecutionResponse, error) {
	err := f.tell(r.GetWorkflowExecution(), func(told run) {
		told.common().close(enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED)
	})
	return &workflowservice.TerminateWorkflowExecutionResponse{}, err
}

func (f *frontend) tell(e *commonpb.WorkflowExecution, what func(run)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	told, err := f.find(e.GetWorkflowId())
	if err != nil {
		return err
	}
	if !told.common().open() {
		return errWorkflowClosed
	}
	what(told)
	f.touch()
	return nil
}
