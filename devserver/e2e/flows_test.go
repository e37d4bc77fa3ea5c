package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/devservertest"
	"github.com/perdure-dev/perdure/examples/flows"
	"github.com/perdure-dev/perdure/examples/jobservice"
)

// flowsBinary is the user's worker of examples/flows, built when the first test wants it.
var flowsBinary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "perdure-flows-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "worker")
	build := exec.Command("go", "build", "-o", path, "./examples/flows/cmd/worker")
	build.Dir = "../.."
	build.Stderr = os.Stderr
	return path, build.Run()
})

// knownByKey: the service knows a start that is repeated, so that none is ambiguous.
const knownByKey = "    idempotency: {header: Idempotency-Key}\n"

// flows runs a user's worker, in a process of its own, beside Perdure's.
func (w *world) flows(dir string) *process {
	w.t.Helper()
	binary, err := flowsBinary()
	require.NoError(w.t, err)
	return w.run(w.server.HostPort(), binary, "-task-queue", w.queue+"-flows", "-perdure", w.queue, "-service", "jobs", "-dir", dir)
}

// run runs a program beside the world, and ends it with the test.
func (w *world) run(address, program string, args ...string) *process {
	w.t.Helper()
	p := &process{w: w, done: make(chan struct{})}
	p.cmd = exec.Command(program, args...)
	p.cmd.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+address)
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	require.NoError(w.t, p.cmd.Start())
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	w.t.Cleanup(func() {
		p.kill()
		if w.t.Failed() {
			w.t.Logf("%s said:\n%s", filepath.Base(program), p.log.String())
		}
	})
	return p
}

// startFlow starts a workflow of the user's.
func (w *world) startFlow(ctx context.Context, t *testing.T, name string, in any) client.WorkflowRun {
	t.Helper()
	run, err := w.raw.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: w.queue + "-flows"}, name, in)
	require.NoError(t, err)
	return run
}

// recordFlow writes the history of a user's workflow where PERDURE_RECORD_FLOWS says, such
// as ../../examples/flows/testdata/histories.
func (w *world) recordFlow(t *testing.T, name string, run client.WorkflowRun, runID string) {
	t.Helper()
	w.recordIn(t, os.Getenv("PERDURE_RECORD_FLOWS"), name, run.GetID(), runID)
}

// Fifty operations at most eight at once, while a worker of Perdure's and the user's worker
// die: each is started once, and the limit is kept.
func TestFanOutWithALimit(t *testing.T) {
	t.Parallel()
	const stores, limit = 50, 8
	w := newWorld(t, settings{extra: knownByKey})
	ours, users := w.worker(), w.flows(t.TempDir())
	ctx, done := contextFor(t, 4*time.Minute)
	defer done()
	in := flows.CreateStoresInput{Limit: limit}
	for i := range stores {
		in.Stores = append(in.Stores, flows.NewStore{Name: fmt.Sprintf("store-%d", i), Metadata: map[string]string{"seconds": "1.5"}})
	}
	run := w.startFlow(ctx, t, flows.WorkflowCreateStores, in)
	w.booked(ctx, "ten are started", func(b jobservice.Books) bool { return len(b.Starts()) >= 10 })
	ours.kill()
	w.worker()
	w.booked(ctx, "twenty are started", func(b jobservice.Books) bool { return len(b.Starts()) >= 20 })
	users.kill()
	w.flows(t.TempDir())
	var got []flows.Created
	require.NoError(t, run.Get(ctx, &got))
	require.Len(t, got, stores)
	for _, c := range got {
		require.Equal(t, perdure.StateSucceeded, c.State, "%+v", c)
	}
	books := w.service.Books()
	require.Len(t, books.Operations(), stores)
	require.LessOrEqual(t, atOnce(books), limit)
}

