package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
)

// Everything that a worker can have in flight moves from workers without a version to the
// build A, to B, and back to A. It ends where it has come to: each operation was started
// once, no page was asked for twice, no event is lost, and no workflow task has failed.
// PERDURE_E2E_BINARY_BEFORE names a binary of the release before, which is the build A
// then; what its workflows do otherwise is in the recorded histories besides.
func TestTwoBuildsRolledOverEachOther(t *testing.T) {
	t.Parallel()
	const pages, perPage = 12, 2
	src := newSource(t, true)
	w := newWorld(t, settings{
		watch:   "{thresholdSeconds: 2, windowSeconds: 600}",
		service: jobservice.Options{Items: jobservice.ItemOptions{Count: pages * perPage, PerPage: perPage}},
		extra:   "  events:\n    baseURL: " + src.URL + "\n    allowPrivateNetwork: true\n",
	})
	ctx, done := contextFor(t, 4*time.Minute)
	defer done()
	finish := w.holdJobs(t)
	worker := w.worker()
	first := w.startJobs(ctx, t, "first", 6)
	list, err := starter.StartCollection[item](ctx, w.client, items(), nil)
	require.NoError(t, err)
	in := streamInput(http.MethodGet)
	in.Request.Service = "events"
	events, err := starter.StartStream[string](ctx, w.client, in, nil)
	require.NoError(t, err)
	over, err := starter.Start[map[string]any](ctx, w.client, job(`{"name":"refused","fail_status":409,"fail":"no","steps":1}`), nil)
	require.NoError(t, err)

	phase, jobs := 0, first
	step := func(on string) { // something of everything goes on, on that build
		src.send(5)
		take(ctx, t, events, 5*phase, 5)
		page, err := list.Page(ctx, phase)
		require.NoError(t, err)
		require.Equal(t, numbersFrom(phase*perPage, perPage), numbersOf(page))
		for _, op := range jobs {
			w.runsOn(ctx, t, op.ID(), on)
			eventually(ctx, t, "a worker says how it is", func() bool {
				s, err := op.Status(ctx)
				require.NoError(t, err)
				require.Equal(t, perdure.StateRunning, s.State)
				return !s.Stale
			})
		}
		phase++
	}
	step("")
	worker = w.roll(ctx, t, worker, "A")
	step("A")
	second := w.startJobs(ctx, t, "second", 3)
	jobs = slices.Concat(jobs, second)
	worker = w.roll(ctx, t, worker, "B")
	step("B")
	third := w.startJobs(ctx, t, "third", 3)
	jobs = slices.Concat(jobs, third)
	w.roll(ctx, t, worker, "A")
	step("A")
	finish()
	src.end()
	for _, op := range jobs {
		value, err := op.Wait(ctx, nil)
		require.NoError(t, err)
		require.NotEmpty(t, value)
	}
	n, err := rest(ctx, events, 0)
	require.NoError(t, err)
	require.Equal(t, 5*phase, n)
	got, err := rangesOver(ctx, list)
	require.NoError(t, err)
	require.Equal(t, pageNumbers(0, pages, perPage), got)
	w.eachPageOnce(t, "/v1/items", pages)
	s, err := over.Status(ctx) // closed before there were versions, and asked for under one
	require.NoError(t, err)
	require.True(t, s.Done)
	books := w.service.Books()
	require.Len(t, books.Operations(), len(first)+len(second)+len(third)+1)
	require.Len(t, books.Starts(), len(books.Operations()), "each was started once")

	for _, op := range first {
		require.Equal(t, []string{"", "A", "B", "A"}, w.buildsOf(ctx, t, op.ID()))
	}
	w.record(t, "moved-between-builds", first[0].ID(), "")
	for _, op := range second {
		require.Equal(t, []string{"A", "B", "A"}, w.buildsOf(ctx, t, op.ID()))
	}
	for _, op := range third {
		require.Equal(t, []string{"B", "A"}, w.buildsOf(ctx, t, op.ID()))
	}
	for _, id := range []string{list.ID(), events.ID()} {
		require.Equal(t, []string{"", "A", "B", "A"}, w.buildsOf(ctx, t, id))
	}
}

