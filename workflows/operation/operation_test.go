package operation_test

import (
	"context"
	"encoding/json"
	"fmt"
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
	"github.com/perdure-dev/perdure/activities/protocol/location"
	"github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/tokens"
	"github.com/perdure-dev/perdure/workflows"
)

// realActivities are the real ones over a scripted service.
func realActivities(t *testing.T, svc *perduretest.Service, change func(*activities.Options)) *activities.Activities {
	t.Helper()
	s, err := transport.NewService(transport.Config{Name: "jobs", BaseURL: svc.URL(), AllowPrivateNetwork: true})
	require.NoError(t, err)
	keyset, err := tokens.NewKeyset()
	require.NoError(t, err)
	registry, err := protocol.NewRegistry(openai.Protocol{}, location.Protocol{})
	require.NoError(t, err)
	o := activities.Options{
		Services: map[string]*activities.Service{"jobs": {Service: s}}, Keyset: keyset, Protocols: registry,
		RecordNow: func(context.Context, any) error { return nil },
	}
	if change != nil {
		change(&o)
	}
	a, err := activities.New(o)
	require.NoError(t, err)
	return a
}

func newEnvironment(t *testing.T, a *activities.Activities) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // of a busy machine
	workflows.Register(env)
	env.RegisterActivityWithOptions(a.Start, activity.RegisterOptions{Name: perdure.ActivityStart})
	env.RegisterActivityWithOptions(a.Poll, activity.RegisterOptions{Name: perdure.ActivityPoll})
	env.RegisterActivityWithOptions(a.Cancel, activity.RegisterOptions{Name: perdure.ActivityCancel})
	return env
}

// withRealActivities runs an operation on the real activities over a scripted service.
func withRealActivities(t *testing.T, svc *perduretest.Service, in perdure.OperationInput, change func(*activities.Options)) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	env := newEnvironment(t, realActivities(t, svc, change))
	env.ExecuteWorkflow(perdure.WorkflowOperation, in)
	require.True(t, env.IsWorkflowCompleted())
	return env
}

func statusOf(t *testing.T, env *testsuite.TestWorkflowEnvironment) perdure.Status {
	t.Helper()
	value, err := env.QueryWorkflow(perdure.QueryStatus)
	require.NoError(t, err)
	var s perdure.Status
	require.NoError(t, value.Get(&s))
	return s
}

func create(path string) perdure.OperationInput {
	return perdure.OperationInput{
		Request: &perdure.Request{Service: "jobs", Method: "POST", URL: path, Body: perdure.JSONBody(json.RawMessage(`{"name":"x"}`))},
		Polling: &perdure.Polling{IntervalSeconds: 0.02},
	}
}

const (
	inProgress = `{"id":"vs_1","object":"vector_store","status":"in_progress"}`
	finished   = `{"id":"vs_1","object":"vector_store","status":"completed","size":12345678901234567890}`
)

func TestOperationRunsToItsValue(t *testing.T) {
	svc := perduretest.NewService(t,
		perduretest.POST("/vector_stores").WantJSON(`{"name":"x"}`).JSON(http.StatusOK, inProgress),
		perduretest.GET("/vector_stores/vs_1").JSON(http.StatusOK, inProgress).Times(3),
		perduretest.GET("/vector_stores/vs_1").JSON(http.StatusOK, finished))
	env := withRealActivities(t, svc, create("/vector_stores"), nil)
	require.NoError(t, env.GetWorkflowError())
	var result perdure.OperationResult
	require.NoError(t, env.GetWorkflowResult(&result))
	require.Equal(t, perdure.StateSucceeded, result.State)
	require.Equal(t, finished, string(result.Value), "every digit")
	s := statusOf(t, env)
	require.Equal(t, 4, s.Polls)
	require.Equal(t, "completed", s.ServiceStatus)
	require.Equal(t, "openai", s.Protocol)
	require.Equal(t, "vs_1", s.RemoteID)
	require.True(t, s.Done)
	require.Nil(t, s.LastError)
}

func TestOperationEndsBadlyInTheServicesWords(t *testing.T) {
	svc := perduretest.NewService(t,
		perduretest.POST("/vector_stores").JSON(http.StatusOK, inProgress),
		perduretest.GET("/vector_stores/vs_1").JSON(http.StatusServiceUnavailable, `{}`).Header("Retry-After-Ms", "10"),
		perduretest.GET("/vector_stores/vs_1").JSON(http.StatusOK, `{"id":"vs_1","object":"vector_store","status":"expired","file_counts":{"total":4,"completed":1}}`))
	env := withRealActivities(t, svc, create("/vector_stores"), nil)
	var bad *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &bad)
	require.Equal(t, perdure.ErrorOperationFailed, bad.Type())
	s := statusOf(t, env)
	require.Equal(t, perdure.StateFailed, s.State)
	require.Equal(t, "expired", s.Error.Code)
	require.Equal(t, "expired", s.ServiceStatus)
	require.Contains(t, string(s.Error.Details), `"file_counts"`, "what was produced so far")
	require.InDelta(t, 25, *s.PercentComplete, 0)
}

