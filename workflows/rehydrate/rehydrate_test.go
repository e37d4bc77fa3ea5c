package rehydrate_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows"
)

type activityFunc = func(context.Context, perdure.RehydrateInput) (*perdure.Rehydrated, error)

// run runs the workflow over an activity, and tells how long it took.
func run(t *testing.T, input any, answer activityFunc) (*testsuite.TestWorkflowEnvironment, time.Duration) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(time.Minute)
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // of a busy machine
	workflows.Register(env)
	env.RegisterActivityWithOptions(func(context.Context, perdure.RehydrateInput) (*perdure.Rehydrated, error) {
		return nil, errors.New("not mocked")
	}, activity.RegisterOptions{Name: perdure.ActivityRehydrate})
	if answer != nil {
		env.OnActivity(perdure.ActivityRehydrate, mock.Anything, mock.Anything).Return(answer)
	}
	began := env.Now()
	env.ExecuteWorkflow(perdure.WorkflowRehydrate, input)
	require.True(t, env.IsWorkflowCompleted())
	return env, env.Now().Sub(began)
}

func TestItGivesWhatTheWorkerHasTakenUp(t *testing.T) {
	in := perdure.RehydrateInput{Token: "perdure1_x", Kind: perdure.KindStream, Type: "T", Audience: "a", Service: "s"}
	want := perdure.Rehydrated{WorkflowID: "w", RunID: "r", Started: true}
	env, took := run(t, in, func(_ context.Context, got perdure.RehydrateInput) (*perdure.Rehydrated, error) {
		require.Equal(t, in, got)
		return &want, nil
	})
	var found perdure.Rehydrated
	require.NoError(t, env.GetWorkflowResult(&found))
	require.Equal(t, want, found)
	require.Zero(t, took)
}

func TestWrongInputFailsAndNamesTheField(t *testing.T) {
	for name, test := range map[string]struct {
		input any
		want  string
	}{
		"nothing":       {nil, "is empty, want a JSON object"},
		"no token":      {map[string]any{}, "token: is missing"},
		"unknown field": {map[string]any{"token": "t", "typ": "T"}, "typ: unknown field"},
		"unknown kind":  {map[string]any{"token": "t", "kind": "job"}, "kind: is unknown, want operation, stream or page"},
		"no text":       {map[string]any{"token": 7}, "token: is a JSON number"},
	} {
		t.Run(name, func(t *testing.T) {
			env, took := run(t, test.input, nil)
			app := failed(t, env, perdure.ErrorInvalidInput)
			require.Contains(t, app.Message(), test.want)
			require.Zero(t, took)
		})
	}
}

func failed(t *testing.T, env *testsuite.TestWorkflowEnvironment, errorType string) *temporal.ApplicationError {
	t.Helper()
	var app *temporal.ApplicationError
	require.ErrorAs(t, env.GetWorkflowError(), &app)
	require.Equal(t, errorType, app.Type())
	require.True(t, app.NonRetryable())
	return app
}

// Who waits is told why, without what Temporal says of activities.
func TestARefusalIsToldOnceAndWhole(t *testing.T) {
	calls := 0
	env, took := run(t, perdure.RehydrateInput{Token: "perdure1_x"}, func(context.Context, perdure.RehydrateInput) (*perdure.Rehydrated, error) {
		calls++
		return nil, temporal.NewNonRetryableApplicationError("tokens: wrong type: x", perdure.ErrorInvalidToken, nil, perdure.TokenRefusal{Reason: "type"})
	})
	app := failed(t, env, perdure.ErrorInvalidToken)
	require.Equal(t, "tokens: wrong type: x", app.Message())
	var refusal perdure.TokenRefusal
	require.NoError(t, app.Details(&refusal))
	require.Equal(t, "type", refusal.Reason)
	require.Equal(t, 1, calls)
	require.Zero(t, took)
}

func TestATemporalThatIsAwayIsAskedAgainAndNotForEver(t *testing.T) {
	calls := 0
	env, _ := run(t, perdure.RehydrateInput{Token: "perdure1_x"}, func(context.Context, perdure.RehydrateInput) (*perdure.Rehydrated, error) {
		if calls++; calls < 4 {
			return nil, errors.New("away")
		}
		return &perdure.Rehydrated{WorkflowID: "w"}, nil
	})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, 4, calls)

	env, took := run(t, perdure.RehydrateInput{Token: "perdure1_x"}, func(context.Context, perdure.RehydrateInput) (*perdure.Rehydrated, error) {
		return nil, errors.New("away")
	})
	require.Contains(t, failed(t, env, perdure.ErrorOperationTimedOut).Message(), "away")
	require.LessOrEqual(t, took, 10*time.Minute)
}

// quiet drops the log.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
