package devserver_test

import (
	"context"
	"errors"
	"maps"
	"net"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/devservertest"
)

// waitForSignalAndTimer starts a timer, and ends when it has fired and a signal
// has come, with the signal's word.
func waitForSignalAndTimer(ctx workflow.Context, timer time.Duration) (string, error) {
	fired := workflow.NewTimer(ctx, timer)
	var word string
	workflow.GetSignalChannel(ctx, "word").Receive(ctx, &word)
	return word, fired.Get(ctx, nil)
}

// waitUntilTimerStarted asks for the history until the timer is in it: what is in
// it has been written.
func waitUntilTimerStarted(t *testing.T, c client.Client, workflowID string) {
	t.Helper()
	events := c.GetWorkflowHistory(t.Context(), workflowID, "", true, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		if event.EventType == enumspb.EVENT_TYPE_TIMER_STARTED {
			return
		}
	}
	t.Fatal("the workflow ended without a timer")
}

// A workflow that waits when the server is stopped goes on when a server is
// started on the same file and port, with the clients and workers of before.
func TestWorkflowSurvivesRestart(t *testing.T) {
	t.Parallel()
	opts := devserver.Options{Headless: true, DBFilename: filepath.Join(t.TempDir(), "a 100% odd? name#.db")}
	first := devservertest.Start(t, opts)
	c := devservertest.Dial(t, first, client.Options{})
	w := runWorker(t, c)
	defer w.Stop()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "patient", TaskQueue: taskQueue}, waitForSignalAndTimer, time.Second)
	require.NoError(t, err)
	waitUntilTimerStarted(t, c, "patient")

	first.Stop()
	<-first.Done()
	_, port, err := net.SplitHostPort(first.HostPort())
	require.NoError(t, err)
	opts.Port, err = strconv.Atoi(port)
	require.NoError(t, err)
	second := devservertest.Start(t, opts)
	require.Equal(t, first.HostPort(), second.HostPort())

	require.NoError(t, c.SignalWorkflow(t.Context(), "patient", "", "word", "still here"))
	var got string
	require.NoError(t, run.Get(t.Context(), &got))
	require.Equal(t, "still here", got)
}

func TestSearchAttributes(t *testing.T) {
	t.Parallel()
	one := map[string]enumspb.IndexedValueType{"Existing": enumspb.INDEXED_VALUE_TYPE_KEYWORD}
	tests := []struct {
		name string
		// before is what the file's last server had; nil: the file is new.
		before map[string]enumspb.IndexedValueType
	}{
		{name: "new database"},
		{name: "database that has none", before: map[string]enumspb.IndexedValueType{}},
		{name: "database that has another", before: one},
		{name: "database that has them all", before: devserver.SearchAttributes()},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			opts := devserver.Options{Headless: true, DBFilename: filepath.Join(t.TempDir(), "temporal.db")}
			if test.before != nil {
				opts.SearchAttributes = test.before
				devservertest.Start(t, opts).Stop()
			}
			opts.SearchAttributes = nil
			server := devservertest.Start(t, opts)
			c := devservertest.Dial(t, server, client.Options{})

			list, err := c.OperatorService().ListSearchAttributes(t.Context(), &operatorservice.ListSearchAttributesRequest{Namespace: "default"})
			require.NoError(t, err)
			want := devserver.SearchAttributes()
			maps.Copy(want, test.before)
			require.Equal(t, want, list.CustomAttributes)
			countByState(t, c, "running", 0)
			startInState(t, c, "running")
			countByState(t, c, "running", 1)
		})
	}
}

func startInState(t *testing.T, c client.Client, state string) {
	t.Helper()
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		TaskQueue:        "nobody",
		SearchAttributes: map[string]any{"PerdureState": state, "PerdurePercent": 40}, //nolint:staticcheck // untyped, as other SDKs send them
	}, "any")
	require.NoError(t, err)
}

// countByState waits until as many workflows as wanted are found by their state:
// visibility comes a little later.
func countByState(t *testing.T, c client.Client, state string, want int64) {
	t.Helper()
	require.EventuallyWithT(t, func(check *assert.CollectT) {
		response, err := c.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
			Query: "PerdureState = '" + state + "' AND PerdurePercent IS NOT NULL",
		})
		require.NoError(check, err)
		require.Equal(check, want, response.Count)
	}, time.Minute, 10*time.Millisecond)
}

func TestSearchAttributeOfAnotherType(t *testing.T) {
	t.Parallel()
	opts := devserver.Options{
		Headless:         true,
		DBFilename:       filepath.Join(t.TempDir(), "temporal.db"),
		SearchAttributes: map[string]enumspb.IndexedValueType{"PerdureState": enumspb.INDEXED_VALUE_TYPE_TEXT},
	}
	devservertest.Start(t, opts).Stop()
	opts.SearchAttributes = nil
	_, err := devserver.Start(t.Context(), opts)
	require.ErrorContains(t, err, "PerdureState is there as Text, not Keyword")
}

func TestDatabaseInUse(t *testing.T) {
	t.Parallel()
	opts := devserver.Options{Headless: true, DBFilename: filepath.Join(t.TempDir(), "temporal.db")}
	first := devservertest.Start(t, opts)
	_, err := devserver.Start(t.Context(), opts)
	require.ErrorContains(t, err, "in use by another server")
	first.Stop()
	devservertest.Start(t, opts)
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("changed my mind"))
	_, err := devserver.Start(ctx, devserver.Options{Headless: true})
	require.ErrorIs(t, err, context.Canceled)
}
