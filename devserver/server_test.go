package devserver_test

import (
	"context"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/devservertest"
)

const taskQueue = "devserver-test"

// greet asks an activity for its answer.
func greet(ctx workflow.Context, name string) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	var greeting string
	err := workflow.ExecuteActivity(ctx, hello, name).Get(ctx, &greeting)
	return greeting, err
}

func hello(_ context.Context, name string) (string, error) { return "hello, " + name, nil }

// runWorker runs a worker till the test, or what the worker is to outlive, ends.
func runWorker(t *testing.T, c client.Client) worker.Worker {
	t.Helper()
	w := worker.New(c, taskQueue, worker.Options{})
	w.RegisterWorkflow(greet)
	w.RegisterWorkflow(waitForSignalAndTimer)
	w.RegisterActivity(hello)
	require.NoError(t, w.Start())
	return w
}

func TestWorkflowEndToEnd(t *testing.T) {
	t.Parallel()
	server := devservertest.Start(t, devserver.Options{Headless: true})
	require.Empty(t, server.UIURL())
	c := devservertest.Dial(t, server, client.Options{})
	w := runWorker(t, c)
	defer w.Stop()

	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "greet", TaskQueue: taskQueue}, greet, "world")
	require.NoError(t, err)
	var got string
	require.NoError(t, run.Get(t.Context(), &got))
	require.Equal(t, "hello, world", got)
}

// Two servers in one process have neither workflows nor namespaces in common,
// and one goes on when the other stops.
func TestTwoServersAreIndependent(t *testing.T) {
	t.Parallel()
	here := devservertest.Start(t, devserver.Options{Headless: true, Namespaces: []string{"default", "here"}})
	there := devservertest.Start(t, devserver.Options{Headless: true})
	require.NotEqual(t, here.HostPort(), there.HostPort())
	hereClient := devservertest.Dial(t, here, client.Options{})
	thereClient := devservertest.Dial(t, there, client.Options{})

	_, err := hereClient.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "only-here", TaskQueue: taskQueue}, greet, "world")
	require.NoError(t, err)
	_, err = thereClient.DescribeWorkflowExecution(t.Context(), "only-here", "")
	require.ErrorAs(t, err, new(*serviceerror.NotFound))
	_, err = thereClient.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: "here"})
	require.ErrorAs(t, err, new(*serviceerror.NamespaceNotFound))

	there.Stop()
	there.Stop()
	w := runWorker(t, hereClient)
	defer w.Stop()
	var got string
	require.NoError(t, hereClient.GetWorkflow(t.Context(), "only-here", "").Get(t.Context(), &got))
	require.Equal(t, "hello, world", got)
}

// With the worker's help a cancellation reaches an activity that sends no
// heartbeat for an hour.
func TestCancellationReachesActivityAtOnce(t *testing.T) {
	t.Parallel()
	server := devservertest.Start(t, devserver.Options{Headless: true})
	c := devservertest.Dial(t, server, client.Options{})
	started := make(chan struct{})
	w := worker.New(c, taskQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: time.Hour, HeartbeatTimeout: time.Hour, WaitForCancellation: true,
		})
		return workflow.ExecuteActivity(ctx, "wait").Get(ctx, nil)
	}, workflow.RegisterOptions{Name: "cancelled"})
	w.RegisterActivityWithOptions(func(ctx context.Context) error {
		close(started)
		<-ctx.Done()
		return ctx.Err()
	}, activity.RegisterOptions{Name: "wait"})
	require.NoError(t, w.Start())
	defer w.Stop()

	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "cancelled", TaskQueue: taskQueue}, "cancelled")
	require.NoError(t, err)
	<-started
	require.NoError(t, c.CancelWorkflow(t.Context(), "cancelled", ""))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.ErrorAs(t, run.Get(ctx, nil), new(*temporal.CanceledError))
}

// Between the choice of a free port and listening on it, somebody else may take it.
func TestAPortThatIsTakenMeanwhile(t *testing.T) {
	for name, which := range map[string]func(frontend, matching int) int{
		"the frontend's":  func(frontend, _ int) int { return frontend },
		"another service": func(_, matching int) int { return matching },
	} {
		t.Run(name, func(t *testing.T) {
			tries := 0
			opts := devserver.Options{Headless: true}.OnPorts(func(frontend, matching int) {
				if tries++; tries > 1 {
					return
				}
				l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(which(frontend, matching))))
				require.NoError(t, err)
				t.Cleanup(func() { _ = l.Close() })
			})
			server := devservertest.Start(t, opts)
			require.Equal(t, 2, tries)
			c := devservertest.Dial(t, server, client.Options{})
			_, err := c.CheckHealth(t.Context(), nil)
			require.NoError(t, err)
		})
	}
}
