package activities_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/location"
	"github.com/perdure-dev/perdure/activities/protocol/nextlink"
	"github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/perdure-dev/perdure/activities/protocol/token"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/tokens"
)

// The environment's own names.
const (
	workflowID = "default-test-workflow-id"
	runID      = "default-test-run-id"
)

// desk runs activities over a scripted service, "jobs". Package transport takes no
// round tripper, so the service listens on the loopback interface; a test that runs in
// a synctest bubble makes it before, outside: within the bubble a request then takes
// no time, and every wait is exact.
type desk struct {
	t       *testing.T
	svc     *perduretest.Service
	config  transport.Config
	service activities.Service // Service is made of config
	others  map[string]*activities.Service
	options activities.Options
	env     *testsuite.TestActivityEnvironment

	// record is asked before a heartbeat of the start counts as recorded.
	record func(hb perdure.Heartbeat) error
	stamps *stamps

	mu sync.Mutex
	// recorded are the start's heartbeats, beats those that went by the SDK.
	recorded, beats []perdure.Heartbeat
}

func newDesk(t *testing.T, svc *perduretest.Service) *desk {
	t.Helper()
	keyset, err := tokens.NewKeyset()
	require.NoError(t, err)
	registry, err := protocol.NewRegistry(openai.Protocol{}, location.Protocol{})
	require.NoError(t, err)
	d := &desk{t: t, svc: svc, stamps: &stamps{}}
	d.config = transport.Config{Name: "jobs", BaseURL: svc.URL(), AllowPrivateNetwork: true, Credential: d.stamps}
	pagers, err := protocol.NewPagers(nextlink.Pager{}, openai.Pager{}, token.Pager{})
	require.NoError(t, err)
	d.options = activities.Options{Keyset: keyset, Protocols: registry, Pagers: pagers, RecordNow: d.recordNow}
	d.newEnvironment()
	return d
}

// newEnvironment forgets heartbeats, a stop and a cancel.
func (d *desk) newEnvironment() {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	d.env = suite.NewTestActivityEnvironment()
	d.env.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
		var hb perdure.Heartbeat
		if details.Get(&hb) == nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.beats = append(d.beats, hb)
		}
	})
}

func (d *desk) recordNow(_ context.Context, details any) error {
	raw, err := json.Marshal(details)
	require.NoError(d.t, err)
	var hb perdure.Heartbeat
	require.NoError(d.t, json.Unmarshal(raw, &hb))
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.record != nil {
		if err := d.record(hb); err != nil {
			return err
		}
	}
	d.recorded = append(d.recorded, hb)
	return nil
}

// phases are those of the start's heartbeats.
func (d *desk) phases() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for _, hb := range d.recorded {
		out = append(out, hb.Phase)
	}
	return out
}

func (d *desk) activities(name string) *activities.Activities {
	d.t.Helper()
	s, err := transport.NewService(d.config)
	require.NoError(d.t, err)
	service := d.service
	service.Service = s
	o := d.options
	o.Services = map[string]*activities.Service{name: &service}
	maps.Copy(o.Services, d.others)
	a, err := activities.New(o)
	require.NoError(d.t, err)
	return a
}

// run runs one attempt of an activity.
func (d *desk) run(name string, task, answer any) error {
	d.t.Helper()
	return d.runAs("jobs", name, task, answer)
}

// runAs runs it on a worker that knows the service by that name.
func (d *desk) runAs(service, name string, task, answer any) error {
	d.t.Helper()
	a := d.activities(service)
	d.env.RegisterActivityWithOptions(a.Start, activity.RegisterOptions{Name: perdure.ActivityStart})
	d.env.RegisterActivityWithOptions(a.Poll, activity.RegisterOptions{Name: perdure.ActivityPoll})
	d.env.RegisterActivityWithOptions(a.Cancel, activity.RegisterOptions{Name: perdure.ActivityCancel})
	d.env.RegisterActivityWithOptions(a.FetchPage, activity.RegisterOptions{Name: perdure.ActivityFetchPage})
	value, err := d.env.ExecuteActivity(name, task)
	if err != nil {
		return err
	}
	require.True(d.t, value.HasValue(), "an activity that has no answer must fail")
	return value.Get(answer)
}

func (d *desk) start(task perdure.StartTask) perdure.Answer {
	d.t.Helper()
	var a perdure.Answer
	require.NoError(d.t, d.run(perdure.ActivityStart, task, &a))
	return a
}

func (d *desk) fetch(task perdure.PageTask) perdure.PageAnswer {
	d.t.Helper()
	var a perdure.PageAnswer
	require.NoError(d.t, d.run(perdure.ActivityFetchPage, task, &a))
	return a
}

func (d *desk) poll(task perdure.PollTask) perdure.Answer {
	d.t.Helper()
	var a perdure.Answer
	require.NoError(d.t, d.run(perdure.ActivityPoll, task, &a))
	return a
}

// again gives a fresh environment in which an attempt before has left hb.
func (d *desk) again(hb any) *desk {
	d.newEnvironment()
	if hb != nil {
		d.env.SetHeartbeatDetails(hb)
	}
	return d
}

// under runs what follows under ctx.
func (d *desk) under(ctx context.Context) {
	d.env.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
}

// drained runs what follows on a worker that shuts down when the channel is closed.
func (d *desk) drained() chan struct{} {
	stop := make(chan struct{})
	d.env.SetWorkerStopChannel(stop)
	return stop
}

// retryable reports whether Temporal retries the activity that failed with err.
func retryable(t *testing.T, err error) bool {
	t.Helper()
	var bad *temporal.ApplicationError
	require.ErrorAs(t, err, &bad)
	return !bad.NonRetryable()
}

// requests are the lines of what has arrived.
func (d *desk) requests() []string {
	var out []string
	for _, r := range d.svc.Requests() {
		out = append(out, r.Method+" "+r.URL.RequestURI())
	}
	return out
}

// stamps is a credential that adds nothing and notes when it is asked for: the time of
// each request by the bubble's clock.
type stamps struct {
	mu sync.Mutex
	at []time.Time
}

func (s *stamps) Apply(context.Context, *http.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = append(s.at, time.Now())
	return nil
}

func (*stamps) Refresh(context.Context, *http.Request) (bool, error) { return false, nil }

func (*stamps) SecretHeaders() []string { return nil }

// since are the times of the requests after begin.
func (s *stamps) since(begin time.Time) []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []time.Duration
	for _, at := range s.at {
		out = append(out, at.Sub(begin))
	}
	return out
}

// quiet drops the environment's log.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
