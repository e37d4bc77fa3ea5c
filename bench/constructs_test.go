package bench_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// BenchmarkOnePage compares the ways to fetch one page through Temporal with fetching
// it: the latency of one after the other, and CPU for the whole (server, worker, service
// and caller are one process).
func BenchmarkOnePage(b *testing.B) {
	service := httptest.NewServer(page(100))
	defer service.Close()
	get := func(ctx context.Context) (string, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, service.URL, nil)
		if err != nil {
			return "", err
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return "", err
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		return string(body), err
	}
	c := dial(b)
	const queue = "one-page"
	w := worker.New(c, queue, worker.Options{})
	w.RegisterActivityWithOptions(get, activity.RegisterOptions{Name: "get"})
	w.RegisterWorkflowWithOptions(byLocalActivity, workflow.RegisterOptions{Name: "byLocalActivity"})
	w.RegisterWorkflowWithOptions(byActivity, workflow.RegisterOptions{Name: "byActivity"})
	w.RegisterWorkflowWithOptions(byUpdate, workflow.RegisterOptions{Name: "byUpdate"})
	require.NoError(b, w.Start())
	defer w.Stop()

	run := func(name string, eager bool) func(ctx context.Context) error {
		return func(ctx context.Context) error {
			r, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: uuid.NewString(), TaskQueue: queue, EnableEagerStart: eager}, name)
			if err != nil {
				return err
			}
			var body string
			return r.Get(ctx, &body)
		}
	}
	ways := []struct {
		name string
		one  func(ctx context.Context) error
	}{
		{"a plain request", func(ctx context.Context) error { _, err := get(ctx); return err }},
		{"workflow, local activity", run("byLocalActivity", false)},
		{"workflow, local activity, eager start", run("byLocalActivity", true)},
		{"workflow, activity", run("byActivity", false)},
		{"standalone activity", func(ctx context.Context) error {
			h, err := c.ExecuteActivity(ctx, client.StartActivityOptions{ID: uuid.NewString(), TaskQueue: queue, StartToCloseTimeout: time.Minute}, "get")
			if err != nil {
				return err
			}
			var body string
			return h.Get(ctx, &body)
		}},
		{"update with start, local activity", func(ctx context.Context) error {
			start := c.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
				ID: uuid.NewString(), TaskQueue: queue, WorkflowIDConflictPolicy: 1,
			}, "byUpdate")
			u, err := c.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
				StartWorkflowOperation: start,
				UpdateOptions:          client.UpdateWorkflowOptions{UpdateName: "get", WaitForStage: client.WorkflowUpdateStageCompleted},
			})
			if err != nil {
				return err
			}
			var body string
			return u.Get(ctx, &body)
		}},
	}
	for _, way := range ways {
		b.Run(way.name+"/one after the other", func(b *testing.B) {
			measured(b, func() { require.NoError(b, way.one(b.Context())) })
		})
	}
	for _, way := range ways {
		b.Run(way.name+"/16 at once", func(b *testing.B) {
			var failed atomic.Int64
			begin := cpu()
			b.SetParallelism(8) // of 2 processors
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if way.one(b.Context()) != nil {
						failed.Add(1)
					}
				}
			})
			b.ReportMetric(float64((cpu()-begin).Microseconds())/1000/float64(b.N), "cpu-ms/op")
			require.Zero(b, failed.Load())
		})
	}
}

func byLocalActivity(ctx workflow.Context) (body string, err error) {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: 5 * time.Second, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	err = workflow.ExecuteLocalActivity(ctx, "get").Get(ctx, &body)
	return body, err
}

func byActivity(ctx workflow.Context) (body string, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	err = workflow.ExecuteActivity(ctx, "get").Get(ctx, &body)
	return body, err
}

func byUpdate(ctx workflow.Context) error {
	done := false
	if err := workflow.SetUpdateHandler(ctx, "get", func(ctx workflow.Context) (string, error) {
		defer func() { done = true }()
		return byLocalActivity(ctx)
	}); err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return done })
}