// A fan-out that is canceled ends what is under way, and starts nothing more.
func TestFanOutCanceled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.worker()
	w.flows(t.TempDir())
	ctx := patient(t)
	in := flows.CreateStoresInput{Limit: 2}
	for _, name := range []string{"a", "b", "c"} {
		in.Stores = append(in.Stores, flows.NewStore{Name: name, Metadata: map[string]string{"seconds": "1"}})
	}
	run := w.startFlow(ctx, t, flows.WorkflowCreateStores, in)
	require.NoError(t, run.Get(ctx, nil))
	w.recordFlow(t, "three-with-a-limit", run, "")

	for i := range in.Stores {
		in.Stores[i].Metadata["seconds"] = "3600"
	}
	run = w.startFlow(ctx, t, flows.WorkflowCreateStores, in)
	w.booked(ctx, "two more are started", func(b jobservice.Books) bool { return len(b.Operations()) == 5 })
	require.NoError(t, w.raw.CancelWorkflow(ctx, run.GetID(), ""))
	var canceled *temporal.CanceledError
	require.ErrorAs(t, run.Get(ctx, nil), &canceled)
	require.Len(t, w.service.Books().Operations(), 5)
	w.recordFlow(t, "canceled", run, "")
}

// atOnce is the most operations that had been started and were not known to be over.
func atOnce(books jobservice.Books) int {
	running, most := map[string]bool{}, 0
	for _, e := range books {
		switch {
		case e.Action == jobservice.Start && e.Operation != "" && e.State != "completed":
			running[e.Operation] = true
		case e.State == "completed":
			delete(running, e.Operation)
		}
		most = max(most, len(running))
	}
	return most
}

// The user's worker dies by SIGKILL again and again while it goes through a list, in runs
// that continue as new. Each page is asked of the service once and kept once.
func TestPagesSurviveTheUsersWorker(t *testing.T) {
	t.Parallel()
	const pages, perPage = 40, 3
	server := devservertest.Start(t, devserver.Options{Headless: true, DynamicConfig: map[string]any{
		"limit.historyCount.suggestContinueAsNew": 100,
	}})
	w := newWorld(t, settings{server: server, service: jobservice.Options{Items: jobservice.ItemOptions{Count: pages * perPage, PerPage: perPage}}})
	w.worker()
	dir := t.TempDir()
	users := w.flows(dir)
	ctx, done := contextFor(t, 4*time.Minute)
	defer done()
	run := w.startFlow(ctx, t, flows.WorkflowKeepPages, flows.KeepPagesInput{List: items()})
	first := run.GetRunID()
	for kept := 3; kept < pages; kept += 9 {
		eventually(ctx, t, "more pages are kept", func() bool { return len(keptPages(t, dir)) >= kept })
		users.kill()
		users = w.flows(dir)
	}
	var n int
	require.NoError(t, run.Get(ctx, &n))
	require.Equal(t, pages, n)
	requireKept(t, dir, pages, perPage)
	asked := w.service.Books().Summary().Pages["/v1/items"]
	require.Len(t, asked, pages)
	for page, times := range asked {
		require.Equal(t, 1, times, "page %d", page)
	}
	runs := w.chain(ctx, t, run.GetID(), first)
	require.Greater(t, len(runs), 1, "it continued as new")
	require.Equal(t, pages, w.activitiesCompleted(ctx, t, run, runs))
	w.recordFlow(t, "killed-first-run", run, runs[0])
	w.recordFlow(t, "killed-last-run", run, runs[len(runs)-1])
}

// A page that cannot be kept, and one that cannot be had, ends the workflow with its
// place, from which another goes on with that very page.
func TestGoOnFromThePageThatFailed(t *testing.T) {
	t.Parallel()
	const pages, perPage = 7, 2
	w := newWorld(t, settings{service: jobservice.Options{Items: jobservice.ItemOptions{Count: pages * perPage, PerPage: perPage}}})
	w.worker()
	dir := t.TempDir()
	w.flows(dir)
	ctx := patient(t)
	obstacle := filepath.Join(dir, "page-000002.json")
	require.NoError(t, os.MkdirAll(filepath.Join(obstacle, "in the way"), 0o700))
	w.fault(t, jobservice.Fault{Page: new(4), Status: http.StatusForbidden})

	run := w.startFlow(ctx, t, flows.WorkflowKeepPages, flows.KeepPagesInput{List: items()})
	place := stoppedAt(ctx, t, run)
	require.Equal(t, 2, place.Kept)
	w.recordFlow(t, "page-that-cannot-be-kept", run, "")
	require.NoError(t, os.RemoveAll(obstacle))

	run = w.startFlow(ctx, t, flows.WorkflowKeepPages, place)
	place = stoppedAt(ctx, t, run)
	require.Equal(t, 4, place.Kept)
	w.recordFlow(t, "page-that-cannot-be-had", run, "")

	run = w.startFlow(ctx, t, flows.WorkflowKeepPages, place)
	var n int
	require.NoError(t, run.Get(ctx, &n))
	require.Equal(t, pages, n)
	requireKept(t, dir, pages, perPage)
}

