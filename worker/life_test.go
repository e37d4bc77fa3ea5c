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
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/sse"
	"github.com/perdure-dev/perdure/tokens"
	"github.com/perdure-dev/perdure/worker"
	"github.com/perdure-dev/perdure/workflows"
)

// activitiesOfARun are about as many as fit into a history before Temporal suggests to
// continue as new.
const activitiesOfARun = 370

// life is a workflow's, lived in no time: the workflow under time skipping, activities
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
	// inARun is how many activities, or batches, there are in a run before Temporal
	// suggests to continue as new.
	inARun int
	// beside runs beside each run of the workflow, on its time; child plays its child, which
	// the first run starts. Nil: nothing does.
	beside func(workflow.Context, *lifeRun)
	child  func(input any)
}

// moment is when something happens in a life, between two questions.
type moment struct {
	at time.Duration
	do func(*lifeRun)
}

// lifeRun is one run of the workflow.
type lifeRun struct {
	life       *life
	id         string
	env        *testsuite.TestWorkflowEnvironment
	work       *activities.Activities
	skew       time.Duration // what the worker's clock is wrong by
	activities int           // or batches
	bytes      int           // of tasks and answers
	// carried are the bytes that it hands to the next, but for those of lists: of runs,
	// and of pages that were asked for.
	carried, listed int
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
		inARun:  activitiesOfARun,
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

func (l *life) last() *lifeRun { return l.runs[len(l.runs)-1] }

// live runs the workflow and what it continues as, to its end.
func (l *life) live(t *testing.T, name string, in, result any) {
	t.Helper()
	args, now := []any{in}, l.began
	for args != nil {
		synctest.Test(t, func(t *testing.T) {
			r := l.newRun(t, now)
			time.Sleep(time.Until(now.Add(r.skew)))
			r.work = l.newWorker(t, &clocked{Credential: l.hourly(&http.Transport{DisableKeepAlives: true}), run: r}, func(*activities.Options) {})
			args = r.live(t, name, args)
			now = r.env.Now()
		})
		require.False(t, t.Failed())
		l.last().goroutines = runtime.NumGoroutine()
	}
	require.NoError(t, l.last().env.GetWorkflowResult(result))
}

func (l *life) newRun(t *testing.T, now time.Time) *lifeRun {
	t.Helper()
	r := &lifeRun{life: l, id: strconv.Itoa(len(l.runs)), skew: l.skew(now)}
	l.runs = append(l.runs, r)
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

// live runs it, and gives what the next one is to be run with; nil: there is none.
func (r *lifeRun) live(t *testing.T, name string, args []any) (next []any) {
	t.Helper()
	if len(args) > 1 {
		r.env.SetContinuedExecutionRunID("the-run-before")
	}
	r.env.ExecuteWorkflow(name, args...)
	require.True(t, r.env.IsWorkflowCompleted())
	var moved *workflow.ContinueAsNewError
	if !errors.As(r.env.GetWorkflowError(), &moved) {
		require.NoError(t, r.env.GetWorkflowError())
		return nil
	}
	var raw, carried json.RawMessage
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(moved.Input, &raw, &carried))
	var lists struct {
		Status struct {
			Segments json.RawMessage `json:"segments"`
		} `json:"status"`
		Seen struct {
			Prints json.RawMessage `json:"prints"`
		} `json:"seen"`
	}
	require.NoError(t, json.Unmarshal(carried, &lists))
	r.listed = len(lists.Status.Segments) + len(lists.Seen.Prints)
	r.carried = len(carried) - r.listed
	return []any{raw, carried}
}

// hourly is the credential that the service gives out for an hour.
func (l *life) hourly(over *http.Transport) auth.Credential {
	return auth.OAuth2(auth.OAuth2Options{
		Service: "jobs", TokenURL: l.service.url + "/token", ClientID: "perdure", Secret: auth.Secret{Env: "TEST_LONG_LIFE"},
		Client: &http.Client{Transport: over},
	})
}

// newWorker makes what a configured worker does, but for what change changes.
func (l *life) newWorker(t *testing.T, hourly auth.Credential, change func(*activities.Options)) *activities.Activities {
	t.Helper()
	cfg, err := worker.Load(l.config)
	require.NoError(t, err)
	o, err := cfg.ActivitiesWith(worker.Options{Credentials: map[string]auth.Credential{"hourly": hourly}})
	require.NoError(t, err)
	o.RecordNow = func(context.Context, any) error { return nil }
	o.Pagers, err = worker.Pagers()
	require.NoError(t, err)
	o.Streamers, err = protocol.NewStreamers(sse.Streamer{})
	require.NoError(t, err)
	change(&o)
	work, err := activities.New(o)
	require.NoError(t, err)
	return work
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

// note counts, and has Temporal suggest to continue as new when it would.
func (r *lifeRun) note(task any, answer json.RawMessage) {
	asked, err := json.Marshal(task)
	if err != nil {
		panic(err)
	}
	r.activities++
	r.bytes += len(asked) + len(answer)
	if r.activities == r.life.inARun {
		r.env.SetContinueAsNewSuggested(true)
	}
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
