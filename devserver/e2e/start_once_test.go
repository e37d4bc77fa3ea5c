package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
)

// startFault is what can happen to a start request on its way there and back.
type startFault struct {
	name  string
	fault jobservice.Fault
	// late: it is with the service only when the client has given it up.
	late bool
	// proven: it is certain that nothing was started, so it never is ambiguous.
	proven bool
	// rejected: the service says no for good.
	rejected bool
}

var startFaults = []startFault{
	{name: "none"},
	{name: "connection closed before the request was read", fault: jobservice.Fault{Drop: jobservice.DropBeforeRead}},
	{name: "connection closed after the request was read", fault: jobservice.Fault{Drop: jobservice.DropAfterRead}},
	{name: "operation started, answer lost", fault: jobservice.Fault{Drop: jobservice.DropBeforeAnswer}},
	{name: "operation started, answer broken off", fault: jobservice.Fault{Drop: jobservice.DropInAnswer}},
	{name: "operation started, answer later than the time-out", fault: jobservice.Fault{HoldMillis: 6000}},
	{name: "operation started after the time-out", late: true},
	{name: "429 with Retry-After", fault: jobservice.Fault{Status: 429, Headers: map[string]string{"Retry-After": "1"}}, proven: true},
	{name: "429 without Retry-After", fault: jobservice.Fault{Status: 429}, proven: true},
	{name: "503 with Retry-After", fault: jobservice.Fault{Status: 503, Headers: map[string]string{"Retry-After": "1"}}, proven: true},
	{name: "503 without Retry-After", fault: jobservice.Fault{Status: 503}},
	{name: "a proxy's 503 after passing on", fault: jobservice.Fault{Status: 503, AfterHandling: true}},
	{name: "500", fault: jobservice.Fault{Status: 500}},
	{name: "408", fault: jobservice.Fault{Status: 408}},
	{name: "400", fault: jobservice.Fault{Status: 400}, rejected: true},
	{name: "a redirect", fault: jobservice.Fault{Status: 307, Headers: map[string]string{"Location": "/jobs"}}, rejected: true},
}

// startKind is a kind of service, by what it knows of repeats.
type startKind struct {
	name, extra   string
	noIdempotency bool
	settles       bool // no ambiguity is left
}

var startKinds = []startKind{
	{name: "recognises nothing", noIdempotency: true},
	{name: "recognises an idempotency key", extra: "    idempotency: {header: Idempotency-Key}\n", settles: true},
	{
		name: "keeps a tag to look up", noIdempotency: true, settles: true,
		extra: "    lookup: {request: {url: '/jobs?tag={key}'}, found: 'data[0].id', body: tag}\n    protocol: {name: location}\n",
	},
}

// The promise of this product: no fault starts an operation twice, and none is guessed
// about. The service keeps the books.
//
//rule:start 4
func TestNoFaultStartsTwice(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	rows := map[string]string{}
	t.Run("faults", func(t *testing.T) {
		t.Parallel()
		for _, kind := range startKinds {
			for _, f := range startFaults {
				t.Run(kind.name+"/"+f.name, func(t *testing.T) {
					t.Parallel()
					row := playStart(t, kind, f)
					require.LessOrEqual(t, row.started, 1, "never twice")
					switch {
					case f.rejected:
						require.Equal(t, "rejected", row.outcome)
						require.Zero(t, row.started)
					case f.proven || f.name == "none" || kind.settles:
						require.Equal(t, "succeeded", row.outcome, "what can be known is known")
						require.Equal(t, 1, row.started)
					default:
						require.Equal(t, "ambiguous", row.outcome)
						require.Equal(t, 1, row.sent, "nothing is sent again on a guess")
					}
					mu.Lock()
					defer mu.Unlock()
					rows[kind.name+"/"+f.name] = fmt.Sprintf("| %s | %d | %d | %s |", f.name, row.sent, row.started, row.outcome)
				})
			}
		}
	})
	t.Cleanup(func() {
		if !t.Failed() {
			keepTable(t, rows)
		}
	})
}

// What is assumed: who answers 503 with Retry-After has started nothing. Where that is not
// true, a key that the service recognises is what helps.
func TestA503WithRetryAfterIsTakenAtItsWord(t *testing.T) {
	t.Parallel()
	untrue := startFault{name: "a proxy's, after passing on", fault: jobservice.Fault{Status: 503, Headers: map[string]string{"Retry-After": "1"}, AfterHandling: true}}
	for _, kind := range startKinds[:2] {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			row := playStart(t, kind, untrue)
			require.Equal(t, 2, row.sent)
			if !kind.noIdempotency {
				require.Equal(t, 1, row.started)
			}
			require.Equal(t, "succeeded", row.outcome)
		})
	}
}

type startRow struct {
	sent, started int
	outcome       string
}