func stoppedAt(ctx context.Context, t *testing.T, run client.WorkflowRun) flows.KeepPagesInput {
	t.Helper()
	var place flows.KeepPagesInput
	var stopped *temporal.ApplicationError
	require.ErrorAs(t, run.Get(ctx, nil), &stopped)
	require.Equal(t, flows.ErrorStopped, stopped.Type())
	require.NoError(t, stopped.Details(&place))
	return place
}

func keptPages(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "page-*.json"))
	require.NoError(t, err)
	return files
}

func requireKept(t *testing.T, dir string, pages, perPage int) {
	t.Helper()
	files := keptPages(t, dir)
	require.Len(t, files, pages)
	for i, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		var values []item
		require.NoError(t, json.Unmarshal(raw, &values))
		numbers := make([]int, 0, perPage)
		for _, v := range values {
			numbers = append(numbers, v.Number)
		}
		require.Equal(t, numbersFrom(i*perPage, perPage), numbers, file)
	}
}

// chain are the runs of a workflow from the first on.
func (w *world) chain(ctx context.Context, t *testing.T, id, first string) []string {
	t.Helper()
	var runs []string
	for next := first; next != ""; {
		runs = append(runs, next)
		h := w.history(ctx, t, id, next)
		next = h.GetEvents()[len(h.GetEvents())-1].GetWorkflowExecutionContinuedAsNewEventAttributes().GetNewExecutionRunId()
	}
	return runs
}

func (w *world) activitiesCompleted(ctx context.Context, t *testing.T, run client.WorkflowRun, runs []string) int {
	t.Helper()
	n := 0
	for _, id := range runs {
		for _, e := range w.history(ctx, t, run.GetID(), id).GetEvents() {
			if e.GetEventType() == enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED {
				n++
			}
		}
	}
	return n
}

// Upload, batch and download, each once, while a worker of Perdure's dies in between.
func TestUploadBatchAndDownload(t *testing.T) {
	t.Parallel()
	files := &fileService{}
	w := newWorld(t, settings{front: files.before, service: jobservice.Options{PollAfter: 500 * time.Millisecond}, extra: knownByKey})
	ours := w.worker()
	w.flows(t.TempDir())
	ctx := patient(t)
	run := w.startFlow(ctx, t, flows.WorkflowAnswer, flows.AnswerInput{Questions: `{"custom_id":"1"}`, Metadata: map[string]string{"seconds": "2"}})
	w.booked(ctx, "the batch is started", func(b jobservice.Books) bool { return len(b.Starts()) == 1 })
	ours.kill()
	w.worker()
	var answers string
	require.NoError(t, run.Get(ctx, &answers))
	require.Equal(t, answered, answers)
	require.Len(t, w.service.Books().Operations(), 1)
	uploads, downloads := files.counted()
	require.Len(t, uploads, 1)
	require.Contains(t, uploads[0], `{"custom_id":"1"}`)
	require.Equal(t, 1, downloads)
	w.recordFlow(t, "upload-batch-download", run, "")
}

// answered is one line: a file that may be taken for JSON.
const answered = `{"custom_id":"1","response":{"status_code":200}}`

// fileService takes and gives files, before a service that has none.
type fileService struct {
	mu        sync.Mutex
	uploads   []string
	downloads int
}

func (f *fileService) counted() ([]string, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.uploads, f.downloads
}

func (f *fileService) before(service http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", service)
	mux.HandleFunc("POST /v1/files", func(w http.ResponseWriter, r *http.Request) {
		content, _, err := r.FormFile("file")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		text := make([]byte, 1000)
		n, _ := content.Read(text)
		f.mu.Lock()
		f.uploads = append(f.uploads, string(text[:n]))
		f.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id":"file-1","object":"file","status":"processed"}`))
	})
	mux.HandleFunc("GET /v1/files/{id}/content", func(w http.ResponseWriter, _ *http.Request) {
		f.mu.Lock()
		f.downloads++
		f.mu.Unlock()
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write([]byte(answered))
	})
	return mux
}

