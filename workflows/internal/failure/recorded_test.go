package failure_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// A body that is in a store is not in the history.
func TestRecorded(t *testing.T) {
	large := &perdure.Request{Body: &perdure.Body{Text: new(strings.Repeat("x", 1_600_000))}}
	for name, test := range map[string]struct {
		request *perdure.Request
		history int
		refused bool
	}{
		"large, in the history":       {large, 1_700_000, true},
		"large, in a store":           {large, 4_000, false},
		"small, and a long history":   {&perdure.Request{}, 1_700_000, false},
		"none, taken up from a token": {nil, 1_700_000, false},
	} {
		t.Run(name, func(t *testing.T) {
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestWorkflowEnvironment()
			env.SetTestTimeout(time.Minute)
			env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // of a busy machine
			env.SetCurrentHistorySize(test.history)
			var err error
			env.ExecuteWorkflow(func(ctx workflow.Context) error {
				err = failure.Recorded(ctx, test.request)
				return nil
			})
			require.NoError(t, env.GetWorkflowError())
			require.Equal(t, test.refused, err != nil, "%v", err)
		})
	}
}
