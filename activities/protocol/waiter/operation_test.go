package waiter_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/waiter"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/tokens"
	"github.com/perdure-dev/perdure/workflows"
)

// operate runs a real operation, in memory, against a scripted service. Its error has
// a type of perdure's.
func operate(t *testing.T, svc *perduretest.Service, options string) (result perdure.OperationResult, errorType string) {
	t.Helper()
	service, err := transport.NewService(transport.Config{Name: "jobs", BaseURL: svc.URL(), AllowPrivateNetwork: true})
	require.NoError(t, err)
	keyset, err := tokens.NewKeyset()
	require.NoError(t, err)
	registry, err := protocol.NewRegistry(waiter.Protocol{})
	require.NoError(t, err)
	a, err := activities.New(activities.Options{
		Services: map[string]*activities.Service{"jobs": {Service: service}}, Keyset: keyset, Protocols: registry,
		RecordNow: func(context.Context, any) error { return nil },
		Watch:     activities.Watch{Threshold: 1}, // every wait is the workflow's, and passes in no time
	})
	require.NoError(t, err)
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // of a busy machine
	workflows.Register(env)
	env.RegisterActivityWithOptions(a.Start, activity.RegisterOptions{Name: perdure.ActivityStart})
	env.RegisterActivityWithOptions(a.Poll, activity.RegisterOptions{Name: perdure.ActivityPoll})
	env.ExecuteWorkflow(perdure.WorkflowOperation, perdure.OperationInput{
		Request:  &perdure.Request{Service: "jobs", Method: "POST", URL: "/jobs"},
		Protocol: &perdure.ProtocolChoice{Name: waiter.Name, Options: json.RawMessage(options)},
	})
	require.True(t, env.IsWorkflowCompleted())
	if err := env.GetWorkflowError(); err != nil {
		var bad *temporal.ApplicationError
		require.ErrorAs(t, err, &bad)
		return result, bad.Type()
	}
	require.NoError(t, env.GetWorkflowResult(&result))
	return result, ""
}

const here = `{"status":"/jobs/{id}","result":"output","acceptors":[` + words + `,
	{"state":"success","matcher":{"errorType":"JobNotFound"}}]}`

// What is transient under "Every protocol" is asked again, and no acceptor sees it.
//
//rule:waiter 1i -
func TestOperationRunsToItsValue(t *testing.T) {
	svc := perduretest.NewService(
		t,
		perduretest.POST("/jobs").JSON(http.StatusCreated, `{"id":7}`),
		perduretest.GET("/jobs/7").JSON(http.StatusNotFound, `{"error":{"code":"NotYet"}}`), // within the grace
		perduretest.GET("/jobs/7").JSON(http.StatusOK, `{"state":"NEW"}`).Times(9),
		perduretest.GET("/jobs/7").Reply(http.StatusServiceUnavailable),
		perduretest.GET("/jobs/7").JSON(http.StatusOK, `{"state":"DONE","output":[1]}`),
	)
	result, errorType := operate(t, svc, here)
	require.Empty(t, errorType)
	require.Equal(t, `[1]`, string(result.Value))
}

// A 404 that an acceptor is for decides at once, also within its grace.
//
//rule:later 4
//rule:waiter 1j
func TestA404ThatIsAcceptedDecidesWithinItsGrace(t *testing.T) {
	svc := perduretest.NewService(
		t,
		perduretest.POST("/jobs").JSON(http.StatusCreated, `{"id":7}`),
		perduretest.GET("/jobs/7").JSON(http.StatusNotFound, `{"error":{"code":"JobNotFound"}}`),
	)
	result, errorType := operate(t, svc, here)
	require.Empty(t, errorType)
	require.Equal(t, perdure.StateSucceeded, result.State)
	require.Equal(t, "null", string(result.Value))
}

//rule:waiter 1h
func TestErrorsFailTheOperation(t *testing.T) {
	svc := perduretest.NewService(
		t,
		perduretest.POST("/jobs").JSON(http.StatusCreated, `{"id":7}`),
		perduretest.GET("/jobs/7").JSON(http.StatusBadRequest, `{"error":{"code":"Broken"}}`),
	)
	_, errorType := operate(t, svc, here)
	require.Equal(t, perdure.ErrorOperationFailed, errorType)
}

// JMESPath that does not compile is `InvalidInput` before anything is sent.
//
//rule:waiter 2 -
func TestAPathThatDoesNotCompileIsFoundOutBeforeAnythingIsSent(t *testing.T) {
	_, errorType := operate(t, perduretest.NewService(t), `{"status":"/jobs/{id[}","acceptors":[`+words+`]}`)
	require.Equal(t, perdure.ErrorInvalidInput, errorType)
}
