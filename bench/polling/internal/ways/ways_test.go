package ways_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/perdure-dev/perdure/bench/polling/internal/script"
	"github.com/perdure-dev/perdure/bench/polling/internal/ways"
)

// Every way delivers what the service answered last, after as many questions as it takes.
func TestWaysDeliver(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, in ways.Input) json.RawMessage{
		"goroutine":     inProcess(ways.Goroutine),
		"pollUntilDone": inProcess(ways.PollUntilDone),
		"timerLoop":     workflow(ways.TimerLoop),
		"heartbeatLoop": workflow(ways.HeartbeatLoop),
		"retried":       workflow(ways.Retried),
	}
	for name, run := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := httptest.NewServer(script.New())
			t.Cleanup(service.Close)
			in := ways.Input{Service: service.URL, Operation: script.Operation{Batch: "b", Name: "x", Polls: 3}, Every: 10 * time.Millisecond}
			require.Contains(t, string(run(t, in)), `"Succeeded"`)
			count, err := script.Books{URL: service.URL, Batch: "b"}.Count(t.Context())
			require.NoError(t, err)
			require.Equal(t, 3, count.Polls)
		})
	}
}

func inProcess(way func(context.Context, *http.Client, ways.Input) (json.RawMessage, error)) func(*testing.T, ways.Input) json.RawMessage {
	return func(t *testing.T, in ways.Input) json.RawMessage {
		t.Helper()
		value, err := way(t.Context(), ways.NewHTTPClient(), in)
		require.NoError(t, err)
		return value
	}
}

func workflow(name string) func(*testing.T, ways.Input) json.RawMessage {
	return func(t *testing.T, in ways.Input) json.RawMessage {
		t.Helper()
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestWorkflowEnvironment()
		env.SetTestTimeout(time.Minute)
		env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // of a busy machine
		ways.Register(env, &ways.Activities{HTTP: ways.NewHTTPClient()})
		env.ExecuteWorkflow(name, in)
		require.NoError(t, env.GetWorkflowError())
		var value json.RawMessage
		require.NoError(t, env.GetWorkflowResult(&value))
		return value
	}
}
