package collection_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows"
)

// desk runs perdure.page.v1. Its activities run in the environment, which retries them
// as a server does, in virtual time.
type desk struct {
	t   *testing.T
	env *testsuite.TestWorkflowEnvironment
	// attempts are what the attempts to come answer.
	attempts []attempt
	made     []attempted
}

// attempt is one attempt of the activity.
type attempt func(ctx context.Context) (*perdure.PageAnswer, error)

// attempted is an attempt that was made.
type attempted struct {
	local bool
	at    time.Duration // about
	task  perdure.PageTask
}

func newDesk(t *testing.T, attempts ...attempt) *desk {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	d := &desk{t: t, env: suite.NewTestWorkflowEnvironment(), attempts: attempts}
	d.env.SetStartTime(epoch)
	d.env.SetTestTimeout(time.Minute)
	d.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // of a busy machine
	workflows.Register(d.env)
	d.env.RegisterActivityWithOptions(d.fetch, activity.RegisterOptions{Name: perdure.ActivityFetchPage})
	return d
}

func (d *desk) fetch(ctx context.Context, task perdure.PageTask) (*perdure.PageAnswer, error) {
	d.made = append(d.made, attempted{local: activity.GetInfo(ctx).IsLocalActivity, at: d.elapsed(), task: task})
	if len(d.attempts) == 0 {
		d.t.Error("one attempt more than the test has")
		return nil, temporal.NewNonRetryableApplicationError("no more", "Test", nil)
	}
	next := d.attempts[0]
	d.attempts = d.attempts[1:]
	return next(ctx)
}

func (d *desk) run(args ...any) *desk {
	d.t.Helper()
	d.env.ExecuteWorkflow(perdure.WorkflowPage, args...)
	require.True(d.t, d.env.IsWorkflowCompleted())
	require.Empty(d.t, d.attempts, "attempts that were not made")
	return d
}

func (d *desk) elapsed() time.Duration { return d.env.Now().Sub(epoch) }

func (d *desk) succeeded() perdure.Page {
	d.t.Helper()
	require.NoError(d.t, d.env.GetWorkflowError())
	var p perdure.Page
	require.NoError(d.t, d.env.GetWorkflowResult(&p))
	return p
}

func (d *desk) failed() (string, string, perdure.CollectionStatus) {
	d.t.Helper()
	bad := refusal(d.t, d.env.GetWorkflowError())
	require.Equal(d.t, temporal.ApplicationErrorCategoryBenign, bad.Category())
	var status perdure.CollectionStatus
	require.NoError(d.t, bad.Details(&status))
	require.Equal(d.t, status, d.status())
	require.Equal(d.t, perdure.StateFailed, status.State)
	require.True(d.t, status.Done)
	require.Equal(d.t, bad.Type(), status.ErrorType)
	return bad.Type(), bad.Message(), status
}

func (d *desk) status() perdure.CollectionStatus {
	d.t.Helper()
	value, err := d.env.QueryWorkflow(perdure.QueryStatus)
	require.NoError(d.t, err)
	var status perdure.CollectionStatus
	require.NoError(d.t, value.Get(&status))
	return status
}

// says answers at once.
func says(a perdure.PageAnswer) attempt {
	return func(context.Context) (*perdure.PageAnswer, error) { return &a, nil }
}

// again is the activity's error after which it is tried again, after that wait.
func again(wait time.Duration) attempt {
	return func(context.Context) (*perdure.PageAnswer, error) {
		return nil, temporal.NewApplicationErrorWithOptions("HTTP 503", "NotYet", temporal.ApplicationErrorOptions{
			NextRetryDelay: wait, Category: temporal.ApplicationErrorCategoryBenign, Details: []any{perdure.ServiceError{Code: "503", Message: "Service Unavailable"}},
		})
	}
}

