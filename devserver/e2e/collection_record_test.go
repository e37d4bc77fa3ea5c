package e2e_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/devservertest"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
)

// The lists of these scenarios have four pages of two items.
const recordedPages, recordedPerPage = 4, 2

// collectionScenarios make the histories of collections and pages that the replay test
// of package workflows keeps, as scenarios does those of operations.
var collectionScenarios = []struct {
	name string
	next map[int]int // of the lists
	play func(t *testing.T, w *world) string
}{
	{name: "read-to-the-end", play: func(t *testing.T, w *world) string {
		t.Helper()
		w.readsOn(t, items(), 0, recordedPages)
		return w.queue
	}},
	{name: "failing-page-asked-for-again", play: func(t *testing.T, w *world) string {
		t.Helper()
		w.fault(t, jobservice.Fault{Page: new(2), Status: http.StatusForbidden})
		_, err := w.reads(t, items(), 0)
		requireCollectionError(t, err, perdure.ErrorPageRejected)
		w.readsOn(t, items(), 2, recordedPages)
		return w.queue
	}},
	{name: "page-that-leads-back", next: map[int]int{2: 1}, play: func(t *testing.T, w *world) string {
		t.Helper()
		list := itemList{path: "/items"}
		for range 2 {
			_, err := w.reads(t, list.input(), 0)
			requireCollectionError(t, err, perdure.ErrorProtocolViolation)
		}
		w.cancels(t)
		return w.queue
	}},
	{name: "page-after-transient-failures", play: func(t *testing.T, w *world) string {
		t.Helper()
		w.fault(t, jobservice.Fault{Page: new(0), Status: http.StatusServiceUnavailable})
		w.fault(t, jobservice.Fault{Page: new(1), Drop: jobservice.DropInAnswer})
		w.readsOn(t, items(), 0, recordedPages)
		return w.queue
	}},
	{name: "closed-when-idle", play: func(t *testing.T, w *world) string {
		t.Helper()
		ctx := patient(t)
		_, err := starter.StartCollection[item](ctx, w.client, items(closesWhenIdle(1)), &starter.CollectionOptions{ID: w.queue})
		require.NoError(t, err)
		require.NoError(t, w.closed(ctx, w.queue))
		return w.queue
	}},
	{name: "idle-while-a-page-is-waited-for", play: func(t *testing.T, w *world) string {
		t.Helper()
		w.fault(t, jobservice.Fault{Page: new(1), HoldMillis: 3000})
		w.readsOn(t, items(closesWhenIdle(1)), 0, recordedPages)
		return w.queue
	}},
	{name: "canceled-while-a-page-is-on-its-way", play: func(t *testing.T, w *world) string {
		t.Helper()
		w.fault(t, jobservice.Fault{Page: new(1), HoldUntilReleased: true})
		failed := make(chan error, 1)
		go func() { _, err := w.reads(t, items(), 0); failed <- err }()
		w.booked(patient(t), "page 1 is asked for", func(b jobservice.Books) bool { return b.PageCounts()[1] == 1 })
		w.cancels(t)
		requireCollectionError(t, <-failed, perdure.ErrorCanceled)
		return w.queue
	}},
	{name: "canceled-in-temporal", play: func(t *testing.T, w *world) string {
		t.Helper()
		ctx := patient(t)
		_, err := starter.StartCollection[item](ctx, w.client, items(), &starter.CollectionOptions{ID: w.queue})
		require.NoError(t, err)
		require.NoError(t, w.raw.CancelWorkflow(ctx, w.queue, ""))
		require.Error(t, w.raw.GetWorkflow(ctx, w.queue, "").Get(ctx, nil))
		return w.queue
	}},
	{name: "max-pages", play: func(t *testing.T, w *world) string {
		t.Helper()
		w.readsOn(t, items(func(in *perdure.CollectionInput) { in.MaxPages = 2 }), 0, 2)
		return w.queue
	}},
	{name: "asked-with-a-limit", play: func(t *testing.T, w *world) string {
		t.Helper()
		held := w.fault(t, jobservice.Fault{Page: new(1), HoldUntilReleased: true})
		ctx := patient(t)
		_, err := starter.StartCollection[item](ctx, w.client, items(), &starter.CollectionOptions{ID: w.queue})
		require.NoError(t, err)
		for _, seconds := range []float64{0, 0.5} {
			require.Equal(t, 1, w.waits(ctx, t, perdure.WaitRequest{Index: 1, WaitSeconds: &seconds}).Pages)
		}
		w.service.Release(held)
		require.GreaterOrEqual(t, w.waits(ctx, t, perdure.WaitRequest{Index: 1, Ahead: 2}).Pages, 2)
		w.readsOn(t, items(), 2, recordedPages)
		return w.queue
	}},
	{name: "taken-up-from-a-token", play: func(t *testing.T, w *world) string {
		t.Helper()
		page := w.pageOf(patient(t), t, items(), w.queue+"-first", 1)
		w.readsOn(t, perdure.CollectionInput{Token: page.NextPageToken.Text()}, 2, recordedPages)
		return w.queue
	}},
	{name: "failed", play: func(t *testing.T, w *world) string {
		t.Helper()
		_, err := w.reads(t, list("smoke"), 0)
		requireCollectionError(t, err, perdure.ErrorInvalidInput)
		return w.queue
	}},
	{name: "invalid-input", play: func(t *testing.T, w *world) string {
		t.Helper()
		return w.runs(t, perdure.WorkflowCollection, json.RawMessage(`{"reqest":{}}`))
	}},

	{name: "quick", play: func(t *testing.T, w *world) string {
		t.Helper()
		return w.getsPage(t, items())
	}},
	{name: "by-a-token", play: func(t *testing.T, w *world) string {
		t.Helper()
		page := w.pageOf(patient(t), t, items(), w.queue+"-first", 1)
		return w.getsPage(t, perdure.CollectionInput{Token: page.PageToken.Text()})
	}},
	{name: "after-a-transient-failure", play: func(t *testing.T, w *world) string {
		t.Helper()
		w.fault(t, jobservice.Fault{Page: new(0), Status: http.StatusServiceUnavailable, Headers: map[string]string{"Retry-After": "1"}})
		return w.getsPage(t, items())
	}},
	{name: "slow", play: func(t *testing.T, w *world) string {
		t.Helper()
		w.fault(t, jobservice.Fault{Page: new(0), HoldMillis: 6000})
		return w.getsPage(t, items())
	}},
	{name: "rejected", play: func(t *testing.T, w *world) string {
		t.Helper()
		w.fault(t, jobservice.Fault{Page: new(0), Status: http.StatusForbidden})
		return w.runs(t, perdure.WorkflowPage, items())
	}},
	{name: "timed-out", play: func(t *testing.T, w *world) string {
		t.Helper()
		w.fault(t, jobservice.Fault{Page: new(0), Status: http.StatusServiceUnavailable, Times: -1})
		return w.runs(t, perdure.WorkflowPage, items(closesWhenIdle(3)))
	}},
	{name: "given-up", play: func(t *testing.T, w *world) string {
		t.Helper()
		held := w.fault(t, jobservice.Fault{Page: new(0), HoldUntilReleased: true})
		defer w.service.Release(held)
		ctx := patient(t)
		run, err := w.raw.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: w.queue}, perdure.WorkflowPage, items())
		require.NoError(t, err)
		w.booked(ctx, "it is asked for", func(b jobservice.Books) bool { return len(b) == 1 })
		require.NoError(t, w.raw.SignalWorkflow(ctx, run.GetID(), "", perdure.SignalCancel, perdure.CancelSignal{}))
		require.Error(t, run.Get(ctx, nil))
		return run.GetID()
	}},
	{name: "invalid-page-input", play: func(t *testing.T, w *world) string {
		t.Helper()
		return w.runs(t, perdure.WorkflowPage, json.RawMessage(`{"reqest":{}}`))
	}},
}

