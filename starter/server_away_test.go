package starter_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// away is a Temporal that breaks calls off before it answers them, as one whose database
// is away does. It has one operation, which has succeeded.
type away struct {
	client.Client
	// What is to be broken off yet, and what was called.
	starts, waits, results, executions        int
	started, awaited, resultsCalled, executed int
}

var errAway = serviceerror.NewDeadlineExceeded("context deadline exceeded")

func (a *away) NewWithStartWorkflowOperation(client.StartWorkflowOptions, any, ...any) client.WithStartWorkflowOperation {
	return nil
}

func (a *away) UpdateWithStartWorkflow(context.Context, client.UpdateWithStartWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	if a.started++; a.started <= a.starts {
		return nil, client.NewWorkflowUpdateServiceTimeoutOrCanceledError(errAway)
	}
	return &answered{value: perdure.Status{State: perdure.StateRunning}}, nil
}

func (a *away) UpdateWorkflow(context.Context, client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	if a.awaited++; a.awaited <= a.waits {
		return nil, client.NewWorkflowUpdateServiceTimeoutOrCanceledError(errAway)
	}
	return &answered{value: perdure.Status{State: perdure.StateRunning}}, nil
}

func (a *away) GetWorkflow(context.Context, string, string) client.WorkflowRun { return &awayRun{a: a} }

func (a *away) ExecuteWorkflow(context.Context, client.StartWorkflowOptions, any, ...any) (client.WorkflowRun, error) {
	if a.executed++; a.executed <= a.executions {
		return nil, errAway
	}
	return &awayRun{a: a}, nil
}

type awayRun struct {
	client.WorkflowRun
	a *away
}

func (r *awayRun) Get(_ context.Context, into any) error {
	if r.a.resultsCalled++; r.a.resultsCalled <= r.a.results {
		return errAway
	}
	if result, ok := into.(*perdure.OperationResult); ok {
		*result = perdure.OperationResult{State: perdure.StateSucceeded, Value: []byte("7")}
	}
	return nil
}

// Who waits for an operation, or a page, waits on while Temporal cannot answer.
func TestWaitingOutlivesAServerThatIsAway(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		away away
	}{
		{"never", away{}},
		{"at the start", away{starts: 5}},
		{"while the start is awaited", away{waits: 5}},
		{"while the end is awaited", away{results: 5}},
		{"at the start of a page, and of a stream", away{executions: 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				temporal := c.away
				made, err := starter.New(&temporal, starter.Options{})
				require.NoError(t, err)
				value, _, err := starter.Run[int](t.Context(), made, perdure.OperationInput{
					Request: &perdure.Request{Service: "jobs", Method: "POST", URL: "/jobs"},
				}, nil)
				require.NoError(t, err)
				require.Equal(t, 7, value)
				require.Equal(t, 1+c.away.starts, temporal.started)
				require.Equal(t, 1+c.away.waits, temporal.awaited)
				require.Equal(t, 1+c.away.results, temporal.resultsCalled)
				_, err = starter.GetPage[int](t.Context(), made, perdure.CollectionInput{
					Request: &perdure.Request{Service: "jobs", Method: "GET", URL: "/jobs"},
				}, nil)
				require.NoError(t, err)
				require.Equal(t, 1+c.away.executions, temporal.executed)
				temporal.executed = 0
				_, err = starter.StartStream[int](t.Context(), made, perdure.StreamInput{
					Request:  &perdure.Request{Service: "jobs", Method: "GET", URL: "/feed"},
					Protocol: &perdure.ProtocolChoice{Name: "sse"},
				}, nil)
				require.NoError(t, err)
				require.Equal(t, 1+c.away.executions, temporal.executed)
			})
		})
	}
}

// It ends with its context all the same.
func TestWaitingForAServerThatIsAwayEndsWithTheContext(t *testing.T) {
	t.Parallel()
	for _, temporal := range []away{{starts: 1000}, {waits: 1000}, {results: 1000}} {
		synctest.Test(t, func(t *testing.T) {
			made, err := starter.New(&temporal, starter.Options{})
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, _, err = starter.Run[int](ctx, made, perdure.OperationInput{
				Request: &perdure.Request{Service: "jobs", Method: "POST", URL: "/jobs"},
			}, nil)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Less(t, temporal.started+temporal.awaited+temporal.resultsCalled, 50, "it is not asked without a pause")
		})
	}
}

// A client that was closed answers no more, and nobody waits for it.
func TestWaitingEndsWhenTheClientIsClosed(t *testing.T) {
	t.Parallel()
	temporal, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1", Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	temporal.Close()
	made, err := starter.New(temporal, starter.Options{})
	require.NoError(t, err)
	_, _, err = starter.Run[int](t.Context(), made, perdure.OperationInput{
		Request: &perdure.Request{Service: "jobs", Method: "POST", URL: "/jobs"},
	}, nil)
	require.Error(t, err)
	var canceled *serviceerror.Canceled
	require.NotErrorIs(t, err, context.Canceled)
	require.ErrorAs(t, err, &canceled)
}
