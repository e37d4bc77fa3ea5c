package starter_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// record is a Temporal that has one stream, which is closed.
type record struct {
	client.Client
	e      *engine
	events []perdure.Event
	status perdure.StreamStatus
	closed enumspb.WorkflowExecutionStatus
	// reads counts the queries; broken are the first of them that nobody answers.
	reads, broken int
}

func newRecord(t *testing.T, closed enumspb.WorkflowExecutionStatus, s perdure.StreamStatus) (*record, *starter.Stream[int]) {
	t.Helper()
	r := &record{e: &engine{t: t}, closed: closed, status: s}
	for i := range s.Events {
		r.events = append(r.events, perdure.Event{Offset: i, Data: []byte("7")})
	}
	c, err := starter.New(r, starter.Options{})
	require.NoError(t, err)
	h, err := starter.AttachStream[int](t.Context(), c, "s")
	require.NoError(t, err)
	return r, h
}

func (r *record) QueryWorkflow(_ context.Context, _, _, name string, args ...any) (converter.EncodedValue, error) {
	if name == perdure.QueryStatus {
		return r.e.encoded(r.status), nil
	}
	if r.reads++; r.reads <= r.broken {
		return nil, serviceerror.NewDeadlineExceeded("no worker")
	}
	from := as[perdure.ReadRequest](r.e.t, args[0]).Offset
	n := min(from+2, len(r.events))
	return r.e.encoded(perdure.Events{Events: r.events[from:n], Next: n, Done: r.status.Done && n == len(r.events)}), nil
}

func (r *record) UpdateWorkflow(context.Context, client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	return nil, serviceerror.NewNotFound("workflow execution already completed")
}

func (r *record) WorkflowService() workflowservice.WorkflowServiceClient { return &recordService{r: r} }

type recordService struct {
	workflowservice.WorkflowServiceClient
	r *record
}

func (s *recordService) DescribeWorkflowExecution(context.Context, *workflowservice.DescribeWorkflowExecutionRequest, ...grpc.CallOption) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Type: &commonpb.WorkflowType{Name: perdure.WorkflowStream}, Status: s.r.closed,
	}}, nil
}

func offsets(ctx context.Context, s *starter.Stream[int]) (got []int, err error) {
	for e, err := range s.Events(ctx, 0) {
		if err != nil {
			return got, err
		}
		got = append(got, e.Offset)
	}
	return got, nil
}

// The workflow was terminated: it will never say that it is done.
func TestAStreamThatTemporalEndedIsReadToItsLastEvent(t *testing.T) {
	r, s := newRecord(t, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, perdure.StreamStatus{State: perdure.StateRunning, Events: 3})
	got, err := offsets(t.Context(), s)
	require.ErrorIs(t, err, starter.ErrTerminated)
	require.Equal(t, []int{0, 1, 2}, got)
	require.Less(t, r.reads, 5)
}

// A worker that dies breaks the question off; the next one answers it.
func TestAReaderOutlivesAWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, s := newRecord(t, enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, perdure.StreamStatus{State: perdure.StateSucceeded, Done: true, Events: 3})
		r.broken = 4
		got, err := offsets(t.Context(), s)
		require.NoError(t, err)
		require.Equal(t, []int{0, 1, 2}, got)
	})
}

func TestAReaderStopsWithItsContext(t *testing.T) {
	r, s := newRecord(t, enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, perdure.StreamStatus{State: perdure.StateSucceeded, Done: true, Events: 3})
	r.broken = 1000
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := offsets(ctx, s)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, got)
}