// The scenarios end as they say, and are recorded where PERDURE_RECORD says.
func TestCollectionScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range collectionScenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, settings{service: jobservice.Options{Items: jobservice.ItemOptions{
				Count: recordedPages * recordedPerPage, PerPage: recordedPerPage, Next: s.next,
			}}})
			w.worker()
			w.record(t, s.name, s.play(t, w), "")
		})
	}
}

// fault puts one in place, and gives its id.
func (w *world) fault(t *testing.T, f jobservice.Fault) string {
	t.Helper()
	f.Action = jobservice.List
	id, err := w.service.Inject(f)
	require.NoError(t, err)
	return id
}

// reads goes through the collection from a page on.
func (w *world) reads(t *testing.T, in perdure.CollectionInput, from int) ([][]int, error) {
	t.Helper()
	ctx := patient(t)
	c, err := starter.StartCollection[item](ctx, w.client, in, &starter.CollectionOptions{ID: w.queue})
	if err != nil {
		return nil, err
	}
	return rangesFrom(ctx, c, from)
}

// readsOn demands the pages from one to before end; a token's collection begins at it.
func (w *world) readsOn(t *testing.T, in perdure.CollectionInput, from, end int) {
	t.Helper()
	index := from
	if in.Token != "" {
		index = 0
	}
	got, err := w.reads(t, in, index)
	require.NoError(t, err)
	require.Equal(t, pageNumbers(from, end, recordedPerPage), got)
}

