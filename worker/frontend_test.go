package worker_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"
)

// frontend is as much of a Temporal server as a worker needs to start, to be given
// one activity, and to stop.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer
	operatorservice.UnimplementedOperatorServiceServer

	network    *bufconn.Listener
	health     *health.Server
	attributes map[string]enums.IndexedValueType
	// tasks are given to the worker, answers are what it made of them.
	tasks   chan *workflowservice.PollActivityTaskQueueResponse
	answers chan *workflowservice.RespondActivityTaskCompletedRequest
	// polled is closed when the worker has asked for an activity; queue is where.
	polled chan struct{}
	once   sync.Once
	queue  string
}

func newFrontend(t *testing.T) *frontend {
	t.Helper()
	f := &frontend{
		network: bufconn.Listen(1 << 20), health: health.NewServer(), attributes: map[string]enums.IndexedValueType{},
		tasks: make(chan *workflowservice.PollActivityTaskQueueResponse, 1), answers: make(chan *workflowservice.RespondActivityTaskCompletedRequest, 1),
		polled: make(chan struct{}),
	}
	f.health.SetServingStatus("temporal.api.workflowservice.v1.WorkflowService", grpc_health_v1.HealthCheckResponse_SERVING)
	server := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, f)
	operatorservice.RegisterOperatorServiceServer(server, f)
	grpc_health_v1.RegisterHealthServer(server, f.health)
	go func() { _ = server.Serve(f.network) }()
	t.Cleanup(server.Stop)
	return f
}

func (f *frontend) client(t *testing.T) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{
		HostPort: "passthrough:///frontend", Logger: log.NewStructuredLogger(discard()),
		ConnectionOptions: client.ConnectionOptions{
			GetSystemInfoTimeout: time.Minute, // of a busy machine
			DialOptions: []grpc.DialOption{
				grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return f.network.DialContext(ctx) }),
			},
		},
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func (f *frontend) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{Capabilities: &workflowservice.GetSystemInfoResponse_Capabilities{}}, nil
}

func (f *frontend) DescribeNamespace(context.Context, *workflowservice.DescribeNamespaceRequest) (*workflowservice.DescribeNamespaceResponse, error) {
	return &workflowservice.DescribeNamespaceResponse{NamespaceInfo: &namespace.NamespaceInfo{Name: "default"}}, nil
}

func (f *frontend) ShutdownWorker(context.Context, *workflowservice.ShutdownWorkerRequest) (*workflowservice.ShutdownWorkerResponse, error) {
	return &workflowservice.ShutdownWorkerResponse{}, nil
}

func (f *frontend) ListSearchAttributes(_ context.Context, r *operatorservice.ListSearchAttributesRequest) (*operatorservice.ListSearchAttributesResponse, error) {
	if r.Namespace != "default" {
		return &operatorservice.ListSearchAttributesResponse{}, nil
	}
	return &operatorservice.ListSearchAttributesResponse{CustomAttributes: f.attributes}, nil
}

func (f *frontend) PollWorkflowTaskQueue(ctx context.Context, _ *workflowservice.PollWorkflowTaskQueueRequest) (*workflowservice.PollWorkflowTaskQueueResponse, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (f *frontend) PollActivityTaskQueue(ctx context.Context, r *workflowservice.PollActivityTaskQueueRequest) (*workflowservice.PollActivityTaskQueueResponse, error) {
	f.once.Do(func() { f.queue = r.TaskQueue.Name; close(f.polled) })
	select {
	case task := <-f.tasks:
		return task, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (f *frontend) RecordActivityTaskHeartbeat(context.Context, *workflowservice.RecordActivityTaskHeartbeatRequest) (*workflowservice.RecordActivityTaskHeartbeatResponse, error) {
	return &workflowservice.RecordActivityTaskHeartbeatResponse{}, nil
}

func (f *frontend) RespondActivityTaskCompleted(_ context.Context, r *workflowservice.RespondActivityTaskCompletedRequest) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	f.answers <- r
	return &workflowservice.RespondActivityTaskCompletedResponse{}, nil
}