func TestAPageIsFetchedWithinTheFirstTask(t *testing.T) {
	d := newDesk(t, says(full(0)))
	in := request(func(in *perdure.CollectionInput) { in.Type = "ListJobs" })
	d.run(in)
	p := d.succeeded()
	require.Equal(t, `[{"n":0.0},"b"]`, string(p.Values), "every digit")
	require.Equal(t, perdure.Page{Values: p.Values, PageToken: sealed(0), NextPageToken: sealed(1), Response: full(0).Response}, p)
	require.Len(t, d.made, 1)
	require.True(t, d.made[0].local)
	require.Equal(t, perdure.PageTask{Input: &in}, d.made[0].task)
	status := d.status()
	require.WithinDuration(t, epoch, status.EndedAt, time.Minute)
	status.EndedAt = time.Time{}
	require.Equal(t, perdure.CollectionStatus{
		State: perdure.StateSucceeded, Done: true, Service: "jobs", Protocol: "nextlink", Type: "ListJobs", Pages: 1, Items: 2,
		PageToken: sealed(0), NextPageToken: sealed(1), StartedAt: epoch,
	}, status)
	value, err := d.env.QueryWorkflow(perdure.QueryToken)
	require.NoError(t, err)
	var token string
	require.NoError(t, value.Get(&token))
	require.Equal(t, sealed(1), token)
}

func TestAPageThatIsTheLast(t *testing.T) {
	d := newDesk(t, says(last(0)))
	d.run(perdure.CollectionInput{Token: "perdure1_t"})
	p := d.succeeded()
	require.True(t, p.Last)
	require.Equal(t, sealed(0), p.PageToken)
	require.Empty(t, p.NextPageToken)
}

func TestAPageThatIsNotThereAtOnce(t *testing.T) {
	d := newDesk(t, again(0), again(10*time.Second), again(0), says(full(0)))
	d.run(request())
	d.succeeded()
	require.Len(t, d.made, 4)
	require.True(t, d.made[0].local)
	for _, a := range d.made[1:] {
		require.False(t, a.local)
		require.Equal(t, d.made[0].task, a.task)
	}
	require.GreaterOrEqual(t, d.made[2].at-d.made[1].at, 10*time.Second)
}

// What the service asks for counts from the first answer on.
//
//rule:pages 10
func TestTheWaitThatTheServiceAsksForIsKept(t *testing.T) {
	d := newDesk(t, again(30*time.Second), says(full(0)))
	d.run(request())
	d.succeeded()
	require.GreaterOrEqual(t, d.made[1].at-d.made[0].at, 30*time.Second)
}

//rule:pages 10
func TestAPageIsTriedForAsLongAsTheIdleTimeout(t *testing.T) {
	t.Run("again and again", func(t *testing.T) {
		d := newDesk(t, again(time.Second), again(20*time.Second), again(20*time.Second), again(20*time.Second))
		d.run(request(idle(60)))
		errorType, message, status := d.failed()
		require.Equal(t, perdure.ErrorOperationTimedOut, errorType)
		require.Contains(t, message, "idleTimeoutSeconds")
		require.Contains(t, message, "503: Service Unavailable")
		require.Equal(t, perdure.ErrorOperationTimedOut, status.Error.Code)
		require.LessOrEqual(t, d.elapsed(), 61*time.Second)
	})
	t.Run("not before the service is to be asked again", func(t *testing.T) {
		d := newDesk(t, again(time.Hour))
		d.run(request(idle(60)))
		errorType, message, _ := d.failed()
		require.Equal(t, perdure.ErrorOperationTimedOut, errorType)
		require.Contains(t, message, "503: Service Unavailable")
	})
	t.Run("which is below what the clock can tell", func(t *testing.T) {
		d := newDesk(t, again(0))
		d.run(request(idle(1e-12)))
		errorType, _, _ := d.failed()
		require.Equal(t, perdure.ErrorOperationTimedOut, errorType)
	})
}

