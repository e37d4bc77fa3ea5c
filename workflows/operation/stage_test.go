package operation_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows"
	"github.com/perdure-dev/perdure/workflows/operation"
)

// epoch is when every workflow of these tests starts.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// stage runs one operation workflow whose activities are played by coroutines.
//
// The environment's own mocks give a canceled activity up at once, whatever its
// WaitForCancellation says, and run in real time. Here an activity is an act in the
// workflow's virtual time, to the nanosecond, and may still answer when it is told to
// stop, as with a server. Tasks and answers go through their JSON.
type stage struct {
	t   *testing.T
	env *testsuite.TestWorkflowEnvironment

	// acts to come, by activity, in the order in which the workflow schedules them.
	starts  []act[perdure.StartTask]
	polls   []act[perdure.PollTask]
	cancels []act[perdure.CancelTask]

	onBegin   []func()
	unchecked int // checks that are still to come
	// look says what Temporal knows of the start activity. Default: a worker has it.
	look func(perdure.StartLook) (perdure.StartSeen, error)
	// resetFrom is the run that was reset to the one that is run. Default: none was.
	resetFrom string
	// stubborn: no activity ends before its act does, whatever the workflow says.
	stubborn bool

	calls      []call
	attributes []map[string]any // one for each upsert
	memos      int
	memo       []perdure.Status // as upserted
}

// act plays an activity. Ctx is done when the activity is told to stop.
type act[T any] func(ctx workflow.Context, task T) (any, error)

// call is an activity as it was scheduled, and what became of it.
type call struct {
	name    string
	at      time.Duration // since epoch
	options workflow.ActivityOptions
	start   perdure.StartTask
	poll    perdure.PollTask
	cancel  perdure.CancelTask
	stopped bool // it was told to stop before it had answered
}

func newStage(t *testing.T) *stage {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	s := &stage{t: t, env: suite.NewTestWorkflowEnvironment()}
	s.look = func(perdure.StartLook) (perdure.StartSeen, error) { return perdure.StartSeen{}, nil }
	s.env.SetStartTime(epoch)
	s.env.SetTestTimeout(time.Minute)
	s.env.SetWorkerOptions(worker.Options{
		Interceptors:             []interceptor.WorkerInterceptor{&player{stage: s}},
		DeadlockDetectionTimeout: time.Minute, // of a busy machine
	})
	workflows.Register(s.env)
	return s
}

// run runs the workflow to its end, and checks that every act was played.
func (s *stage) run(args ...any) *stage {
	s.t.Helper()
	s.env.ExecuteWorkflow(perdure.WorkflowOperation, args...)
	require.True(s.t, s.env.IsWorkflowCompleted())
	require.Zero(s.t, s.unchecked, "checks that the run did not come to")
	var panicked *temporal.PanicError
	require.False(s.t, errors.As(s.env.GetWorkflowError(), &panicked), "the workflow task fails: %v", s.env.GetWorkflowError())
	require.Empty(s.t, s.starts, "starts that were not asked for")
	require.Empty(s.t, s.polls, "polls that were not asked for")
	require.Empty(s.t, s.cancels, "cancels that were not asked for")
	return s
}

// at calls f when the workflow has run for d; for 0 with its first task.
func (s *stage) at(d time.Duration, f func()) {
	if d == 0 {
		s.env.RegisterDelayedCallback(f, 0)
		return
	}
	// The environment's first task takes real time, in which its clock would run.
	s.onBegin = append(s.onBegin, func() { s.env.RegisterDelayedCallback(f, d) })
}

func (s *stage) elapsed() time.Duration { return s.env.Now().Sub(epoch) }

func (s *stage) status() perdure.Status {
	s.t.Helper()
	var status perdure.Status
	value, err := s.env.QueryWorkflow(perdure.QueryStatus)
	require.NoError(s.t, err)
	require.NoError(s.t, value.Get(&status))
	return status
}

func (s *stage) response() *perdure.Response {
	s.t.Helper()
	var r *perdure.Response
	value, err := s.env.QueryWorkflow(perdure.QueryResponse)
	require.NoError(s.t, err)
	require.NoError(s.t, value.Get(&r))
	return r
}