func (w *world) cancels(t *testing.T) {
	t.Helper()
	ctx := patient(t)
	c, err := starter.AttachCollection[item](ctx, w.client, w.queue)
	require.NoError(t, err)
	require.NoError(t, c.Cancel(ctx, "recorded"))
	require.Error(t, w.raw.GetWorkflow(ctx, w.queue, "").Get(ctx, nil))
}

// waits is the update.
func (w *world) waits(ctx context.Context, t *testing.T, r perdure.WaitRequest) perdure.CollectionStatus {
	t.Helper()
	u, err := w.raw.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: w.queue, UpdateName: perdure.UpdateWait, Args: []any{r}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	require.NoError(t, err)
	var s perdure.CollectionStatus
	require.NoError(t, u.Get(ctx, &s))
	return s
}

// getsPage gets the first page that the input asks for.
func (w *world) getsPage(t *testing.T, in perdure.CollectionInput) string {
	t.Helper()
	page, err := starter.GetPage[item](patient(t), w.client, in, &starter.PageOptions{ID: w.queue})
	require.NoError(t, err)
	require.Len(t, page.Values, recordedPerPage)
	return w.queue
}

// runs a workflow that fails, by its name.
func (w *world) runs(t *testing.T, name string, in any) string {
	t.Helper()
	ctx := patient(t)
	run, err := w.raw.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: w.queue}, name, in)
	require.NoError(t, err)
	require.Error(t, run.Get(ctx, nil))
	return run.GetID()
}

// Between two pages, on a server that suggests it early.
func TestCollectionsThatContinueAsNew(t *testing.T) {
	t.Parallel()
	server := devservertest.Start(t, devserver.Options{Headless: true, DynamicConfig: map[string]any{
		"limit.historyCount.suggestContinueAsNew": 40,
	}})
	w := newWorld(t, settings{server: server, service: jobservice.Options{Items: jobservice.ItemOptions{Count: 24, PerPage: recordedPerPage}}})
	w.worker()
	w.readsOn(t, items(), 0, 12)
	runs := w.runsOf(t)
	require.GreaterOrEqual(t, len(runs), 2)
	w.record(t, "continued-first-run", w.queue, runs[0])
	w.record(t, "continued-second-run", w.queue, runs[1])
}

// runsOf are the runs that hold the pages of the collection.
func (w *world) runsOf(t *testing.T) (ids []string) {
	t.Helper()
	c, err := starter.AttachCollection[item](patient(t), w.client, w.queue)
	require.NoError(t, err)
	s, err := c.Status(patient(t))
	require.NoError(t, err)
	for _, segment := range s.Segments {
		ids = append(ids, segment.RunID)
	}
	return ids
}
