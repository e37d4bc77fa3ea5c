package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/devservertest"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
)

// scenarios make the histories that the replay test of package workflows keeps. Each
// gives the id of the workflow to record.
var scenarios = []struct {
	name string
	play func(t *testing.T, w *world) string
}{
	{"watched-to-its-value", func(t *testing.T, w *world) string {
		t.Helper()
		_, op, err := starter.Run[store](patient(t), w.client, vectorStore(time.Second), nil)
		require.NoError(t, err)
		return op.ID()
	}},
	{"failed", func(t *testing.T, w *world) string {
		t.Helper()
		_, op, err := starter.Run[store](patient(t), w.client, failing(), nil)
		requireType(t, err, perdure.ErrorOperationFailed)
		return op.ID()
	}},
	{"invalid-input", func(t *testing.T, w *world) string {
		t.Helper()
		run, err := w.raw.ExecuteWorkflow(patient(t), client.StartWorkflowOptions{TaskQueue: w.queue}, perdure.WorkflowOperation, json.RawMessage(`{"reqest":{}}`))
		require.NoError(t, err)
		require.Error(t, run.Get(patient(t), nil))
		return run.GetID()
	}},
	{"asked-from-outside", func(t *testing.T, w *world) string {
		t.Helper()
		ctx := patient(t)
		in := vectorStore(2 * time.Second)
		in.Polling = &perdure.Polling{IntervalSeconds: 3600}
		op, err := starter.Start[store](ctx, w.client, in, nil)
		require.NoError(t, err)
		_, err = op.UpdateStatus(ctx, nil)
		require.NoError(t, err)
		require.NoError(t, op.RequestPoll(ctx))
		id := op.LastStatus().RemoteID
		w.booked(ctx, "both have asked", func(b jobservice.Books) bool { return len(b.Polls(id)) == 2 })
		_, err = op.Wait(ctx, &starter.WaitOptions{Polling: &perdure.Polling{IntervalSeconds: 0.5}})
		require.NoError(t, err)
		return op.ID()
	}},
	{"canceled-at-the-service", func(t *testing.T, w *world) string {
		t.Helper()
		ctx := patient(t)
		op, err := starter.Start[store](ctx, w.client, batch(time.Hour), nil)
		require.NoError(t, err)
		require.NoError(t, op.Cancel(ctx, "recorded"))
		_, err = op.Wait(ctx, nil)
		requireType(t, err, perdure.ErrorCanceled)
		return op.ID()
	}},
	{"cancel-unsupported", func(t *testing.T, w *world) string {
		t.Helper()
		ctx := patient(t)
		op, err := starter.Start[store](ctx, w.client, vectorStore(time.Hour), nil)
		require.NoError(t, err)
		require.NoError(t, w.raw.CancelWorkflow(ctx, op.ID(), ""))
		_, err = op.Wait(ctx, nil)
		requireType(t, err, perdure.ErrorCanceled)
		return op.ID()
	}},
	{"timed-out", func(t *testing.T, w *world) string {
		t.Helper()
		in := batch(time.Hour)
		in.TimeoutSeconds, in.Cancel = 1, &perdure.CancelSettings{OnTimeout: true}
		_, op, err := starter.Run[store](patient(t), w.client, in, nil)
		requireType(t, err, perdure.ErrorOperationTimedOut)
		return op.ID()
	}},
	{"ambiguous-and-canceled", func(t *testing.T, w *world) string {
		t.Helper()
		ctx := patient(t)
		_, err := w.service.Inject(jobservice.Fault{Action: jobservice.Start, Drop: jobservice.DropBeforeAnswer})
		require.NoError(t, err)
		op, err := starter.Start[store](ctx, w.client, vectorStore(time.Second), nil)
		requireType(t, err, perdure.ErrorStartAmbiguous)
		require.NoError(t, op.Cancel(ctx, "recorded"))
		require.Error(t, w.raw.GetWorkflow(ctx, op.ID(), "").Get(ctx, nil))
		return op.ID()
	}},
	{"ambiguous-and-retried", func(t *testing.T, w *world) string {
		t.Helper()
		ctx := patient(t)
		_, err := w.service.Inject(jobservice.Fault{Action: jobservice.Start, Drop: jobservice.DropAfterRead})
		require.NoError(t, err)
		op, err := starter.Start[store](ctx, w.client, vectorStore(time.Second), nil)
		requireType(t, err, perdure.ErrorStartAmbiguous)
		_, err = op.Resolve(ctx, perdure.Resolve{Retry: true})
		require.NoError(t, err)
		_, err = op.Wait(ctx, nil)
		require.NoError(t, err)
		return op.ID()
	}},
	{"adopted", func(t *testing.T, w *world) string {
		t.Helper()
		ctx := patient(t)
		first, err := starter.Start[store](ctx, w.client, vectorStore(time.Second), nil)
		require.NoError(t, err)
		_, op, err := starter.Run[store](ctx, w.client, perdure.OperationInput{
			Service: "jobs", Protocol: &perdure.ProtocolChoice{Name: "openai"}, Polling: &perdure.Polling{IntervalSeconds: 0.2},
			Adopt: &perdure.Adoption{Operation: first.LastStatus().RemoteID, Collection: "/v1/vector_stores"},
		}, nil)
		require.NoError(t, err)
		return op.ID()
	}},
	{"start-sent-again", func(t *testing.T, w *world) string {
		t.Helper()
		_, err := w.service.Inject(jobservice.Fault{Action: jobservice.Start, Status: 429, Headers: map[string]string{"Retry-After": "1"}, Times: 2})
		require.NoError(t, err)
		_, op, err := starter.Run[store](patient(t), w.client, vectorStore(time.Second), nil)
		require.NoError(t, err)
		return op.ID()
	}},
	{"taken-up-from-a-token", func(t *testing.T, w *world) string {
		t.Helper()
		token := w.startForToken(t, 2*time.Second)
		w.deleteWorkflow(t)
		w.waitElsewhere(t, w.server, token)
		return w.queue + tokenTestID
	}},
	{"durable-waits", func(t *testing.T, w *world) string {
		t.Helper()
		in := vectorStore(3 * time.Second)
		in.Polling = &perdure.Polling{IntervalSeconds: 1.2}
		_, op, err := starter.Run[store](patient(t), w.client, in, nil)
		require.NoError(t, err)
		return op.ID()
	}},
}