// A stream is heard word by word, in runs that continue as new, while the user's worker
// dies: nothing is missed and nothing heard twice.
func TestListenInManyRuns(t *testing.T) {
	t.Parallel()
	server := devservertest.Start(t, devserver.Options{Headless: true, DynamicConfig: map[string]any{
		"limit.historyCount.suggestContinueAsNew": 60,
	}})
	src := newSource(t, true)
	w := newWorld(t, settings{server: server, url: src.URL})
	w.worker()
	users := w.flows(t.TempDir())
	ctx := patient(t)
	run := w.startFlow(ctx, t, flows.WorkflowListen, flows.ListenInput{Input: streamInput(http.MethodGet)})
	first := run.GetRunID()
	want := ""
	for i := range 25 {
		if i == 12 {
			users.kill()
			w.flows(t.TempDir())
		}
		src.send(1)
		want += fmt.Sprintf("event %d → ünï", i)
		eventually(ctx, t, "it is heard", func() bool {
			var heard string
			answer, err := w.raw.QueryWorkflow(ctx, run.GetID(), "", flows.QueryHeard)
			return err == nil && answer.Get(&heard) == nil && heard == want
		})
	}
	src.end()
	var heard string
	require.NoError(t, run.Get(ctx, &heard))
	require.Equal(t, want, heard)
	runs := w.chain(ctx, t, run.GetID(), first)
	require.Greater(t, len(runs), 1, "it continued as new")
	require.Len(t, src.asked(), 1)
	w.recordFlow(t, "listened-first-run", run, runs[0])
	w.recordFlow(t, "listened-last-run", run, runs[len(runs)-1])
}

// A workflow that is canceled breaks off the stream that it had abandoned.
func TestListenCanceled(t *testing.T) {
	t.Parallel()
	src := newSource(t, true)
	w := newWorld(t, settings{url: src.URL})
	w.worker()
	w.flows(t.TempDir())
	ctx := patient(t)
	run := w.startFlow(ctx, t, flows.WorkflowListen, flows.ListenInput{Input: streamInput(http.MethodGet)})
	eventually(ctx, t, "it is connected", func() bool { return len(src.asked()) == 1 })
	require.NoError(t, w.raw.CancelWorkflow(ctx, run.GetID(), ""))
	var canceled *temporal.CanceledError
	require.ErrorAs(t, run.Get(ctx, nil), &canceled)
	for _, e := range w.history(ctx, t, run.GetID(), "").GetEvents() {
		if started := e.GetChildWorkflowExecutionStartedEventAttributes(); started != nil {
			require.ErrorAs(t, w.raw.GetWorkflow(ctx, started.GetWorkflowExecution().GetWorkflowId(), "").Get(ctx, nil), &canceled)
		}
	}
	w.recordFlow(t, "canceled", run, "")
}

// Temporal's schedules start operations, each with a key of its own.
func TestAnOperationOnASchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.worker()
	ctx := patient(t)
	f := flows.Flows{Perdure: w.queue, Service: "jobs"}
	schedule, err := w.raw.ScheduleClient().Create(ctx, f.Nightly(w.queue+"-nightly", vectorStore(time.Second)))
	require.NoError(t, err)
	t.Cleanup(func() { _ = schedule.Delete(context.WithoutCancel(ctx)) })
	for i := range 2 {
		began := time.Now().Unix()
		require.NoError(t, schedule.Trigger(ctx, client.ScheduleTriggerOptions{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_ALLOW_ALL}))
		w.booked(ctx, "it is started", func(b jobservice.Books) bool { return len(b.Operations()) == i+1 })
		// A schedule's workflow ids have the time to the second: two in one are one.
		eventually(ctx, t, "the next second", func() bool { return time.Now().Unix() > began+1 })
	}
	d, err := schedule.Describe(ctx)
	require.NoError(t, err)
	for _, action := range d.Info.RecentActions {
		var result perdure.OperationResult
		started := action.StartWorkflowResult
		require.NoError(t, w.raw.GetWorkflow(ctx, started.WorkflowID, started.FirstExecutionRunID).Get(ctx, &result))
		require.Equal(t, perdure.StateSucceeded, result.State)
	}
	require.Len(t, w.service.Books().Starts(), 2)
}
