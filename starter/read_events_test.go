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
	// away are the questions for the status, and for what the server knows, that the server
	// does not answer.
	away int
}

// isAway counts the questions that the server does not answer.
func (r *record) isAway() bool {
	r.away--
	return r.away >= 0
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
		if r.isAway() {
			return nil, serviceerror.NewDeadlineExceeded("no server")
		}
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
	if s.r.isAway() {
		return nil, serviceerror.NewDeadlineExceeded("no server")
	}
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

// A server that is away when the last event has come is asked again how the stream ended.
func TestAReaderLearnsTheEndFromAServerThatWasAway(t *testing.T) {
	for _, c := range []struct {
		name   string
		status perdure.StreamStatus
		want   error
	}{
		{"well", perdure.StreamStatus{State: perdure.StateSucceeded, Done: true, Events: 3}, nil},
		{
			"badly",
			perdure.StreamStatus{State: perdure.StateFailed, Done: true, Events: 3, ErrorType: perdure.ErrorStreamBroken},
			&perdure.StreamError{Type: perdure.ErrorStreamBroken},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, s := newRecord(t, enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, c.status)
				r.away = 6 // each time it is asked twice
				got, err := offsets(t.Context(), s)
				require.ErrorIs(t, err, c.want)
				require.Equal(t, []int{0, 1, 2}, got)
				require.Less(t, r.away, 0)
			})
		})
	}
}

// Nor does one that is away while the runs are looked up end the reading.
func TestRunsAreLookedUpAtAServerThatWasAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, _ := newRecord(t, enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, perdure.StreamStatus{
			State: perdure.StateSucceeded, Done: true, Events: 12,
			Segments: []perdure.StreamSegment{{RunID: "a"}, {RunID: "b", FirstOffset: 5}},
		})
		r := &runs{record: one}
		s := attachedTo(t, r)
		r.away = 6
		got, err := offsets(t.Context(), s)
		require.NoError(t, err)
		require.Len(t, got, 12)
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
