package starter_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// resolving is a Temporal with an operation whose start is ambiguous, until it is resolved.
type resolving struct {
	client.Client
	records  *recordService
	statuses []perdure.State                // as the query gives them
	answers  map[string]func() (any, error) // of updates, by their id, or by their name
	asked    []string                       // updates
}

func (r *resolving) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	key := o.UpdateID
	if key == "" {
		key = o.UpdateName
	}
	r.asked = append(r.asked, key)
	value, err := r.answers[key]()
	return &answered{value: value, err: err}, nil
}

func (r *resolving) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	state := r.statuses[0]
	r.statuses = r.statuses[1:]
	return r.records.r.e.encoded(perdure.Status{State: state}), nil
}

func (r *resolving) NewWithStartWorkflowOperation(client.StartWorkflowOptions, any, ...any) client.WithStartWorkflowOperation {
	return nil
}

func (r *resolving) UpdateWithStartWorkflow(context.Context, client.UpdateWithStartWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	return &answered{value: perdure.Status{State: perdure.StateAmbiguous}}, nil
}

// GetWorkflow is a workflow that goes on.
func (r *resolving) GetWorkflow(context.Context, string, string) client.WorkflowRun { return open{} }

func (r *resolving) WorkflowService() workflowservice.WorkflowServiceClient { return r.records }

type open struct{ client.WorkflowRun }

func (open) Get(ctx context.Context, _ any) error {
	<-ctx.Done()
	return ctx.Err()
}

func is(state perdure.State) func() (any, error) {
	return func() (any, error) { return perdure.Status{State: state}, nil }
}

// ambiguousAt is the operation, whose start is known to be ambiguous.
func ambiguousAt(t *testing.T, r *resolving) *starter.Operation[int] {
	t.Helper()
	one, _ := newRecord(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, perdure.StreamStatus{})
	r.records = &recordService{r: one}
	c, err := starter.New(r, starter.Options{})
	require.NoError(t, err)
	op, err := starter.Start[int](t.Context(), c, perdure.OperationInput{
		Request: &perdure.Request{Service: "jobs", Method: "POST", URL: "/jobs"},
	}, nil)
	requireAmbiguous(t, err)
	return op
}

func requireAmbiguous(t *testing.T, err error) {
	t.Helper()
	bad, ok := errors.AsType[*perdure.OperationError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, perdure.ErrorStartAmbiguous, bad.Type)
}

// All who wait for the start share an update, which tells all the same for ever: also after
// somebody has resolved the start, and it is sent again.
func TestAResolvedStartThatIsLostAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		op := ambiguousAt(t, &resolving{
			statuses: []perdure.State{perdure.StateStarting, perdure.StateStarting, perdure.StateAmbiguous},
			answers: map[string]func() (any, error){
				"awaitStarted": is(perdure.StateAmbiguous), "awaitStarted-2": is(perdure.StateAmbiguous), "awaitStarted-3": is(perdure.StateAmbiguous),
			},
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := op.Wait(ctx, nil)
		requireAmbiguous(t, err)
	})
}

// What a run has accepted that continues as new is carried out by the next.
func TestAResolveThatMeetsARunWhichMoves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		temporalWith := &resolving{
			statuses: []perdure.State{perdure.StateAmbiguous},
			answers: map[string]func() (any, error){
				"resolve": func() (any, error) {
					return nil, temporal.NewNonRetryableApplicationError("the workflow continues as new; ask again", perdure.ErrorRunMoved, nil)
				},
				"awaitStarted": is(perdure.StateRunning),
			},
		}
		s, err := ambiguousAt(t, temporalWith).Resolve(t.Context(), perdure.Resolve{Retry: true})
		require.NoError(t, err)
		require.Equal(t, perdure.StateRunning, s.State)
		require.Equal(t, []string{"resolve", "awaitStarted"}, temporalWith.asked, "it is not resolved twice")
	})
}
