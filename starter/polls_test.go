package starter_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"google.golang.org/grpc"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// watchedOperation is a Temporal with one operation that an activity watches.
type watchedOperation struct {
	client.Client
	t         *testing.T
	status    perdure.Status // the workflow's
	heartbeat perdure.Heartbeat
}

func (w *watchedOperation) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	raw, err := json.Marshal(w.status)
	return encoded{raw}, err
}

func (w *watchedOperation) UpdateWorkflow(context.Context, client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	return &answered{value: w.status}, nil
}

func (w *watchedOperation) WorkflowService() workflowservice.WorkflowServiceClient {
	return &watchedService{w: w}
}

type watchedService struct {
	workflowservice.WorkflowServiceClient
	w *watchedOperation
}

func (s *watchedService) DescribeWorkflowExecution(context.Context, *workflowservice.DescribeWorkflowExecutionRequest, ...grpc.CallOption) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	details, err := converter.GetDefaultDataConverter().ToPayloads(s.w.heartbeat)
	require.NoError(s.w.t, err)
	return &workflowservice.DescribeWorkflowExecutionResponse{
		WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Type: &commonpb.WorkflowType{Name: perdure.WorkflowOperation}},
		PendingActivities: []*workflowpb.PendingActivityInfo{{
			ActivityType: &commonpb.ActivityType{Name: perdure.ActivityPoll}, HeartbeatDetails: details,
		}},
	}, nil
}

// The workflow has counted the question beside the watcher, and not yet the watcher's own.
func TestPollsCountTheWatchersToo(t *testing.T) {
	t.Parallel()
	asked := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		name    string
		watcher time.Time
		want    time.Time
	}{
		{"the watcher asked last", asked.Add(time.Second), asked.Add(time.Second)},
		{"the watcher asked before", asked.Add(-time.Second), asked},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			made, err := starter.New(&watchedOperation{
				t: t, status: perdure.Status{State: perdure.StateRunning, Polls: 4, LastPolledAt: asked, AsOf: asked},
				heartbeat: perdure.Heartbeat{Phase: perdure.PhaseWatching, Polls: 22, LastPolledAt: c.watcher},
			}, starter.Options{})
			require.NoError(t, err)
			op, err := starter.Attach[any](t.Context(), made, "op")
			require.NoError(t, err)
			for _, ask := range []func(context.Context) (perdure.Status, error){
				op.Status,
				func(ctx context.Context) (perdure.Status, error) { return op.UpdateStatus(ctx, nil) },
			} {
				s, err := ask(t.Context())
				require.NoError(t, err)
				require.Equal(t, 26, s.Polls)
				require.Equal(t, c.want, s.LastPolledAt)
				require.Equal(t, s, op.LastStatus())
			}
		})
	}
}