// holdJobs has no job end before finish is called.
func (w *world) holdJobs(t *testing.T) (finish func()) {
	t.Helper()
	_, err := w.service.Inject(jobservice.Fault{
		Action: jobservice.Poll, Path: "/jobs/*", Times: -1,
		Status: http.StatusAccepted, Body: json.RawMessage(`{"status":"running"}`), AfterHandling: true,
	})
	require.NoError(t, err)
	return w.service.ClearFaults
}

// startJobs starts n jobs, every third of which waits on a timer, and the others in an
// activity.
func (w *world) startJobs(ctx context.Context, t *testing.T, name string, n int) []*starter.Operation[map[string]any] {
	t.Helper()
	var all []*starter.Operation[map[string]any]
	for i := range n {
		in := job(fmt.Sprintf(`{"name":"%s %d"}`, name, i))
		if i%3 == 0 {
			in.Polling.IntervalSeconds = 3
		}
		op, err := starter.Start[map[string]any](ctx, w.client, in, nil)
		require.NoError(t, err)
		all = append(all, op)
	}
	return all
}

// build starts a worker that is a version of the world's deployment.
func (w *world) build(id string) *process {
	w.t.Helper()
	written, err := os.ReadFile(w.config)
	require.NoError(w.t, err)
	config := filepath.Join(w.dir, "perdure-"+id+".yaml")
	versioned := strings.Replace(string(written), "worker: {", fmt.Sprintf("worker: {deployment: {name: %s, buildId: %s}, ", w.queue, id), 1)
	require.NoError(w.t, os.WriteFile(config, []byte(versioned), 0o600))
	binary := perdureBinary
	if before := os.Getenv("PERDURE_E2E_BINARY_BEFORE"); before != "" && id == "A" {
		binary = before
	}
	return w.processOf(binary, []string{"TEMPORAL_ADDRESS=" + w.server.HostPort()}, "worker", "--config", config)
}

// roll replaces a worker by a build as operations.md says: the next is started and made
// the current one, and then the one before is stopped.
func (w *world) roll(ctx context.Context, t *testing.T, before *process, id string) *process {
	t.Helper()
	next := w.build(id)
	deployment := w.raw.WorkerDeploymentClient().GetHandle(w.queue)
	eventually(ctx, t, "Temporal knows the build "+id, func() bool {
		_, err := deployment.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{BuildID: id})
		return err == nil
	})
	before.stop()
	require.Zero(t, before.cmd.ProcessState.ExitCode())
	return next
}

// runsOn waits until a workflow has had a task on a build, "" for workers without one.
func (w *world) runsOn(ctx context.Context, t *testing.T, id, build string) {
	t.Helper()
	eventually(ctx, t, id+" runs on "+build, func() bool {
		d, err := w.raw.DescribeWorkflowExecution(ctx, id, "")
		require.NoError(t, err)
		info := d.GetWorkflowExecutionInfo().GetVersioningInfo()
		if build != "" {
			require.NotEqual(t, enumspb.VERSIONING_BEHAVIOR_PINNED, info.GetBehavior())
		}
		return info.GetDeploymentVersion().GetBuildId() == build
	})
}

// buildsOf are the builds of a workflow's tasks in order, each once where several follow
// each other. It demands that none has failed.
func (w *world) buildsOf(ctx context.Context, t *testing.T, id string) []string {
	t.Helper()
	var builds []string
	for _, e := range w.history(ctx, t, id, "").GetEvents() {
		require.NotEqual(t, enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED, e.GetEventType(), "%v", e)
		if e.GetEventType() != enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			continue
		}
		build := e.GetWorkflowTaskCompletedEventAttributes().GetDeploymentVersion().GetBuildId()
		if len(builds) == 0 || builds[len(builds)-1] != build {
			builds = append(builds, build)
		}
	}
	return builds
}
