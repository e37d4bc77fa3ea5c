package child_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// stage runs one parent, whose children are played by workflows of the test's.
type stage struct {
	t   *testing.T
	env *testsuite.TestWorkflowEnvironment
}

func newStage(t *testing.T) *stage {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	s := &stage{t: t, env: suite.NewTestWorkflowEnvironment()}
	s.env.SetTestTimeout(time.Minute)
	s.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // of a busy machine
	return s
}

// plays has a workflow played by a function.
func (s *stage) plays(name string, f any) {
	s.env.RegisterWorkflowWithOptions(f, workflow.RegisterOptions{Name: name})
}

// follows has the activity played that reads a stream.
func (s *stage) follows(f func(in perdure.FollowInput) (perdure.Followed, error)) {
	s.env.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: perdure.ActivityFollow})
}

// run runs the parent to its end, and gives its error.
func (s *stage) run(parent func(ctx workflow.Context) error) error {
	s.t.Helper()
	s.env.RegisterWorkflowWithOptions(parent, workflow.RegisterOptions{Name: "parent"})
	s.env.ExecuteWorkflow("parent")
	require.True(s.t, s.env.IsWorkflowCompleted())
	return s.env.GetWorkflowError()
}

// quiet drops the log.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
