package customprotocol_test

import (
	"context"
	"net/http/httptest"
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
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/examples/customprotocol"
	"github.com/perdure-dev/perdure/tokens"
	"github.com/perdure-dev/perdure/workflows"
)

const (
	starts  = "POST https://farm.example.com/renders"
	asks    = "GET https://farm.example.com/renders/7"
	cancels = "DELETE https://farm.example.com/renders/7"
)

// waits is a line of a render that goes on.
func waits(asks, line string, percent float64) protocoltest.Turn {
	return protocoltest.Turn{Asks: asks, Body: line, Want: protocoltest.Want{ServiceStatus: "WAIT", Percent: &percent, Cancel: cancels}}
}

var suite = protocoltest.Suite{
	Protocol: customprotocol.Protocol{},
	Scenarios: []protocoltest.Scenario{
		{
			Name: "to its picture", Recognized: true, Start: waits(starts, "WAIT 0 /renders/7\n", 0),
			Then: []protocoltest.Turn{
				waits(asks, "WAIT 40 /renders/7\n", 40),
				{Asks: asks, Body: "DONE /pictures/7\n", Want: protocoltest.Want{Outcome: protocol.Succeeded, Fetch: true, ServiceStatus: "DONE"}},
				{Asks: "GET https://farm.example.com/pictures/7", Body: "P1 1 1 0", Want: protocoltest.Want{Outcome: protocol.Succeeded, ServiceStatus: "DONE", Value: "P1 1 1 0"}},
			},
		},
		{
			Name: "sorry", Recognized: true, Start: waits(starts, "WAIT 0 /renders/7\n", 0),
			Then: []protocoltest.Turn{{
				Asks: asks, Body: "SORRY no-paint We ran out of blue.\n",
				Want: protocoltest.Want{Outcome: protocol.Failed, ServiceStatus: "SORRY", ErrorCode: "no-paint", ErrorMessage: "We ran out of blue."},
			}},
		},
		{
			Name: "stopped", Recognized: true, Start: waits(starts, "WAIT 0 /renders/7\n", 0),
			Then: []protocoltest.Turn{{Asks: asks, Body: "STOPPED\n", Want: protocoltest.Want{Outcome: protocol.Canceled, ServiceStatus: "STOPPED"}}},
		},
		{
			Name:  "the picture was there already",
			Start: protocoltest.Turn{Asks: starts, Body: "DONE /pictures/1", Want: protocoltest.Want{Outcome: protocol.Succeeded, Fetch: true, ServiceStatus: "DONE"}},
			Then:  []protocoltest.Turn{{Asks: "GET https://farm.example.com/pictures/1", Body: "P1", Want: protocoltest.Want{Outcome: protocol.Succeeded, ServiceStatus: "DONE", Value: "P1"}}},
		},
		{Name: "violation: an empty answer", Start: protocoltest.Turn{Asks: starts, Want: protocoltest.Want{Violation: true}}},
		{Name: "violation: a word that starts nothing", Start: protocoltest.Turn{Asks: starts, Body: "HELLO", Want: protocoltest.Want{Violation: true}}},
	},
}

func TestProtocol(t *testing.T) { protocoltest.Run(t, suite) }

func FuzzProtocol(f *testing.F) { protocoltest.Fuzz(f, suite) }

// operate begins an operation, in memory, with the worker's own activities and a farm
// that really listens.
func operate(t *testing.T) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	farm := httptest.NewServer(new(customprotocol.Farm).Handler())
	t.Cleanup(farm.Close)
	service, err := transport.NewService(transport.Config{Name: "renders", BaseURL: farm.URL, AllowPrivateNetwork: true})
	require.NoError(t, err)
	keyset, err := tokens.NewKeyset()
	require.NoError(t, err)
	registry, err := protocol.NewRegistry(customprotocol.Protocol{})
	require.NoError(t, err)
	a, err := activities.New(activities.Options{
		Services: map[string]*activities.Service{"renders": {Service: service}}, Keyset: keyset, Protocols: registry,
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
	env.RegisterActivityWithOptions(a.Cancel, activity.RegisterOptions{Name: perdure.ActivityCancel})
	return env
}

var input = perdure.OperationInput{Request: &perdure.Request{Service: "renders", Method: "POST", URL: "/renders"}}

// "auto" finds the protocol by the start's answer.
func TestOperationRunsToItsPicture(t *testing.T) {
	env := operate(t)
	env.ExecuteWorkflow(perdure.WorkflowOperation, input)
	require.NoError(t, env.GetWorkflowError())
	var result perdure.OperationResult
	require.NoError(t, env.GetWorkflowResult(&result))
	require.Equal(t, perdure.StateSucceeded, result.State)
	picture, err := result.ValueBody.Bytes()
	require.NoError(t, err)
	require.Equal(t, "P1 2 2 0 1 1 0\n", string(picture))
}

func TestOperationIsCanceled(t *testing.T) {
	env := operate(t)
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(perdure.SignalCancel, perdure.CancelSignal{}) }, time.Second)
	env.ExecuteWorkflow(perdure.WorkflowOperation, input)
	require.True(t, temporal.IsCanceledError(env.GetWorkflowError()), "%v", env.GetWorkflowError())
}
