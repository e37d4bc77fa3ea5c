package perduretest

import (
	"context"
	"slices"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/perdure-dev/perdure"
)

// DescribeWorkflowExecution is what Temporal knows of a workflow.
func (f *frontend) DescribeWorkflowExecution(_ context.Context, r *workflowservice.DescribeWorkflowExecutionRequest) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	described, err := f.find(r.GetExecution().GetWorkflowId())
	if err != nil {
		return nil, err
	}
	info, err := describe(described)
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: info}, err
}

func describe(r run) (*workflowpb.WorkflowExecutionInfo, error) {
	e := r.common()
	memo, err := converter.GetDefaultDataConverter().ToPayload(r.status())
	info := &workflowpb.WorkflowExecutionInfo{
		Execution:  &commonpb.WorkflowExecution{WorkflowId: e.id, RunId: e.runID},
		FirstRunId: e.runID,
		Type:       &commonpb.WorkflowType{Name: e.kind},
		Status:     e.state(),
		StartTime:  timestamppb.New(e.startedAt),
		Memo:       &commonpb.Memo{Fields: map[string]*commonpb.Payload{perdure.MemoStatus: memo}},
	}
	if !e.open() {
		info.CloseTime = timestamppb.New(e.closedAt)
	}
	return info, err
}

// GetWorkflowExecutionHistory gives the first event and, when it has closed, the last: all
// that is asked for. Waiting for the last has the workflow go on to it.
func (f *frontend) GetWorkflowExecutionHistory(ctx context.Context, r *workflowservice.GetWorkflowExecutionHistoryRequest) (*workflowservice.GetWorkflowExecutionHistoryResponse, error) {
	f.mu.Lock()
	asked, err := f.find(r.GetExecution().GetWorkflowId())
	f.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if runID := r.GetExecution().GetRunId(); runID != "" && runID != asked.common().runID {
		return nil, serviceerror.NewNotFoundf("perduretest: run %s is not kept", runID)
	}
	if r.GetWaitNewEvent() {
		closed, err := f.await(ctx, asked, func() bool {
			if asked.common().open() && asked.advance() {
				f.touch()
			}
			return !asked.common().open()
		})
		if err != nil || !closed {
			return &workflowservice.GetWorkflowExecutionHistoryResponse{History: &historypb.History{}, NextPageToken: []byte("more")}, err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var events []*historypb.HistoryEvent
	if r.GetHistoryEventFilterType() != enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT {
		events = append(events, startEvent(asked.common()))
	}
	if !asked.common().open() {
		last, err := closeEvent(asked.common())
		if err != nil {
			return nil, err
		}
		events = append(events, last)
	}
	return &workflowservice.GetWorkflowExecutionHistoryResponse{History: &historypb.History{Events: events}}, nil
}

func startEvent(e *execution) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{
		EventId: 1, EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, EventTime: timestamppb.New(e.startedAt),
		Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
			WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{
				WorkflowType: &commonpb.WorkflowType{Name: e.kind}, Input: e.input,
				FirstExecutionRunId: e.runID, OriginalExecutionRunId: e.runID, WorkflowId: e.id,
			},
		},
	}
}

// closeEvent is how a workflow closed.
func closeEvent(e *execution) (*historypb.HistoryEvent, error) {
	event := &historypb.HistoryEvent{EventId: 2, EventTime: timestamppb.New(e.closedAt)}
	switch e.closed { //nolint:exhaustive // the ways in which ours close
	case enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		result, err := converter.GetDefaultDataConverter().ToPayloads(e.result)
		if err != nil {
			return nil, err
		}
		event.EventType = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
		event.Attributes = &historypb.HistoryEvent_WorkflowExecutionCompletedEventAttributes{
			WorkflowExecutionCompletedEventAttributes: &historypb.WorkflowExecutionCompletedEventAttributes{Result: result},
		}
	case enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED:
		failure := temporal.GetDefaultFailureConverter().ErrorToFailure(e.err)
		event.EventType = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED
		event.Attributes = &historypb.HistoryEvent_WorkflowExecutionCanceledEventAttributes{
			WorkflowExecutionCanceledEventAttributes: &historypb.WorkflowExecutionCanceledEventAttributes{
				Details: failure.GetCanceledFailureInfo().GetDetails(),
			},
		}
	case enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED:
		event.EventType = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED
		event.Attributes = &historypb.HistoryEvent_WorkflowExecutionTerminatedEventAttributes{
			WorkflowExecutionTerminatedEventAttributes: &historypb.WorkflowExecutionTerminatedEventAttributes{},
		}
	default:
		event.EventType = enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED
		event.Attributes = &historypb.HistoryEvent_WorkflowExecutionFailedEventAttributes{
			WorkflowExecutionFailedEventAttributes: &historypb.WorkflowExecutionFailedEventAttributes{
				Failure: temporal.GetDefaultFailureConverter().ErrorToFailure(e.err),
			},
		}
	}
	return event, nil
}

// ListWorkflowExecutions lists the newest first, by the conditions that package starter
// makes.
func (f *frontend) ListWorkflowExecutions(_ context.Context, r *workflowservice.ListWorkflowExecutionsRequest) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := &workflowservice.ListWorkflowExecutionsResponse{}
	for _, id := range slices.Backward(f.order) {
		listed, err := f.find(id)
		if err != nil {
			continue // it was forgotten
		}
		fits, err := matches(listed, r.GetQuery())
		if err != nil {
			return nil, err
		}
		if !fits {
			continue
		}
		info, err := describe(listed)
		if err != nil {
			return nil, err
		}
		out.Executions = append(out.Executions, info)
	}
	return out, nil
}

// matches reads a list's query: conditions that are joined by AND, each on equality.
func matches(r run, query string) (bool, error) {
	state, service := r.shown()
	attributes := map[string]string{
		"WorkflowType": r.common().kind, perdure.SearchAttributeState: string(state), perdure.SearchAttributeService: service,
	}
	for condition := range strings.SplitSeq(query, " AND ") {
		name, quoted, ok := strings.Cut(condition, " = ")
		if !ok {
			if condition == "ExecutionStatus != 'ContinuedAsNew'" { // none of ours does
				continue
			}
			return false, serviceerror.NewInvalidArgumentf("perduretest: cannot list by %q", condition)
		}
		value := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(quoted, "'"), "'"), "''", "'")
		if attributes[name] != value {
			return false, nil
		}
	}
	return true, nil
}
