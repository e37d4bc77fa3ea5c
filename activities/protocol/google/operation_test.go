package google_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/google"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/tokens"
	"github.com/perdure-dev/perdure/workflows"
)

// operate runs a real operation, in memory, against a scripted service.
func operate(t *testing.T, svc *perduretest.Service, in perdure.OperationInput) (perdure.OperationResult, error) {
	t.Helper()
	service, err := transport.NewService(transport.Config{Name: "redis", BaseURL: svc.URL(), AllowPrivateNetwork: true})
	require.NoError(t, err)
	keyset, err := tokens.NewKeyset()
	require.NoError(t, err)
	registry, err := protocol.NewRegistry(google.Protocol{})
	require.NoError(t, err)
	a, err := activities.New(activities.Options{
		Services: map[string]*activities.Service{"redis": {Service: service}}, Keyset: keyset, Protocols: registry,
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
	env.ExecuteWorkflow(perdure.WorkflowOperation, in)
	require.True(t, env.IsWorkflowCompleted())
	var result perdure.OperationResult
	if err := env.GetWorkflowError(); err != nil {
		return result, err
	}
	require.NoError(t, env.GetWorkflowResult(&result))
	return result, nil
}

// What was found is from then on as if it had been named.
//
//rule:auto 2 -
func TestOperationIsFoundByAuto(t *testing.T) {
	svc := perduretest.NewService(
		t,
		perduretest.POST("/v1/things").JSON(http.StatusOK, `{"name":"operations/7"}`),
		perduretest.GET("/v1/operations/7").JSON(http.StatusOK, `{"name":"operations/7"}`).Times(9),
		perduretest.GET("/v1/operations/7").JSON(http.StatusOK, `{"name":"operations/7","done":true,"response":{"@type":"x","n":12345678901234567890}}`),
	)
	result, err := operate(t, svc, perdure.OperationInput{Request: &perdure.Request{Service: "redis", Method: "POST", URL: "/v1/things"}})
	require.NoError(t, err)
	require.Equal(t, `{"@type":"x","n":12345678901234567890}`, string(result.Value))
}

// A start whose answer was lost is sent again, with the same request id.
//
//rule:google 4
func TestLostStartIsRepeatedWithItsRequestID(t *testing.T) {
	var ids []string
	keep := func(r perduretest.Request) error {
		ids = append(ids, r.URL.Query().Get("requestId"))
		return nil
	}
	svc := perduretest.NewService(
		t,
		perduretest.POST("/v1/things").Want(keep).Drop(),
		perduretest.POST("/v1/things").Want(keep).JSON(http.StatusOK, `{"name":"operations/7","done":true,"response":{}}`),
	)
	_, err := operate(t, svc, perdure.OperationInput{
		Request:  &perdure.Request{Service: "redis", Method: "POST", URL: "/v1/things", Body: perdure.JSONBody(json.RawMessage(`{}`))},
		Protocol: &perdure.ProtocolChoice{Name: "google", Options: json.RawMessage(`{"requestIdField":"requestId"}`)},
	})
	require.NoError(t, err)
	require.Len(t, ids, 2)
	require.Equal(t, ids[0], ids[1])
	id, err := uuid.Parse(ids[0])
	require.NoError(t, err)
	require.Equal(t, uuid.Version(4), id.Version())
}

// A caller's idempotency key needs `requestIdField`, or `idempotency` or `lookup` in
// the service's configuration. A field of the body needs a body that is a JSON object,
// or none: `InvalidInput` otherwise.
//
//rule:google 4a -
func TestCallersIdempotencyKeyNeedsTheField(t *testing.T) {
	const key = "0b2f7a2e-5b61-4c1a-9d3e-2f6f0f3c9a11"
	in := perdure.OperationInput{
		Request: &perdure.Request{Service: "redis", Method: "POST", URL: "/v1/things"}, IdempotencyKey: key,
		Protocol: &perdure.ProtocolChoice{Name: "google"},
	}
	_, err := operate(t, perduretest.NewService(t), in)
	require.ErrorContains(t, err, "idempotencyKey")

	in.Protocol.Options = json.RawMessage(`{"requestIdField":{"body":"request_id"}}`)
	svc := perduretest.NewService(t, perduretest.POST("/v1/things").WantJSON(`{"request_id":"`+key+`"}`).JSON(http.StatusOK, `{"done":true}`))
	_, err = operate(t, svc, in)
	require.NoError(t, err)

	in.Request.Body = perdure.TextBody("no JSON")
	_, err = operate(t, perduretest.NewService(t), in)
	require.ErrorContains(t, err, "request.body")
}
