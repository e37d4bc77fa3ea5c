package workflows_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

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
	workflows.Register(env)
	env.RegisterActivityWithOptions(a.Start, activity.RegisterOptions{Name: perdure.ActivityStart})
	env.RegisterActivityWithOptions(a.Poll, activity.RegisterOptions{Name: perdure.ActivityPoll})
	env.RegisterActivityWithOptions(a.Cancel, activity.RegisterOptions{Name: perdure.ActivityCancel})
	return env
}

func TestOperationRunsToItsValue(t *testing.T) {
	svc := perduretest.NewService(t,
		perduretest.POST("/vector_stores").JSON(http.StatusOK, `{"id":"vs_1","object":"vector_store","status":"in_progress"}`),
		perduretest.GET("/vector_stores/vs_1").JSON(http.StatusOK, `{"id":"vs_1","object":"vector_store","status":"in_progress"}`).Times(3),
		perduretest.GET("/vector_stores/vs_1").JSON(http.StatusOK, `{"id":"vs_1","object":"vector_store","status":"completed","size":12345678901234567890}`))
	env := newEnvironment(t, realActivities(t, svc, nil))
	env.SetTestTimeout(20 * time.Second)
	env.ExecuteWorkflow(perdure.WorkflowOperation, perdure.OperationInput{
		Request: &perdure.Request{Service: "jobs", Method: "POST", URL: "/vector_stores", Body: perdure.JSONBody(json.RawMessage(`{"name":"x"}`))},
		Polling: &perdure.Polling{IntervalSeconds: 0.05},
	})
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	var result perdure.OperationResult
	require.NoError(t, env.GetWorkflowResult(&result))
	require.Equal(t, perdure.StateSucceeded, result.State)
	require.JSONEq(t, `{"id":"vs_1","object":"vector_store","status":"completed","size":12345678901234567890}`, string(result.Value))
	require.Contains(t, string(result.Value), "12345678901234567890")
	value, err := env.QueryWorkflow(perdure.QueryStatus)
	require.NoError(t, err)
	var s perdure.Status
	require.NoError(t, value.Get(&s))
	require.Equal(t, 4, s.Polls)
	require.Equal(t, "completed", s.ServiceStatus)
	require.True(t, s.Done)
}
