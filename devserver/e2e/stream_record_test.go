package e2e_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/devservertest"
	"github.com/perdure-dev/perdure/starter"
)

// streamScenarios make the histories of streams and their readers that the replay test of
// package workflows keeps, as scenarios does those of operations.
var streamScenarios = []struct {
	name      string
	resumable bool
	play      func(t *testing.T, w *world, src *source)
}{
	{"read-to-the-end", true, func(t *testing.T, w *world, src *source) {
		t.Helper()
		s := w.streams(t, src)
		src.send(10)
		take(patient(t), t, s, 3, 10)
		src.end()
		n, err := rest(patient(t), s, 0)
		require.NoError(t, err)
		require.Equal(t, 13, n)
	}},
	{"canceled", true, func(t *testing.T, w *world, src *source) {
		t.Helper()
		s := w.streams(t, src)
		require.NoError(t, s.Cancel(patient(t), "recorded"))
		_, err := rest(patient(t), s, 0)
		require.ErrorIs(t, err, &perdure.StreamError{Type: perdure.ErrorCanceled})
	}},
	{"broken-and-taken-up", true, func(t *testing.T, w *world, src *source) {
		t.Helper()
		s := w.streams(t, src)
		src.CloseClientConnections()
		src.send(3)
		take(patient(t), t, s, 3, 3)
		src.end()
		_, err := rest(patient(t), s, 0)
		require.NoError(t, err)
	}},
	{"broken-for-good", false, func(t *testing.T, w *world, src *source) {
		t.Helper()
		s := w.streams(t, src)
		src.CloseClientConnections()
		_, err := rest(patient(t), s, 0)
		require.ErrorIs(t, err, &perdure.StreamError{Type: perdure.ErrorStreamBroken})
	}},
	{"invalid-input", false, func(t *testing.T, w *world, _ *source) {
		t.Helper()
		run, err := w.raw.ExecuteWorkflow(patient(t), client.StartWorkflowOptions{ID: w.queue, TaskQueue: w.queue}, perdure.WorkflowStream, json.RawMessage(`{"reqest":{}}`))
		require.NoError(t, err)
		require.Error(t, run.Get(patient(t), nil))
	}},
}

// streams starts a stream under the world's own id, of which three events have come.
func (w *world) streams(t *testing.T, src *source) *starter.Stream[string] {
	t.Helper()
	ctx := patient(t)
	s, err := starter.StartStream[string](ctx, w.client, streamInput(http.MethodGet), &starter.StreamOptions{ID: w.queue})
	require.NoError(t, err)
	src.send(3)
	take(ctx, t, s, 0, 3)
	return s
}

// The scenarios end as they say, and are recorded where PERDURE_RECORD says.
func TestStreamScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range streamScenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			src := newSource(t, s.resumable)
			w := newWorld(t, settings{url: src.URL})
			w.worker()
			s.play(t, w, src)
			w.recordStream(t, s.name)
		})
	}
}

// A log that continues as new, on a server that suggests it early, keeps its connection,
// and its readers.
func TestStreamsThatContinueAsNew(t *testing.T) {
	t.Parallel()
	server := devservertest.Start(t, devserver.Options{Headless: true, DynamicConfig: map[string]any{
		"limit.historyCount.suggestContinueAsNew": 40,
	}})
	src := newSource(t, false)
	w := newWorld(t, settings{server: server, url: src.URL})
	w.worker()
	ctx := patient(t)
	s := w.streams(t, src)
	for next := 3; next < 60; next++ {
		src.send(1)
		take(ctx, t, s, next, 1)
	}
	src.end()
	n, err := rest(ctx, s, 0)
	require.NoError(t, err)
	require.Equal(t, 60, n)
	status, err := s.Status(ctx)
	require.NoError(t, err)
	require.Greater(t, len(status.Segments), 1)
	require.Len(t, src.asked(), 1)
	w.recordStream(t, "continued-as-new")
}

// recordStream records the log's first run, its last where that is another, and its
// reader, which ends with it.
func (w *world) recordStream(t *testing.T, name string) {
	t.Helper()
	ctx := patient(t)
	d, err := w.raw.DescribeWorkflowExecution(ctx, w.queue, "")
	require.NoError(t, err)
	first, last := d.GetWorkflowExecutionInfo().GetFirstRunId(), d.GetWorkflowExecutionInfo().GetExecution().GetRunId()
	w.record(t, name, w.queue, first)
	if last != first {
		w.record(t, name+"-last", w.queue, last)
	}
	reader := w.queue + "/reader/" + first
	err = w.raw.GetWorkflow(ctx, reader, "").Get(ctx, nil)
	if isNotFound(err) {
		return // the input was wrong: nobody was to read
	}
	require.NoError(t, err)
	w.record(t, name, reader, "")
}

func isNotFound(err error) bool {
	var none *serviceerror.NotFound
	return errors.As(err, &none)
}