func (s *stage) token() string {
	s.t.Helper()
	var token string
	value, err := s.env.QueryWorkflow(perdure.QueryToken)
	require.NoError(s.t, err)
	require.NoError(s.t, value.Get(&token))
	return token
}

// succeeded gives the result of a workflow that completed.
func (s *stage) succeeded() perdure.OperationResult {
	s.t.Helper()
	require.NoError(s.t, s.env.GetWorkflowError())
	var r perdure.OperationResult
	require.NoError(s.t, s.env.GetWorkflowResult(&r))
	return r
}

// failed gives type, message and Status of a workflow that failed.
func (s *stage) failed() (string, string, perdure.Status) {
	s.t.Helper()
	var bad *temporal.ApplicationError
	require.ErrorAs(s.t, s.env.GetWorkflowError(), &bad)
	require.False(s.t, temporal.IsCanceledError(s.env.GetWorkflowError()))
	require.True(s.t, bad.NonRetryable())
	require.Equal(s.t, temporal.ApplicationErrorCategoryBenign, bad.Category())
	var status perdure.Status
	require.NoError(s.t, bad.Details(&status))
	require.Equal(s.t, status, s.status(), "details[0] is the status that the query gives")
	require.True(s.t, status.Done)
	require.Equal(s.t, s.env.Now().UTC(), status.EndedAt)
	require.Zero(s.t, status.NextPollAt)
	return bad.Type(), bad.Message(), status
}

// canceled gives the Status of a workflow that closed as canceled.
func (s *stage) canceled() perdure.Status {
	s.t.Helper()
	var canceled *temporal.CanceledError
	require.ErrorAs(s.t, s.env.GetWorkflowError(), &canceled)
	var status perdure.Status
	require.NoError(s.t, canceled.Details(&status))
	require.Equal(s.t, status, s.status())
	require.True(s.t, status.Done)
	require.Equal(s.t, s.env.Now().UTC(), status.EndedAt)
	require.Empty(s.t, status.ErrorType)
	return status
}

// continued is the next run's stage, and its arguments.
func (s *stage) continued() (*stage, []any) {
	s.t.Helper()
	var moved *workflow.ContinueAsNewError
	require.ErrorAs(s.t, s.env.GetWorkflowError(), &moved)
	require.Equal(s.t, perdure.WorkflowOperation, moved.WorkflowType.Name)
	var input perdure.RawInput
	var carried operation.Carried
	require.NoError(s.t, converter.GetDefaultDataConverter().FromPayloads(moved.Input, &input, &carried))
	next := newStage(s.t)
	next.env.SetStartTime(s.env.Now())
	next.env.SetContinuedExecutionRunID("the-run-before")
	return next, []any{input, &carried}
}

// pollCalls are the questions in the order in which they were scheduled.
func (s *stage) pollCalls() []call { return s.callsOf(perdure.ActivityPoll) }

func (s *stage) callsOf(name string) []call {
	var out []call
	for _, c := range s.calls {
		if c.name == name {
			out = append(out, c)
		}
	}
	return out
}

// take is the act for the next activity of that name.
func (s *stage) take(name string, input json.RawMessage, c *call) (func(workflow.Context) (any, error), error) {
	switch name {
	case perdure.ActivityStart:
		return next(&s.starts, input, &c.start)
	case perdure.ActivityPoll:
		return next(&s.polls, input, &c.poll)
	case perdure.ActivityCancel:
		return next(&s.cancels, input, &c.cancel)
	}
	return nil, errors.New("no such activity")
}

func next[T any](acts *[]act[T], input json.RawMessage, task *T) (func(workflow.Context) (any, error), error) {
	if err := json.Unmarshal(input, task); err != nil {
		return nil, err
	}
	if len(*acts) == 0 {
		return nil, errors.New("one more than the test has acts for")
	}
	first := (*acts)[0]
	*acts = (*acts)[1:]
	return func(ctx workflow.Context) (any, error) { return first(ctx, *task) }, nil
}

// quiet drops the environment's log.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
