package collection_test

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
	"github.com/perdure-dev/perdure/workflows/collection"
)

// epoch is when every workflow of these tests starts.
var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// runID is the environment's own name for every run.
const runID = "default-test-run-id"

// stage runs one collection workflow whose activities are played by coroutines, in the
// workflow's virtual time, to the nanosecond: the environment's own run in real time,
// in which no timer fires.
type stage struct {
	t   *testing.T
	env *testsuite.TestWorkflowEnvironment

	// fetches are the acts to come, in the order in which the workflow asks for pages.
	fetches []act

	onBegin   []func()
	unchecked int // checks that are still to come

	calls      []call
	attributes []map[string]any           // one for each upsert
	memo       []perdure.CollectionStatus // as upserted
}

// act plays an activity. Ctx is done when the activity is told to stop.
type act func(ctx workflow.Context, task perdure.PageTask) (any, error)

// call is an activity as it was scheduled, and what became of it.
type call struct {
	at      time.Duration // since epoch
	options workflow.ActivityOptions
	task    perdure.PageTask
	stopped bool // it was told to stop before it had answered
}

func newStage(t *testing.T, fetches ...act) *stage {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	s := &stage{t: t, env: suite.NewTestWorkflowEnvironment(), fetches: fetches}
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
	s.env.ExecuteWorkflow(perdure.WorkflowCollection, args...)
	require.True(s.t, s.env.IsWorkflowCompleted())
	require.Zero(s.t, s.unchecked, "checks that the run did not come to")
	var panicked *temporal.PanicError
	require.False(s.t, errors.As(s.env.GetWorkflowError(), &panicked), "the workflow task fails: %v", s.env.GetWorkflowError())
	require.Empty(s.t, s.fetches, "pages that were not asked for")
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

// check calls f when the workflow has run for d, which it must.
func (s *stage) check(d time.Duration, f func()) {
	s.unchecked++
	s.at(d, func() {
		s.unchecked--
		f()
	})
}

// suggestAt has the server suggest to continue as new when the workflow has run for d.
func (s *stage) suggestAt(d time.Duration) {
	s.at(d, func() { s.env.SetContinueAsNewSuggested(true) })
}

// cancelAt sends the signal when the workflow has run for d.
func (s *stage) cancelAt(d time.Duration) {
	s.at(d, func() { s.env.SignalWorkflow(perdure.SignalCancel, perdure.CancelSignal{Reason: "enough"}) })
}

func (s *stage) elapsed() time.Duration { return s.env.Now().Sub(epoch) }

func (s *stage) query(into any, name string, args ...any) error {
	s.t.Helper()
	value, err := s.env.QueryWorkflow(name, args...)
	if err == nil {
		require.NoError(s.t, value.Get(into))
	}
	return err
}

func (s *stage) status() perdure.CollectionStatus {
	s.t.Helper()
	var status perdure.CollectionStatus
	require.NoError(s.t, s.query(&status, perdure.QueryStatus))
	return status
}

func (s *stage) token() string {
	s.t.Helper()
	var token string
	require.NoError(s.t, s.query(&token, perdure.QueryToken))
	return token
}

func (s *stage) page(index int) perdure.Page {
	s.t.Helper()
	var p perdure.Page
	require.NoError(s.t, s.query(&p, perdure.QueryPage, perdure.PageRequest{Index: index}))
	return p
}

// noPage gives the error with which the query for a page is refused.
func (s *stage) noPage(args ...any) *temporal.ApplicationError {
	s.t.Helper()
	var p perdure.Page
	return refusal(s.t, s.query(&p, perdure.QueryPage, args...))
}

// succeeded gives the result of a workflow that completed.
func (s *stage) succeeded() perdure.CollectionResult {
	s.t.Helper()
	require.NoError(s.t, s.env.GetWorkflowError())
	var r perdure.CollectionResult
	require.NoError(s.t, s.env.GetWorkflowResult(&r))
	status := s.status()
	require.Equal(s.t, perdure.StateSucceeded, r.State)
	require.Equal(s.t, perdure.CollectionResult{State: status.State, Pages: status.Pages, Items: status.Items, NextPageToken: status.NextPageToken}, r)
	require.Empty(s.t, status.ErrorType)
	require.Nil(s.t, status.Error)
	s.over(status)
	return r
}

// failed gives type, message and status of a workflow that failed.
func (s *stage) failed() (string, string, perdure.CollectionStatus) {
	s.t.Helper()
	bad := refusal(s.t, s.env.GetWorkflowError())
	require.False(s.t, temporal.IsCanceledError(s.env.GetWorkflowError()))
	require.Equal(s.t, temporal.ApplicationErrorCategoryBenign, bad.Category())
	var status perdure.CollectionStatus
	require.NoError(s.t, bad.Details(&status))
	require.Equal(s.t, perdure.StateFailed, status.State)
	require.Equal(s.t, bad.Type(), status.ErrorType)
	s.over(status)
	return bad.Type(), bad.Message(), status
}

// canceled gives the status of a workflow that closed as canceled.
func (s *stage) canceled() perdure.CollectionStatus {
	s.t.Helper()
	var canceled *temporal.CanceledError
	require.ErrorAs(s.t, s.env.GetWorkflowError(), &canceled)
	var status perdure.CollectionStatus
	require.NoError(s.t, canceled.Details(&status))
	require.Equal(s.t, perdure.StateCanceled, status.State)
	require.Empty(s.t, status.ErrorType)
	s.over(status)
	return status
}

// over checks the last status of a workflow.
func (s *stage) over(status perdure.CollectionStatus) {
	s.t.Helper()
	require.Equal(s.t, status, s.status(), "the details are the status that the query gives")
	require.True(s.t, status.Done)
	require.Equal(s.t, s.env.Now().UTC(), status.EndedAt)
	require.Equal(s.t, epoch, status.StartedAt)
	if len(s.memo) > 0 {
		last := s.memo[len(s.memo)-1]
		require.True(s.t, last.Done, "the memo of a closed collection says so")
		require.Equal(s.t, status.State, last.State)
	}
}

// continued is the next run's stage, and its arguments.
func (s *stage) continued(fetches ...act) (*stage, []any) {
	s.t.Helper()
	var moved *workflow.ContinueAsNewError
	require.ErrorAs(s.t, s.env.GetWorkflowError(), &moved)
	require.Equal(s.t, perdure.WorkflowCollection, moved.WorkflowType.Name)
	var input perdure.RawInput
	var carried collection.Carried
	require.NoError(s.t, converter.GetDefaultDataConverter().FromPayloads(moved.Input, &input, &carried))
	again, err := json.Marshal(carried)
	require.NoError(s.t, err)
	require.JSONEq(s.t, string(moved.Input.GetPayloads()[1].GetData()), string(again), "it survives its JSON")
	next := newStage(s.t, fetches...)
	next.env.SetStartTime(s.env.Now())
	next.env.SetContinuedExecutionRunID("the-run-before")
	return next, []any{input, &carried}
}

// waitAt sends the update when the workflow has run for d; what became of it is there
// after the run.
func (s *stage) waitAt(d time.Duration, request any) *asked {
	u := &asked{t: s.t}
	s.at(d, func() {
		s.env.UpdateWorkflow(perdure.UpdateWait, "", &testsuite.TestUpdateCallback{
			OnAccept: func() { u.accepted = true },
			OnReject: func(err error) { u.rejected = err },
			OnComplete: func(result any, err error) {
				u.done, u.at, u.err = true, s.elapsed(), err
				if status, ok := result.(perdure.CollectionStatus); ok && err == nil {
					u.status = status
				}
			},
		}, request)
	})
	return u
}

// asked is an update, and what became of it.
type asked struct {
	t              *testing.T
	accepted, done bool
	rejected, err  error
	at             time.Duration // when it was answered
	status         perdure.CollectionStatus
}

// answered gives the status with which the update was answered after d.
func (u *asked) answered(d time.Duration) perdure.CollectionStatus {
	u.t.Helper()
	require.NoError(u.t, u.rejected)
	require.True(u.t, u.done, "it was not answered")
	require.NoError(u.t, u.err)
	require.Equal(u.t, d, u.at)
	return u.status
}

// failed gives type and status of an update that failed after d.
func (u *asked) failed(d time.Duration) (string, perdure.CollectionStatus) {
	u.t.Helper()
	require.NoError(u.t, u.rejected)
	require.True(u.t, u.done, "it was not answered")
	require.Equal(u.t, d, u.at)
	bad := refusal(u.t, u.err)
	var status perdure.CollectionStatus
	require.NoError(u.t, bad.Details(&status))
	require.Equal(u.t, bad.Type(), status.ErrorType)
	return bad.Type(), status
}

// refusal is the application error in err, which nobody retries.
func refusal(t *testing.T, err error) *temporal.ApplicationError {
	t.Helper()
	var bad *temporal.ApplicationError
	require.ErrorAs(t, err, &bad)
	require.True(t, bad.NonRetryable())
	return bad
}

// quiet drops the environment's log.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
