package e2e_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"google.golang.org/grpc"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/worker"
)

// The server looks up how much of a history is over before it reads the history that goes
// with a query. When a workflow task is recorded in between, the worker takes that task
// for a new one, misses its updates, and cannot replay it, though nothing is wrong with
// it. Here the moment is made by hand: the server's answer is older than its history.
func TestAQueryThatMeetsAWorkflowTaskIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	late := &lateHistory{}
	w.workerWithin(grpc.WithChainUnaryInterceptor(late.intercept))
	ctx := patient(t)
	list, err := starter.StartCollection[item](ctx, w.client, items(), nil)
	require.NoError(t, err)
	var want []item
	for value, err := range list.All(ctx, nil) {
		require.NoError(t, err)
		want = append(want, value)
	}
	require.NotEmpty(t, want)

	late.next.Store(1)
	_, err = w.raw.QueryWorkflow(ctx, list.ID(), "", perdure.QueryPages, perdure.PagesRequest{})
	var failed *serviceerror.QueryFailed
	require.ErrorAs(t, err, &failed, "the closed run is replayed from its history")
	require.Contains(t, failed.Message, "TMPRL1100")

	late.next.Store(3)
	again, err := starter.AttachCollection[item](ctx, w.client, list.ID())
	require.NoError(t, err)
	var got []item
	for value, err := range again.All(ctx, nil) {
		require.NoError(t, err)
		got = append(got, value)
	}
	require.Equal(t, want, got)
	require.Zero(t, late.next.Load(), "queries met the moment")
}

// lateHistory makes the next few queries come with a history that is newer than what the
// server says of it.
type lateHistory struct{ next atomic.Int32 }

func (l *lateHistory) intercept(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if err := invoke(ctx, method, req, reply, cc, opts...); err != nil {
		return err
	}
	task, ok := reply.(*workflowservice.PollWorkflowTaskQueueResponse)
	if ok && task.GetQuery() != nil && l.next.Load() > 0 {
		l.next.Add(-1)
		task.PreviousStartedEventId = task.GetHistory().GetEvents()[2].GetEventId() // of the first task
	}
	return nil
}

// workerWithin runs a worker in this process.
func (w *world) workerWithin(options ...grpc.DialOption) {
	w.t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	c, err := client.DialContext(w.t.Context(), client.Options{
		HostPort: w.server.HostPort(), Logger: sdklog.NewStructuredLogger(quiet),
		ConnectionOptions: client.ConnectionOptions{DialOptions: options, GetSystemInfoTimeout: unhurried.GetSystemInfoTimeout},
	})
	require.NoError(w.t, err)
	w.t.Cleanup(c.Close)
	cfg, err := worker.Load(w.config)
	require.NoError(w.t, err)
	run, err := worker.New(c, cfg, worker.Options{Logger: quiet})
	require.NoError(w.t, err)
	ctx, stop := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run.Run(ctx) }()
	w.t.Cleanup(func() {
		stop()
		require.NoError(w.t, <-ended)
	})
}