func TestWhyThereIsNoPage(t *testing.T) {
	for _, errorType := range []string{
		perdure.ErrorPageRejected, perdure.ErrorProtocolViolation, perdure.ErrorEgressDenied, perdure.ErrorCredentialFailed,
		perdure.ErrorResponseTooLarge, perdure.ErrorInvalidInput, perdure.ErrorInvalidToken,
	} {
		for _, local := range []bool{true, false} {
			t.Run(errorType, func(t *testing.T) {
				d := newDesk(t, again(0), says(refused(errorType)))
				if local {
					d.attempts = d.attempts[1:]
				}
				d.run(request(func(in *perdure.CollectionInput) { in.Protocol = &perdure.ProtocolChoice{Name: "openai"} }))
				got, message, status := d.failed()
				require.Equal(t, errorType, got)
				require.Equal(t, "no: not for you", message)
				require.Equal(t, refused(errorType).Error, status.Error)
				require.Equal(t, "jobs", status.Service)
				require.Equal(t, "openai", status.Protocol)
				require.Zero(t, status.Pages)
			})
		}
	}
}

func TestAPagesWrongInputNamesTheField(t *testing.T) {
	for _, test := range wrong {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t)
			d.run(test.arguments...)
			errorType, message, _ := d.failed()
			require.Equal(t, perdure.ErrorInvalidInput, errorType)
			require.Equal(t, test.want, message)
		})
	}
}

func TestAPageThatIsCanceled(t *testing.T) {
	for _, test := range []struct {
		name   string
		cancel func(d *desk)
	}{
		{"by signal", func(d *desk) { d.env.SignalWorkflow(perdure.SignalCancel, perdure.CancelSignal{Reason: "enough"}) }},
		{"by Temporal", func(d *desk) { d.env.CancelWorkflow() }},
	} {
		for _, when := range []struct {
			name     string
			attempts []attempt
		}{
			{"before it is tried again", []attempt{again(time.Hour)}},
			{"while it is tried again", []attempt{again(0), again(10 * time.Hour)}},
		} {
			t.Run(test.name+" "+when.name, func(t *testing.T) {
				d := newDesk(t, when.attempts...)
				d.env.RegisterDelayedCallback(func() { test.cancel(d) }, 10*time.Minute)
				d.run(request(idle(100_000)))
				var canceled *temporal.CanceledError
				require.True(t, errors.As(d.env.GetWorkflowError(), &canceled), "%v", d.env.GetWorkflowError())
				var status perdure.CollectionStatus
				require.NoError(t, canceled.Details(&status))
				require.Equal(t, status, d.status())
				require.Equal(t, perdure.StateCanceled, status.State)
				require.True(t, status.Done)
				require.Empty(t, status.ErrorType)
				require.WithinDuration(t, epoch.Add(10*time.Minute), status.EndedAt, time.Minute)
			})
		}
	}
}

func TestAPageWhoseStateMakesNoToken(t *testing.T) {
	d := newDesk(t, says(full(0, func(a *perdure.PageAnswer) { a.Next = huge(1) })))
	d.run(request())
	p := d.succeeded()
	require.False(t, p.Last)
	require.Empty(t, p.PageToken)
	require.Empty(t, p.NextPageToken)
	_, err := d.env.QueryWorkflow(perdure.QueryToken)
	require.Equal(t, perdure.ErrorTokenTooLarge, refusal(t, err).Type())
}

// A page is a fetch, and no collection: what others ask of it is not there.
func TestAPageTakesNoWait(t *testing.T) {
	d := newDesk(t, again(time.Minute), says(full(0)))
	var rejected error
	d.env.RegisterDelayedCallback(func() {
		d.env.UpdateWorkflow(perdure.UpdateWait, "", &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(err error) { rejected = err }, OnComplete: func(any, error) {},
		}, index(0))
	}, 30*time.Second)
	d.run(request())
	d.succeeded()
	require.ErrorContains(t, rejected, "unknown update wait")
}
