package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/tokens"
	"github.com/perdure-dev/perdure/worker"
	"github.com/perdure-dev/perdure/workflows"
)

// activitiesOfARun are about as many as fit into a history before Temporal suggests to
// continue as new.
const activitiesOfARun = 370

// life is an operation's, lived in no time: the workflow under time skipping, activities
// and credentials of a configured worker, and a service that both speak to over HTTP.
// Each run has a synctest bubble of its own, whose clock is the worker's.
type life struct {
	service *lifeService
	config  string
	keyset  string
	began   time.Time
	skew    func(at time.Time) time.Duration // of the clock of a worker that begins then
	moments []moment
	runs    []*lifeRun
	polls   int // as the operation counts them
}

// moment is when something happens in a life, between two questions.
type moment struct {
	at time.Duration
	do func(*lifeRun)
}

// lifeRun is one run of the workflow.
type lifeRun struct {
	life       *life
	env        *testsuite.TestWorkflowEnvironment
	work       *activities.Activities
	at         time.Time     // its beginning
	skew       time.Duration // what the worker's clock is wrong by
	activities int
	bytes      int // of tasks and answers
	carried    int // bytes
	// goroutines of the process after it.
	goroutines int
}

func newLife(t *testing.T) *life {
	t.Helper()
	never := func(time.Time) bool { return false }
	l := &life{
		service: &lifeService{down: never, over: never, retryAfter: func(time.Time) int { return 0 }},
		began:   time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		skew:    func(time.Time) time.Duration { return 0 },
	}
	server := httptest.NewUnstartedServer(l.service)
	server.Config.SetKeepAlivesEnabled(false) // an open connection would hold the bubble's clock
	server.Start()
	t.Cleanup(server.Close)
	l.service.url = server.URL
	t.Setenv("TEST_LONG_LIFE", "secret")
	dir := t.TempDir()
	l.keyset, l.config = filepath.Join(dir, "keyset.json"), filepath.Join(dir, "perdure.yaml")
	_, err := tokens.Create(l.keyset)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(l.config, []byte(fmt.Sprintf(`tokens: {keysetFile: keyset.json, lifetimeSeconds: 2592000}
worker: {watch: {windowSeconds: 540}} # an activity of the environment has ten minutes
services:
  jobs:
    baseURL: %s
    allowPrivateNetwork: true
    auth: {type: custom, name: hourly}
`, server.URL)), 0o600))
	return l
}

func (l *life) at(t time.Time) time.Duration { return t.Sub(l.began) }

func (l *life) on(at time.Duration, do func(*lifeRun)) { l.moments = append(l.moments, moment{at, do}) }

func (l *life) keyring(t *testing.T) *tokens.Keyset {
	t.Helper()
	k, err := tokens.LoadKeyset(l.keyset)
	require.NoError(t, err)
	return k
}

func (l *life) keys(t *testing.T) []tokens.KeyInfo {
	t.Helper()
	return l.keyring(t).Keys()
}

// open opens a token as who holds it does.
func (l *life) open(t *testing.T, token string, now time.Time) tokens.Header {
	t.Helper()
	opened, err := l.keyring(t).Open(mustParse(t, token), tokens.Expect{Kind: tokens.KindOperation, Lifetime: 30 * day, Now: now})
	require.NoError(t, err)
	return opened.Header
}

func mustParse(t *testing.T, text string) tokens.Token {
	t.Helper()
	token, err := tokens.Parse(text)
	require.NoError(t, err)
	return token
}

// rotate has a fresh key seal from now on.
func (l *life) rotate(t *testing.T) {
	t.Helper()
	_, err := tokens.AddKey(l.keyset)
	require.NoError(t, err)
	_, err = tokens.PromoteKey(l.keyset)
	require.NoError(t, err)
}

// live runs the workflow and what it continues as, to its end.
func (l *life) live(t *testing.T, in perdure.OperationInput) perdure.OperationResult {
	t.Helper()
	args, now := []any{in}, l.began
	for {
		var result *perdure.OperationResult
		synctest.Test(t, func(t *testing.T) {
			r := l.newRun(t, now)
			l.runs = append(l.runs, r)
			r.env.ExecuteWorkflow(perdure.WorkflowOperation, args...)
			require.True(t, r.env.IsWorkflowCompleted())
			now = r.env.Now()
			var moved *workflow.ContinueAsNewError
			if !errors.As(r.env.GetWorkflowError(), &moved) {
				require.NoError(t, r.env.GetWorkflowError())
				require.NoError(t, r.env.GetWorkflowResult(&result))
				l.polls = r.status().Polls
				return
			}
			var raw, carried json.RawMessage
			require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(moved.Input, &raw, &carried))
			r.carried = len(carried)
			args = []any{raw, carried}
		})
		require.False(t, t.Failed())
		l.runs[len(l.runs)-1].goroutines = runtime.NumGoroutine()
		if result != nil {
			return *result
		}
	}
}

