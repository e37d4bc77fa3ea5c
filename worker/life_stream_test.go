package worker_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/activities/transport"
)

// streamLife is a stream's. The activity that reads it outlives the runs of the log: all
// share one bubble, whose clock is the reader's and the service's. The log's follows the
// batches that it gets.
type streamLife struct {
	*life
	feed     *lifeFeed
	net      pipes
	lifetime time.Duration // of tokens
	visits   chan visit
	visiting *visit // nil: the log waits for one
	reading  *reading
	attempts int
	over     chan struct{} // closed when nobody reads any more
	events   []perdure.Event
}

// visit is what the reader does at its log, and when.
type visit struct {
	at   time.Time
	do   func(*lifeRun)
	done chan struct{}
}

func newStreamLife(t *testing.T, feed *lifeFeed) *streamLife {
	t.Helper()
	l := &streamLife{life: newLife(t), feed: feed}
	l.service.url = "http://feed.example.com"
	l.beside = l.receive
	l.child = func(input any) {
		in, ok := input.(perdure.ReaderInput)
		require.True(t, ok)
		go l.readOn(t, in)
	}
	return l
}

// live runs the log and what it continues as, to its end.
func (l *streamLife) live(t *testing.T, in perdure.StreamInput, result any) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l.visits, l.over, l.net = make(chan visit), make(chan struct{}), make(pipes)
		server := &http.Server{Handler: l.feed}
		go func() { _ = server.Serve(l.net) }()
		defer func() { _ = server.Close() }()
		time.Sleep(time.Until(l.began))
		for args := []any{in}; args != nil; {
			args = l.newRun(t, time.Now().UTC()).live(t, perdure.WorkflowStream, args)
			synctest.Wait()
			l.last().goroutines = runtime.NumGoroutine()
			l.answer() // the visit that ended the run
		}
		<-l.over
	})
	require.NoError(t, l.last().env.GetWorkflowResult(result))
}

// receive has a run of the log receive visits, each at its time.
func (l *streamLife) receive(ctx workflow.Context, r *lifeRun) {
	_ = workflow.Sleep(ctx, time.Millisecond) // it begins
	for {
		v := <-l.visits
		l.visiting = &v
		if err := workflow.Sleep(ctx, v.at.Sub(workflow.Now(ctx))); err != nil {
			return
		}
		for _, m := range r.due(v.at) {
			m.do(r)
		}
		v.do(r)
		if err := workflow.Sleep(ctx, time.Millisecond); err != nil { // the log attends to it
			return
		}
		l.answer()
	}
}

func (l *streamLife) answer() {
	if l.visiting != nil {
		close(l.visiting.done)
		l.visiting = nil
	}
}

// visit does something at the log, and is back when the log has attended to it.
func (l *streamLife) visit(do func(*lifeRun)) {
	time.Sleep(time.Millisecond)
	v := visit{time.Now(), do, make(chan struct{})}
	l.visits <- v
	<-v.done
	time.Sleep(time.Millisecond)
}

// readOn is what Temporal does for the activity: when a worker is gone another one has
// the next attempt.
func (l *streamLife) readOn(t *testing.T, in perdure.ReaderInput) {
	t.Helper()
	defer close(l.over)
	const heartbeatTimeout = 15 * time.Second
	for l.attempt(t, in) != nil {
		time.Sleep(heartbeatTimeout)
	}
}

// reading is one attempt of the activity, on a worker of its own, whose log it is.
type reading struct {
	*streamLife
	stop chan struct{} // of the worker
	kill context.CancelFunc
	dead bool
}

func (l *streamLife) attempt(t *testing.T, in perdure.ReaderInput) error {
	t.Helper()
	l.attempts++
	r := &reading{streamLife: l, stop: make(chan struct{})}
	l.reading = r
	hourly := l.hourly(&http.Transport{DialContext: l.net.dial, DisableKeepAlives: true})
	work := l.newWorker(t, hourly, func(o *activities.Options) {
		service, err := transport.NewService(transport.Config{Name: "jobs", BaseURL: l.service.url, Credential: hourly, Dial: l.net.dial})
		require.NoError(t, err)
		o.Services["jobs"].Service = service
		o.Logbook, o.TokenLifetime = r, l.lifetime
	})
	failed := errors.New("it has not run")
	env := attemptEnvironment(int32(l.attempts))
	env.SetWorkerStopChannel(r.stop)
	env.RegisterActivityWithOptions(func(ctx context.Context, in perdure.ReaderInput) error {
		ctx, r.kill = context.WithCancel(context.WithoutCancel(ctx)) // the environment has ten minutes
		defer r.kill()
		failed = work.ReadStream(ctx, in)
		return failed
	}, activity.RegisterOptions{Name: perdure.ActivityReadStream})
	_, _ = env.ExecuteActivity(perdure.ActivityReadStream, in)
	return failed
}

// stopWorker has the worker stop, as for a new version; killWorker gives it no time to.
func (l *streamLife) stopWorker(at time.Duration) {
	l.on(at, func(*lifeRun) { close(l.reading.stop) })
}

func (l *streamLife) killWorker(at time.Duration) {
	l.on(at, func(*lifeRun) {
		l.reading.dead = true
		l.reading.kill()
	})
}

// Position asks the log.
func (r *reading) Position(context.Context, string) (pos perdure.LogPosition, err error) {
	r.visit(func(run *lifeRun) { run.query(perdure.QueryPosition, &pos) })
	return pos, r.gone()
}

// Record sends the log a batch.
func (r *reading) Record(_ context.Context, _ string, b perdure.Batch) error {
	if err := r.gone(); err != nil {
		return err
	}
	r.visit(func(run *lifeRun) {
		run.env.SignalWorkflow(perdure.SignalRecord, b)
		run.note(b, nil)
	})
	return r.gone()
}

// gone: what is killed does nothing more, and hears no answer.
func (r *reading) gone() error {
	if r.dead {
		return errors.New("this worker was killed")
	}
	return nil
}

// catchUp reads on from where it was, as a caller does.
func (l *streamLife) catchUp() error {
	for {
		var got perdure.Events
		if err := l.read(perdure.QueryRead, perdure.ReadRequest{Offset: len(l.events)}, &got); err != nil {
			return err
		}
		if len(got.Events) == 0 {
			return nil
		}
		l.events = append(l.events, got.Events...)
	}
}