// The scenarios end as they say. With PERDURE_RECORD set to a directory, such as
// ../../workflows/testdata/histories, their histories are written there, each into its
// workflow's folder; a history that was released is never overwritten.
func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			set := settings{service: jobservice.Options{CancelDuration: 300 * time.Millisecond, NoIdempotency: true}}
			if s.name == "durable-waits" {
				set.watch = "{thresholdSeconds: 1, windowSeconds: 600}"
			}
			w := newWorld(t, set)
			w.worker()
			id := s.play(t, w)
			w.record(t, s.name, id, "")
		})
	}
}

// Continue-as-new, forced by a server that suggests it early, loses nothing.
func TestContinueAsNewLosesNothing(t *testing.T) {
	t.Parallel()
	server := devservertest.Start(t, devserver.Options{Headless: true, DynamicConfig: map[string]any{
		"limit.historyCount.suggestContinueAsNew": 40,
	}})
	w := newWorld(t, settings{server: server, watch: "{thresholdSeconds: 1, windowSeconds: 600}"})
	w.worker()
	ctx := patient(t)
	in := vectorStore(15 * time.Second)
	in.Type, in.TimeoutSeconds = "CreateVectorStore", 600
	in.Polling = &perdure.Polling{IntervalSeconds: 1.2}
	op, err := starter.Start[store](ctx, w.client, in, nil)
	require.NoError(t, err)
	first := op.RunID()
	token, err := op.Token(ctx)
	require.NoError(t, err)
	id := op.LastStatus().RemoteID
	runs := []string{first}
	eventually(ctx, t, "two runs have been continued", func() bool {
		d, err := w.raw.DescribeWorkflowExecution(ctx, op.ID(), "")
		require.NoError(t, err)
		if run := d.GetWorkflowExecutionInfo().GetExecution().GetRunId(); run != runs[len(runs)-1] {
			runs = append(runs, run)
		}
		return len(runs) == 3
	})
	s, err := op.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, id, s.RemoteID)
	require.Equal(t, "CreateVectorStore", s.Type)
	require.InDelta(t, len(w.service.Books().Polls(id)), s.Polls, 1, "no poll is forgotten")
	again, err := op.Token(ctx)
	require.NoError(t, err)
	require.Equal(t, token, again)
	raw, err := op.RawResponse(ctx)
	require.NoError(t, err)
	require.NotNil(t, raw.Body)
	_, err = op.UpdateStatus(ctx, nil)
	require.NoError(t, err)
	value, err := op.Wait(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, "completed", value.Status)
	require.Len(t, w.service.Books().Starts(), 1)
	w.record(t, "continued-first-run", op.ID(), runs[0])
	w.record(t, "continued-second-run", op.ID(), runs[1])
}

// record writes a history where PERDURE_RECORD says.
func (w *world) record(t *testing.T, name, id, runID string) {
	t.Helper()
	w.recordIn(t, os.Getenv("PERDURE_RECORD"), name, id, runID)
}

// recordIn writes a history into a directory, if there is one.
func (w *world) recordIn(t *testing.T, dir, name, id, runID string) {
	t.Helper()
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	h := w.history(ctx, t, id, runID)
	path := filepath.Join(dir, h.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetWorkflowType().GetName(), name+".json")
	if _, err := os.Stat(path); err == nil {
		t.Logf("%s is there already", path)
		return
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
	text, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(h)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(text, '\n'), 0o600))
}

// history is what a run has recorded; the current one where runID is empty.
func (w *world) history(ctx context.Context, t *testing.T, id, runID string) *historypb.History {
	t.Helper()
	h := &historypb.History{}
	events := w.raw.GetWorkflowHistory(ctx, id, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(t, err)
		h.Events = append(h.Events, e)
	}
	return h
}

// failing is the input that creates a vector store which fails.
func failing() perdure.OperationInput {
	in := vectorStore(0)
	in.Request.Body = perdure.JSONBody(json.RawMessage(`{"name":"docs","metadata":{"seconds":"0.3","fail":"disk full"}}`))
	return in
}

// batch is the input that creates one which takes so long.
func batch(d time.Duration) perdure.OperationInput {
	in := vectorStore(d)
	in.Request.URL = "/v1/batches"
	in.Request.Body = perdure.JSONBody(json.RawMessage(fmt.Sprintf(
		`{"input_file_id":"file-1","endpoint":"/v1/responses","completion_window":"24h","metadata":{"seconds":"%g"}}`, d.Seconds())))
	return in
}

func requireType(t *testing.T, err error, want string) {
	t.Helper()
	bad := &perdure.OperationError{}
	require.ErrorAs(t, err, &bad)
	require.Equal(t, want, bad.Type, "%v", err)
}