func playStart(t *testing.T, kind startKind, f startFault) startRow {
	t.Helper()
	s := settings{
		service: jobservice.Options{NoIdempotency: kind.noIdempotency},
		extra:   kind.extra + "    limits: {requestTimeoutSeconds: 3}\n    polling: {notFoundGraceSeconds: 1}\n",
	}
	arrived := make(chan struct{})
	if f.late {
		s.front = late(4*time.Second, arrived)
		s.extra = strings.Replace(s.extra, "notFoundGraceSeconds: 1", "notFoundGraceSeconds: 10", 1)
	} else {
		close(arrived)
	}
	w := newWorld(t, s)
	if f.fault.Drop != "" || f.fault.Status != 0 || f.fault.HoldMillis != 0 {
		f.fault.Action = jobservice.Start
		_, err := w.service.Inject(f.fault)
		require.NoError(t, err)
	}
	w.worker()
	_, _, err := starter.Run[map[string]any](patient(t), w.client, job(`{"name":"once","seconds":0.2}`), nil)
	<-arrived
	books := w.service.Books()
	row := startRow{sent: len(posts(books)), started: len(books.Operations()), outcome: "succeeded"}
	if err != nil {
		bad := &perdure.OperationError{}
		require.ErrorAs(t, err, &bad)
		row.outcome = map[string]string{perdure.ErrorStartAmbiguous: "ambiguous", perdure.ErrorStartRejected: "rejected"}[bad.Type]
		require.NotEmpty(t, row.outcome, "%v", err)
	}
	return row
}

// late has the first start come to the service only after that time, whether or not
// anybody waits for its answer still. Arrived is closed then.
func late(by time.Duration, arrived chan<- struct{}) func(service http.Handler) http.Handler {
	var came atomic.Bool
	return func(service http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || came.Swap(true) {
				service.ServeHTTP(w, r)
				return
			}
			defer close(arrived)
			body, err := io.ReadAll(r.Body)
			if err != nil {
				panic(http.ErrAbortHandler)
			}
			time.Sleep(by)
			r = r.WithContext(context.WithoutCancel(r.Context()))
			r.Body = io.NopCloser(bytes.NewReader(body))
			service.ServeHTTP(w, r)
		})
	}
}

// keepTable holds docs/start-once.md equal to what was seen.
func keepTable(t *testing.T, rows map[string]string) {
	t.Helper()
	var b strings.Builder
	for _, kind := range startKinds {
		fmt.Fprintf(&b, "### A service that %s\n\n| what happens to the start | requests sent | operations started | outcome |\n| --- | --- | --- | --- |\n", kind.name)
		for _, f := range startFaults {
			b.WriteString(rows[kind.name+"/"+f.name] + "\n")
		}
		b.WriteString("\n")
	}
	t.Logf("\n%s", b.String())
	const page = "../../docs/start-once.md"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	head, _, ok := strings.Cut(string(text), "### A service that ")
	require.True(t, ok)
	want := head + strings.TrimSuffix(b.String(), "\n")
	if os.Getenv("PERDURE_RECORD") != "" {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o600))
		return
	}
	require.Equal(t, want, string(text), "docs/start-once.md is not what was seen; PERDURE_RECORD writes it anew")
}

// A request that cannot leave is sent again for as long as it takes, and is never
// ambiguous.
//
//rule:start 7
func TestUnsentStartsAreNeverAmbiguous(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, url string }{
		{"refused connection", "http://127.0.0.1:1"},
		{"no such host", "http://nowhere.invalid"},
		{"TLS with a server that speaks none", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, settings{url: c.url})
			if c.url == "" {
				w = newWorld(t, settings{url: strings.Replace(w.listener.URL, "http://", "https://", 1)})
			}
			w.worker()
			ctx := patient(t)
			short, cancel := contextFor(t, 2*time.Second)
			defer cancel()
			op, err := starter.Start[store](short, w.client, vectorStore(time.Second), nil)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			eventually(ctx, t, "the trouble is shown", func() bool {
				s, err := op.Status(ctx)
				return err == nil && s.LastError != nil && s.LastError.Error.Code == "NotSent"
			})
			require.NoError(t, op.Cancel(ctx, "shown"))
			_, err = op.Wait(ctx, nil)
			requireType(t, err, perdure.ErrorCanceled)
			require.Equal(t, perdure.StateFailed, op.LastStatus().State, "nothing was started")
			require.Empty(t, w.service.Books())
		})
	}
}