func TestARejectedStart(t *testing.T) {
	svc := perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(http.StatusBadRequest, `{"error":{"code":"bad_name","message":"x is taken"}}`))
	env := withRealActivities(t, svc, create("/vector_stores"), nil)
	var bad *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &bad)
	require.Equal(t, perdure.ErrorStartRejected, bad.Type())
	require.Equal(t, "bad_name: x is taken", bad.Message())
	require.Equal(t, perdure.StateFailed, statusOf(t, env).State)
}

func TestALostAnswerIsAmbiguousAndNothingIsSentAgain(t *testing.T) {
	svc := perduretest.NewService(t, perduretest.POST("/vector_stores").Drop())
	in := create("/vector_stores")
	in.TimeoutSeconds = 60
	env := withRealActivities(t, svc, in, nil)
	var bad *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &bad)
	require.Equal(t, perdure.ErrorStartAmbiguous, bad.Type())
	s := statusOf(t, env)
	require.Equal(t, perdure.StateAmbiguous, s.State)
	require.Equal(t, "NoAnswer", s.LastError.Error.Code)
	require.Len(t, svc.Requests(), 1)
}

func TestALostAnswerUnderALiveKeyIsSentAgain(t *testing.T) {
	svc := perduretest.NewService(t,
		perduretest.POST("/vector_stores").Drop(),
		perduretest.POST("/vector_stores").JSON(http.StatusOK, finished))
	env := withRealActivities(t, svc, create("/vector_stores"), func(o *activities.Options) {
		o.Services["jobs"].Idempotency.Header = "Idempotency-Key"
	})
	require.NoError(t, env.GetWorkflowError())
	sent := svc.Requests()
	require.NotEmpty(t, sent[0].Header.Get("Idempotency-Key"))
	require.Equal(t, sent[0].Header.Get("Idempotency-Key"), sent[1].Header.Get("Idempotency-Key"))
}

func TestCancelReachesTheService(t *testing.T) {
	const batch = `{"id":"b/1","object":"batch","status":"%s","output_file_id":"f"}`
	svc := perduretest.NewService(t,
		perduretest.POST("/batches").JSON(http.StatusOK, fmt.Sprintf(batch, "in_progress")),
		perduretest.GET("/batches/b%2F1").JSON(http.StatusOK, fmt.Sprintf(batch, "in_progress")).AnyTimes(),
		perduretest.POST("/batches/b%2F1/cancel").JSON(http.StatusOK, fmt.Sprintf(batch, "cancelling")),
		perduretest.GET("/batches/b%2F1").JSON(http.StatusOK, fmt.Sprintf(batch, "cancelled"))).AnyOrder()
	env := newEnvironment(t, realActivities(t, svc, nil))
	in := create("/batches")
	in.Polling.IntervalSeconds = 30
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(perdure.SignalCancel, perdure.CancelSignal{Reason: "enough"}) }, time.Second)
	env.ExecuteWorkflow(perdure.WorkflowOperation, in)
	var canceled *temporal.CanceledError
	require.ErrorAs(t, env.GetWorkflowError(), &canceled)
	s := statusOf(t, env)
	require.Equal(t, perdure.StateCanceled, s.State)
	require.True(t, s.Cancel.Confirmed)
	require.Contains(t, string(s.Error.Details), `"output_file_id":"f"`)
}

func TestATokenGoesOnInAnotherWorkflow(t *testing.T) {
	svc := perduretest.NewService(t,
		perduretest.POST("/vector_stores").JSON(http.StatusOK, inProgress),
		perduretest.GET("/vector_stores/vs_1").JSON(http.StatusOK, finished))
	a := realActivities(t, svc, nil)
	first := newEnvironment(t, a)
	in := create("/vector_stores")
	in.Type, in.TimeoutSeconds = "CreateVectorStore", 0.5
	in.Polling.IntervalSeconds = 60
	first.ExecuteWorkflow(perdure.WorkflowOperation, in)
	require.Equal(t, perdure.ErrorOperationTimedOut, statusOf(t, first).ErrorType)
	value, err := first.QueryWorkflow(perdure.QueryToken)
	require.NoError(t, err)
	var token string
	require.NoError(t, value.Get(&token))

	second := newEnvironment(t, a)
	second.ExecuteWorkflow(perdure.WorkflowOperation, perdure.OperationInput{Token: token, Type: "CreateVectorStore", TimeoutSeconds: 60})
	require.NoError(t, second.GetWorkflowError())
	s := statusOf(t, second)
	require.Equal(t, perdure.StateSucceeded, s.State)
	require.Equal(t, "vs_1", s.RemoteID)
	require.Equal(t, statusOf(t, first).StartedAt.UnixMilli(), s.StartedAt.UnixMilli(), "of the operation")
}