func (l *life) newRun(t *testing.T, now time.Time) *lifeRun {
	t.Helper()
	r := &lifeRun{life: l, at: now, skew: l.skew(now)}
	time.Sleep(time.Until(now.Add(r.skew)))
	cfg, err := worker.Load(l.config)
	require.NoError(t, err)
	hourly := auth.OAuth2(auth.OAuth2Options{
		Service: "jobs", TokenURL: l.service.url + "/token", ClientID: "perdure", Secret: auth.Secret{Env: "TEST_LONG_LIFE"},
		Client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
	})
	o, err := cfg.ActivitiesWith(worker.Options{Credentials: map[string]auth.Credential{"hourly": &clocked{Credential: hourly, run: r}}})
	require.NoError(t, err)
	o.RecordNow = func(context.Context, any) error { return nil }
	r.work, err = activities.New(o)
	require.NoError(t, err)

	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	r.env = suite.NewTestWorkflowEnvironment()
	r.env.SetStartTime(now)
	r.env.SetTestTimeout(100 * year)
	r.env.SetWorkerOptions(sdkworker.Options{
		Interceptors:             []interceptor.WorkerInterceptor{&lifePlayer{run: r}},
		DeadlockDetectionTimeout: 100 * year,
	})
	workflows.Register(r.env)
	return r
}

func (r *lifeRun) status() (s perdure.Status) {
	r.query(perdure.QueryStatus, &s)
	return s
}

func (r *lifeRun) token() (token string) {
	r.query(perdure.QueryToken, &token)
	return token
}

func (r *lifeRun) query(name string, into any) {
	value, err := r.env.QueryWorkflow(name)
	if err == nil {
		err = value.Get(into)
	}
	if err != nil {
		panic(err) // fails the workflow
	}
}

// play runs an activity as the worker does whose clock this bubble's is, and has the
// workflow's time pass meanwhile.
func (r *lifeRun) play(ctx workflow.Context, name string, task any) (any, error) {
	now := workflow.Now(ctx)
	for _, m := range r.due(now) {
		m.do(r)
	}
	time.Sleep(time.Until(now.Add(r.skew)))
	began := time.Now()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	env.SetTestTimeout(100 * year)
	env.RegisterActivityWithOptions(r.work.Start, activity.RegisterOptions{Name: perdure.ActivityStart})
	env.RegisterActivityWithOptions(r.work.Poll, activity.RegisterOptions{Name: perdure.ActivityPoll})
	value, err := env.ExecuteActivity(name, task)
	if err != nil {
		return nil, err
	}
	var answer json.RawMessage
	if err := value.Get(&answer); err != nil {
		return nil, err
	}
	r.note(task, answer)
	return answer, workflow.Sleep(ctx, time.Since(began))
}

// note counts, and has Temporal suggest to continue as new when it would.
func (r *lifeRun) note(task any, answer json.RawMessage) {
	asked, err := json.Marshal(task)
	if err != nil {
		panic(err)
	}
	r.activities++
	r.bytes += len(asked) + len(answer)
	if r.activities == activitiesOfARun {
		r.env.SetContinueAsNewSuggested(true)
	}
}

// due takes the moments that have come.
func (r *lifeRun) due(now time.Time) []moment {
	var due, later []moment
	for _, m := range r.life.moments {
		if r.life.at(now) >= m.at {
			due = append(due, m)
		} else {
			later = append(later, m)
		}
	}
	r.life.moments = later
	return due
}

// lifePlayer has the run play its activities.
type lifePlayer struct {
	interceptor.WorkerInterceptorBase
	run *lifeRun
}

// InterceptWorkflow puts it between the workflow and the environment.
func (p *lifePlayer) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &lifeInbound{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, run: p.run}
}

type lifeInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	run *lifeRun
}

// Init takes the outbound half.
func (i *lifeInbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&lifeOutbound{WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: next}, run: i.run})
}

type lifeOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	run *lifeRun
}

// ExecuteActivity plays it in a coroutine.
func (o *lifeOutbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	future, settable := workflow.NewFuture(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		answer, err := o.run.play(ctx, name, args[0])
		if err != nil {
			settable.SetError(err)
			return
		}
		settable.Set(converter.GetDefaultDataConverter().ToPayloads(answer))
	})
	return future
}

// clocked tells the service what time it is whenever it is asked: the worker's, without
// what that is wrong by.
type clocked struct {
	auth.Credential
	run *lifeRun
}

// Apply is called for each request.
func (c *clocked) Apply(ctx context.Context, r *http.Request) error {
	c.run.life.service.setNow(time.Now().Add(-c.run.skew))
	return c.Credential.Apply(ctx, r)
}

// quiet drops the environment's log.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
