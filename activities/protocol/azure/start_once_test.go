package azure_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/azure"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/tokens"
	"github.com/perdure-dev/perdure/workflows"
)

// A start is made repeatable by the service's configuration, not by an option:
// `idempotency.form` `repeatability` (`Repeatability-Request-ID` and
// `Repeatability-First-Sent`, good for five minutes) or `operationId`
// (`Operation-Id`).
//
//rule:azure 12 AG; OASIS
func TestRule12StartingOnce(t *testing.T) {
	for _, tt := range []struct {
		name    string
		how     activities.Idempotency
		headers []string // the same on each request to start
	}{
		{"Repeatability", activities.Idempotency{Form: activities.FormRepeatability}, []string{"Repeatability-Request-Id", "Repeatability-First-Sent"}},
		{"Operation-Id", activities.Idempotency{Form: activities.FormOperationID}, []string{"Operation-Id"}},
	} {
		t.Run(tt.name+" goes on each repeat", func(t *testing.T) {
			svc := perduretest.NewService(t,
				perduretest.POST("/jobs").Reply(500).Header("Retry-After-Ms", "1"),
				perduretest.POST("/jobs").Reply(202).Header("Operation-Location", "/ops/7").Header("Repeatability-Result", "accepted").Header("Retry-After-Ms", "1"),
				perduretest.GET("/ops/7").JSON(200, `{"status":"Succeeded"}`))
			env := run(t, svc, tt.how)
			require.NoError(t, env.GetWorkflowError())
			requests := svc.Requests()
			for _, name := range tt.headers {
				require.NotEmpty(t, requests[0].Header.Get(name))
				require.Equal(t, requests[0].Header.Get(name), requests[1].Header.Get(name), name)
				require.Empty(t, requests[2].Header.Get(name), "only the start has it")
			}
		})
	}
	t.Run("past the window a start is not sent again", func(t *testing.T) {
		svc := perduretest.NewService(t, perduretest.POST("/jobs").Reply(500).Header("Retry-After-Ms", "1"))
		env := run(t, svc, activities.Idempotency{Form: activities.FormRepeatability, Window: time.Nanosecond})
		require.ErrorContains(t, env.GetWorkflowError(), perdure.ErrorStartAmbiguous)
	})
	t.Run("too old, after it may have been delivered", func(t *testing.T) {
		svc := perduretest.NewService(t,
			perduretest.POST("/jobs").Reply(500).Header("Retry-After-Ms", "1"),
			perduretest.POST("/jobs").Reply(412).Header("Repeatability-Result", "rejected"))
		env := run(t, svc, activities.Idempotency{Form: activities.FormRepeatability})
		require.ErrorContains(t, env.GetWorkflowError(), perdure.ErrorStartAmbiguous)
	})
	for name, status := range map[string]int{"not supported": http.StatusNotImplemented, "the same id with another body": http.StatusBadRequest} {
		t.Run(name, func(t *testing.T) {
			svc := perduretest.NewService(t, perduretest.POST("/jobs").Reply(status))
			env := run(t, svc, activities.Idempotency{Form: activities.FormOperationID})
			require.ErrorContains(t, env.GetWorkflowError(), perdure.ErrorStartRejected)
		})
	}
}

// Whatever URL an adoption names is held against the service's allow list, those that
// are asked last included.
//
//rule:out 5
func TestAdoptedURLsAreCheckedAgainstTheAllowList(t *testing.T) {
	for _, tt := range []struct{ name, monitor, value, want string }{
		{"all allowed", "/ops/7", "/r/1", ""},
		{"the monitor is not", "/secret", "/r/1", "GET /secret"},
		{"the value is not", "/ops/7", "/secret", "GET /secret"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			svc := perduretest.NewService(t, perduretest.GET("/ops/7").JSON(200, `{"status":"Succeeded"}`).AnyTimes(), perduretest.GET("/r/1").JSON(200, `{}`).AnyTimes())
			env := execute(t, transport.Config{BaseURL: svc.URL(), Allow: []string{"GET /ops/*", "GET /r/*"}}, activities.Idempotency{}, perdure.OperationInput{
				Service: "jobs",
				Adopt:   &perdure.Adoption{Azcore: `{"type":"X","token":{"asyncURL":"` + svc.URL() + tt.monitor + `","origURL":"` + svc.URL() + tt.value + `","method":"PUT","state":"InProgress"}}`},
				Polling: &perdure.Polling{IntervalSeconds: 0.01},
			})
			if tt.want == "" {
				require.NoError(t, env.GetWorkflowError())
				return
			}
			require.ErrorContains(t, env.GetWorkflowError(), perdure.ErrorEgressDenied)
			for _, r := range svc.Requests() {
				require.NotEqual(t, "/secret", r.URL.Path)
			}
		})
	}
}

// run runs POST /jobs to its end, for as long as a minute of the workflow's time.
func run(t *testing.T, svc *perduretest.Service, how activities.Idempotency) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	return execute(t, transport.Config{BaseURL: svc.URL()}, how, perdure.OperationInput{
		Request: &perdure.Request{Service: "jobs", Method: "POST", URL: "/jobs"},
	})
}

// execute runs an operation of the service jobs.
func execute(t *testing.T, config transport.Config, how activities.Idempotency, in perdure.OperationInput) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	config.Name, config.AllowPrivateNetwork = "jobs", true
	s, err := transport.NewService(config)
	require.NoError(t, err)
	keyset, err := tokens.NewKeyset()
	require.NoError(t, err)
	registry, err := protocol.NewRegistry(azure.Protocol{})
	require.NoError(t, err)
	a, err := activities.New(activities.Options{
		Services: map[string]*activities.Service{"jobs": {Service: s, Idempotency: how}}, Keyset: keyset, Protocols: registry,
		RecordNow: func(context.Context, any) error { return nil },
	})
	require.NoError(t, err)
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // of a busy machine
	workflows.Register(env)
	env.RegisterActivityWithOptions(a.Start, activity.RegisterOptions{Name: perdure.ActivityStart})
	env.RegisterActivityWithOptions(a.Poll, activity.RegisterOptions{Name: perdure.ActivityPoll})
	in.Protocol, in.TimeoutSeconds = &perdure.ProtocolChoice{Name: azure.Name}, 60
	env.ExecuteWorkflow(perdure.WorkflowOperation, in)
	require.True(t, env.IsWorkflowCompleted())
	return env
}

// quiet drops the environment's log.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
