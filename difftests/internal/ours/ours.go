// Package ours runs operations as Perdure does: the operation workflow with the real
// activities, in memory, against a service that really listens.
//
// May import: anything of the main module.
package ours

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
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
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/tokens"
	"github.com/perdure-dev/perdure/workflows"
)

// Operation is one to run.
type Operation struct {
	Protocol protocol.Protocol
	Options  string // JSON; "" is none
	Method   string
	URL      string // absolute
	// Adopt takes an operation over in place of starting it; of URL only the origin counts.
	Adopt   *perdure.Adoption
	Header  map[string][]string
	Body    *perdure.Body
	Polling perdure.Polling
	// Timeout of the test, and of the operation; default 30 s.
	Timeout time.Duration
	// Threshold: longer waits are the workflow's, and pass in no time. Default: that of
	// the product.
	Threshold time.Duration
}

// Result is what became of it.
type Result struct {
	perdure.OperationResult
	// ErrorType is one of perdure's, "Canceled", or "" for success.
	ErrorType string
	Status    perdure.Status
}

const service = "differential"

// Run runs an operation to its end.
func Run(tb testing.TB, o Operation) Result {
	tb.Helper()
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	a := realActivities(tb, o)
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(o.Timeout)
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // of a busy machine
	workflows.Register(env)
	env.RegisterActivityWithOptions(a.Start, activity.RegisterOptions{Name: perdure.ActivityStart})
	env.RegisterActivityWithOptions(a.Poll, activity.RegisterOptions{Name: perdure.ActivityPoll})
	env.RegisterActivityWithOptions(a.Cancel, activity.RegisterOptions{Name: perdure.ActivityCancel})
	in := perdure.OperationInput{
		Service: service, Adopt: o.Adopt,
		Protocol:       &perdure.ProtocolChoice{Name: o.Protocol.Name(), Options: json.RawMessage(o.Options)},
		Polling:        &o.Polling,
		TimeoutSeconds: o.Timeout.Seconds(),
	}
	if o.Adopt == nil {
		in.Request = &perdure.Request{Method: o.Method, URL: o.URL, Headers: o.Header, Body: o.Body}
	}
	env.ExecuteWorkflow(perdure.WorkflowOperation, in)
	require.True(tb, env.IsWorkflowCompleted())
	return result(tb, env)
}

func result(tb testing.TB, env *testsuite.TestWorkflowEnvironment) Result {
	tb.Helper()
	var out Result
	err := env.GetWorkflowError()
	var (
		canceled *temporal.CanceledError
		bad      *temporal.ApplicationError
	)
	switch {
	case err == nil:
		require.NoError(tb, env.GetWorkflowResult(&out.OperationResult))
	case errors.As(err, &canceled):
		out.ErrorType = perdure.ErrorCanceled
		require.NoError(tb, canceled.Details(&out.Status))
	case errors.As(err, &bad):
		out.ErrorType = bad.Type()
		require.NoError(tb, bad.Details(&out.Status), "%v", err)
	default:
		require.NoError(tb, err)
	}
	return out
}

func realActivities(tb testing.TB, o Operation) *activities.Activities {
	tb.Helper()
	base, err := url.Parse(o.URL)
	require.NoError(tb, err)
	s, err := transport.NewService(transport.Config{Name: service, BaseURL: base.Scheme + "://" + base.Host, AllowPrivateNetwork: true})
	require.NoError(tb, err)
	keyset, err := tokens.NewKeyset()
	require.NoError(tb, err)
	registry, err := protocol.NewRegistry(o.Protocol)
	require.NoError(tb, err)
	a, err := activities.New(activities.Options{
		Services: map[string]*activities.Service{service: {Service: s}}, Keyset: keyset, Protocols: registry,
		Watch:     activities.Watch{Threshold: o.Threshold},
		RecordNow: func(context.Context, any) error { return nil },
	})
	require.NoError(tb, err)
	return a
}