// What a person found out settles an ambiguous start.
func TestAmbiguousStartIsResolved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		lost    jobservice.Drop
		resolve func(w *world) perdure.Resolve
		sent    int
		err     string
	}{
		{"nothing was started: retry", jobservice.DropAfterRead, func(*world) perdure.Resolve { return perdure.Resolve{Retry: true} }, 2, ""},
		{"it runs there: adopt", jobservice.DropBeforeAnswer, func(w *world) perdure.Resolve {
			return perdure.Resolve{Adopt: &perdure.Adoption{Operation: w.service.Books().Operations()[0], Collection: "/v1/vector_stores"}}
		}, 1, ""},
		{"nobody knows: fail", jobservice.DropBeforeAnswer, func(*world) perdure.Resolve { return perdure.Resolve{Fail: "nobody knows"} }, 1, perdure.ErrorStartAmbiguous},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, settings{service: jobservice.Options{NoIdempotency: true}, extra: "    protocol: {name: openai}\n"})
			_, err := w.service.Inject(jobservice.Fault{Action: jobservice.Start, Drop: c.lost})
			require.NoError(t, err)
			w.worker()
			ctx := patient(t)
			op, err := starter.Start[store](ctx, w.client, vectorStore(time.Second), nil)
			requireType(t, err, perdure.ErrorStartAmbiguous)
			_, err = op.Resolve(ctx, perdure.Resolve{Adopt: &perdure.Adoption{StatusURL: "https://elsewhere.example/x"}})
			require.Error(t, err, "an adoption that cannot be leaves it ambiguous")
			s, err := op.Status(ctx)
			require.NoError(t, err)
			require.Equal(t, perdure.StateAmbiguous, s.State)
			_, err = op.Resolve(ctx, c.resolve(w))
			require.NoError(t, err)
			value, err := op.Wait(ctx, nil)
			if c.err != "" {
				requireType(t, err, c.err)
			} else {
				require.NoError(t, err)
				require.Equal(t, "completed", value.Status)
			}
			require.Len(t, posts(w.service.Books()), c.sent)
			require.Len(t, w.service.Books().Operations(), 1)
			_, err = op.Resolve(ctx, perdure.Resolve{Retry: true})
			require.ErrorIs(t, err, starter.ErrDone)
		})
	}
}

// What others started is taken over without a second start, once, however often.
//
//rule:adopt 1
func TestAdoptedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{extra: "    protocol: {name: openai}\n"})
	w.worker()
	ctx := patient(t)
	first, err := starter.Start[store](ctx, w.client, vectorStore(2*time.Second), nil)
	require.NoError(t, err)
	in := perdure.OperationInput{Service: "jobs", Adopt: &perdure.Adoption{Operation: first.LastStatus().RemoteID, Collection: "/v1/vector_stores"}, Polling: &perdure.Polling{IntervalSeconds: 0.2}}
	one, err := starter.Start[store](ctx, w.client, in, nil)
	require.NoError(t, err)
	two, err := starter.Start[store](ctx, w.client, in, nil)
	require.NoError(t, err)
	require.Equal(t, one.ID(), two.ID())
	value, err := two.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "completed", value.Status)
	require.Len(t, w.service.Books().Starts(), 1)
}

// reset has a workflow go on from before an event, and gives the new run.
func (w *world) reset(ctx context.Context, t *testing.T, id, runID string, event int64) (newRunID string) {
	t.Helper()
	run, err := w.raw.ResetWorkflowExecution(ctx, &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: "default", WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: runID},
		Reason: "a test", WorkflowTaskFinishEventId: event, RequestId: w.queue,
	})
	require.NoError(t, err)
	return run.GetRunId()
}

// A workflow that is reset to after its start was recorded asks on from there: nothing is
// started.
func TestResetAfterTheStartAsksOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{service: jobservice.Options{NoIdempotency: true}})
	finish := w.holdJobs(t)
	w.worker()
	ctx := patient(t)
	op, err := starter.Start[map[string]any](ctx, w.client, job(`{"name":"once"}`), nil)
	require.NoError(t, err)
	w.booked(ctx, "it is watched", func(b jobservice.Books) bool { return len(b.Polls(op.LastStatus().RemoteID)) > 0 })
	started, recorded := false, int64(0)
	for _, e := range w.history(ctx, t, op.ID(), op.RunID()).GetEvents() {
		started = started || e.GetEventType() == enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED
		if started && recorded == 0 && e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			recorded = e.GetEventId()
		}
	}
	require.NotZero(t, recorded)
	run := w.reset(ctx, t, op.ID(), op.RunID(), recorded)
	require.NotEqual(t, op.RunID(), run)
	eventually(ctx, t, "it runs again", func() bool {
		s, err := op.Status(ctx)
		return err == nil && s.State == perdure.StateRunning
	})
	finish()
	value, err := op.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "once", value["name"])
	d, err := w.raw.DescribeWorkflowExecution(ctx, op.ID(), "")
	require.NoError(t, err)
	require.Equal(t, run, d.GetWorkflowExecutionInfo().GetExecution().GetRunId(), "the new run has asked")
	require.Len(t, w.service.Books().Starts(), 1)
}

// A workflow that is reset to before its start was recorded is ambiguous.
func TestResetBeforeTheStartIsAmbiguous(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{service: jobservice.Options{NoIdempotency: true}})
	w.worker()
	ctx := patient(t)
	op, err := starter.Start[store](ctx, w.client, vectorStore(time.Hour), nil)
	require.NoError(t, err)
	w.reset(ctx, t, op.ID(), op.RunID(), 3)
	eventually(ctx, t, "it is ambiguous", func() bool {
		s, err := op.Status(ctx)
		return err == nil && s.State == perdure.StateAmbiguous
	})
	_, err = op.Wait(ctx, nil)
	bad := &perdure.OperationError{}
	require.True(t, errors.As(err, &bad))
	require.Equal(t, perdure.ErrorStartAmbiguous, bad.Type)
	require.Len(t, w.service.Books().Starts(), 1)
}
