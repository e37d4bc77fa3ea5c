package perduretest

import (
	"context"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/perdure-dev/perdure"
)

// StartWorkflowExecution starts what the input's request is scripted to be.
func (f *frontend) StartWorkflowExecution(_ context.Context, r *workflowservice.StartWorkflowExecutionRequest) (*workflowservice.StartWorkflowExecutionResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.start(r)
}

// ExecuteMultiOperation is an update with start, the only one that Temporal knows.
func (f *frontend) ExecuteMultiOperation(ctx context.Context, r *workflowservice.ExecuteMultiOperationRequest) (*workflowservice.ExecuteMultiOperationResponse, error) {
	if len(r.GetOperations()) != 2 {
		return nil, serviceerror.NewInvalidArgument("perduretest: want a start and an update")
	}
	f.mu.Lock()
	started, err := f.start(r.GetOperations()[0].GetStartWorkflow())
	f.mu.Unlock()
	if _, taken := err.(*serviceerror.WorkflowExecutionAlreadyStarted); taken { //nolint:errorlint // ours, never wrapped
		return nil, serviceerror.NewMultiOperationExecution("the start failed", []error{err, serviceerror.NewMultiOperationAborted("aborted")})
	}
	if err != nil {
		return nil, err
	}
	updated, err := f.update(ctx, r.GetOperations()[1].GetUpdateWorkflow(), true)
	if err != nil {
		return nil, err
	}
	return &workflowservice.ExecuteMultiOperationResponse{Responses: []*workflowservice.ExecuteMultiOperationResponse_Response{
		{Response: &workflowservice.ExecuteMultiOperationResponse_Response_StartWorkflow{StartWorkflow: started}},
		{Response: &workflowservice.ExecuteMultiOperationResponse_Response_UpdateWorkflow{UpdateWorkflow: updated}},
	}}, nil
}

func (f *frontend) start(r *workflowservice.StartWorkflowExecutionRequest) (*workflowservice.StartWorkflowExecutionResponse, error) {
	before, err := f.find(r.GetWorkflowId())
	if err == nil {
		e := before.common()
		if e.open() {
			return &workflowservice.StartWorkflowExecutionResponse{RunId: e.runID, Status: e.state()}, nil
		}
		if r.GetWorkflowIdReusePolicy() == enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE {
			return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("the workflow id is taken by one that has closed", r.GetRequestId(), e.runID)
		}
	}
	begun, err := f.begin(newExecution(r.GetWorkflowId(), r.GetWorkflowType().GetName(), r.GetInput()))
	if err != nil {
		return nil, err
	}
	e := begun.common()
	f.runs[e.id] = begun
	f.order = append(slices.DeleteFunc(f.order, func(id string) bool { return id == e.id }), e.id)
	f.settle(begun)
	f.touch()
	return &workflowservice.StartWorkflowExecutionResponse{RunId: e.runID, Started: true, Status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING}, nil
}

// begin makes the run of a workflow of ours.
func (f *frontend) begin(e execution) (run, error) {
	switch e.kind {
	case perdure.WorkflowOperation:
		return f.newOperationRun(e)
	case perdure.WorkflowCollection:
		return f.newCollectionRun(e)
	case perdure.WorkflowPage:
		return f.newPageRun(e)
	case perdure.WorkflowStream:
		return f.newStreamRun(e)
	}
	return nil, serviceerror.NewInvalidArgumentf("perduretest: workflow type %s cannot be scripted", e.kind)
}

// place finds the script of a request or an adoption. One that is not scripted fails the
// test.
func (f *frontend) place(kind string, request *perdure.Request, adopt *perdure.Adoption) (int, error) {
	place, err := f.script(kind, request, adopt)
	if err != nil {
		f.fail(err)
		return place, serviceerror.NewInvalidArgument(err.Error())
	}
	return place, nil
}

// decode reads a workflow's input, as a worker does.
func decode[I any](args *commonpb.Payloads) (I, error) {
	var in I
	var raw perdure.RawInput
	err := argument(args, &raw)
	if err == nil {
		err = perdure.Decode(raw, &in)
	}
	if err != nil {
		return in, serviceerror.NewInvalidArgumentf("perduretest: read the input: %v", err)
	}
	return in, nil
}
