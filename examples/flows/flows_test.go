package flows_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/flows"
)

// newEnvironment has the workflows, and keeps pages in a directory. Perdure's workflows
// are the test's to play.
func newEnvironment(dir string) *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // of a busy machine
	flows.Register(env, &flows.Flows{Service: "jobs"}, &flows.Keeper{Dir: dir})
	return env
}

func TestCreateStoresKeepsTheLimit(t *testing.T) {
	t.Parallel()
	env := newEnvironment("")
	running, most, n := 0, 0, 0
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context, _ perdure.OperationInput) (*perdure.OperationResult, error) {
		running++
		n++
		most = max(most, running)
		defer func() { running-- }()
		if n == 7 {
			return nil, temporal.NewNonRetryableApplicationError("disk full", perdure.ErrorOperationFailed, nil, perdure.Status{State: perdure.StateFailed, Done: true})
		}
		value := fmt.Sprintf(`{"id":"vs_%d"}`, n)
		_ = workflow.Sleep(ctx, time.Minute)
		return &perdure.OperationResult{State: perdure.StateSucceeded, Value: json.RawMessage(value)}, nil
	}, workflow.RegisterOptions{Name: perdure.WorkflowOperation})
	env.ExecuteWorkflow(flows.WorkflowCreateStores, flows.CreateStoresInput{Stores: make([]flows.NewStore, 50), Limit: 6})
	var got []flows.Created
	require.NoError(t, env.GetWorkflowResult(&got))
	require.Len(t, got, 50)
	require.Equal(t, 6, most)
	failed := 0
	for _, c := range got {
		if c.Error != "" {
			failed++
			require.Equal(t, perdure.StateFailed, c.State)
		}
	}
	require.Equal(t, 1, failed, "and the others went on")
	answer, err := env.QueryWorkflow(flows.QueryProgress)
	require.NoError(t, err)
	var progress []flows.Created
	require.NoError(t, answer.Get(&progress))
	require.Equal(t, got, progress)
}

func TestKeepPagesStopsWithItsPlace(t *testing.T) {
	t.Parallel()
	env := newEnvironment(t.TempDir())
	env.RegisterWorkflowWithOptions(func(_ workflow.Context, in perdure.CollectionInput) (*perdure.Page, error) {
		at, _ := strconv.Atoi(in.Token) // 0: none
		if at == 2 {
			return nil, temporal.NewNonRetryableApplicationError("HTTP 403", perdure.ErrorPageRejected, nil)
		}
		return &perdure.Page{Values: json.RawMessage(`[{}]`), NextPageToken: strconv.Itoa(at + 1)}, nil
	}, workflow.RegisterOptions{Name: perdure.WorkflowPage})
	env.ExecuteWorkflow(flows.WorkflowKeepPages, flows.KeepPagesInput{
		List: perdure.CollectionInput{Request: &perdure.Request{Service: "jobs", Method: "GET", URL: "/items"}},
	})
	var stopped *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &stopped)
	require.Equal(t, flows.ErrorStopped, stopped.Type())
	var place flows.KeepPagesInput
	require.NoError(t, stopped.Details(&place))
	require.Equal(t, flows.KeepPagesInput{List: perdure.CollectionInput{Token: "2"}, Kept: 2}, place)
	require.ErrorContains(t, errors.Unwrap(stopped), perdure.ErrorPageRejected)
}
