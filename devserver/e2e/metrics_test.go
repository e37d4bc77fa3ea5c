package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/starter"
)

// listen has the worker serve health and metrics.
func (w *world) listen() {
	w.t.Helper()
	config, err := os.ReadFile(w.config)
	require.NoError(w.t, err)
	listening := strings.Replace(string(config), "worker: {", `worker: {listen: "127.0.0.1:0", `, 1)
	require.NoError(w.t, os.WriteFile(w.config, []byte(listening), 0o600))
}

var listensAt = regexp.MustCompile(`"address":"([^"]+)"`)

// get gives what the worker answers to a path of its address.
func (p *process) get(path string) string {
	p.w.t.Helper()
	at := listensAt.FindStringSubmatch(p.log.String())
	require.NotNil(p.w.t, at)
	answer, err := http.Get("http://" + at[1] + path)
	require.NoError(p.w.t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(p.w.t, err)
	require.Equal(p.w.t, http.StatusOK, answer.StatusCode, "%s", body)
	return string(body)
}

// scrape is what a worker has counted.
type scrape string

// sum adds up the series that have these labels, each written name="value".
func (s scrape) sum(t *testing.T, name string, labels ...string) float64 {
	t.Helper()
	total := 0.0
lines:
	for line := range strings.Lines(string(s)) {
		if !strings.HasPrefix(line, name+"{") {
			continue
		}
		for _, l := range labels {
			if !strings.Contains(line, l) {
				continue lines
			}
		}
		fields := strings.Fields(line)
		value, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		require.NoError(t, err)
		total += value
	}
	return total
}

// names are those of our metrics.
func (s scrape) names() []string {
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (perdure_\w+) `).FindAllStringSubmatch(string(s), -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return out
}

// alerted are the SDK's metrics that alerts ask for.
func alerted(t *testing.T) []string {
	t.Helper()
	rules, err := os.ReadFile("../../deploy/alerts.yaml")
	require.NoError(t, err)
	names := regexp.MustCompile(`\btemporal_\w+`).FindAllString(string(rules), -1)
	slices.Sort(names)
	return slices.Compact(names)
}

// documented are the metrics of the page.
func documented(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	var out []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(perdure_\\w+)` \\|").FindAllStringSubmatch(string(page), -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return out
}

// A worker tells what became of everything, in numbers.
func TestMetricsOfAWorker(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{service: jobservice.Options{NoIdempotency: true}, extra: "    limits: {requestTimeoutSeconds: 3}\n"})
	w.listen()
	p := w.worker()
	p.ready()
	ctx := patient(t)
	run := func(in perdure.OperationInput) error {
		_, _, err := starter.Run[map[string]any](ctx, w.client, in, nil)
		return err
	}

	require.NoError(t, run(vectorStore(300*time.Millisecond)))
	require.Error(t, run(failing()))
	_, err := w.service.Inject(jobservice.Fault{Action: jobservice.Poll, Status: 429, Headers: map[string]string{"Retry-After": "1"}})
	require.NoError(t, err)
	require.NoError(t, run(vectorStore(300*time.Millisecond)))
	_, err = w.service.Inject(jobservice.Fault{Action: jobservice.Start, Drop: jobservice.DropBeforeAnswer})
	require.NoError(t, err)
	_, err = starter.Start[map[string]any](ctx, w.client, job(`{"name":"secret name","seconds":1}`), &starter.StartOptions{ID: w.queue})
	require.Error(t, err, "it is ambiguous")

	var got scrape
	eventually(ctx, t, "the open operations are counted", func() bool {
		got = scrape(p.get("/metrics"))
		return got.sum(t, "perdure_open_operations", `service="jobs"`, `state="ambiguous"`) == 1
	})
	for series, want := range map[string]float64{
		`perdure_starts_total outcome="accepted"`:                  3,
		`perdure_starts_total outcome="ambiguous"`:                 1,
		`perdure_starts_total outcome="rejected"`:                  0,
		`perdure_polls_total outcome="again"`:                      1,
		`perdure_requests_total status="429"`:                      1,
		`perdure_requests_total status="none"`:                     1,
		`perdure_retry_after_obeyed_total service="jobs"`:          1,
		`perdure_operations_ended_total state="succeeded"`:         2,
		`perdure_operations_ended_total state="failed"`:            1,
		`perdure_credential_failures_total service="jobs"`:         0,
		`perdure_open_operations state="running"`:                  0,
		`temporal_activity_execution_failed_total namespace=`:      0,
		`temporal_worker_start_total worker_type="ActivityWorker"`: 1,
	} {
		name, label, _ := strings.Cut(series, " ")
		require.Equal(t, want, got.sum(t, name, label), "%s in\n%s", series, got)
	}
	require.GreaterOrEqual(t, got.sum(t, "perdure_polls_total", `outcome="answered"`), 3.0)
	require.Equal(t, got.sum(t, "perdure_polls_total"), got.sum(t, "perdure_poll_lateness_seconds_count"))
	require.Less(t, got.sum(t, "perdure_poll_lateness_seconds_sum"), 10.0)
	require.Positive(t, got.sum(t, "temporal_request_total"))
	require.Equal(t, documented(t), got.names(), "the table of docs/operations.md")
	for _, foreign := range []string{"secret name", w.listener.URL, "workflow_id", "run_id", "vector_stores"} {
		require.NotContains(t, string(got), foreign)
	}
	require.Equal(t, "ok\n", p.get("/healthz"))
	require.Equal(t, "ok\n", p.get("/readyz"))
}

// What alerts ask of the SDK is there under that name, once it has happened.
func TestTheSDKHasTheMetricsOfAlerts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.listen()
	p := w.worker()
	p.ready()
	ctx := patient(t)
	unknown, err := w.raw.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: w.queue}, "unknown") // its tasks fail
	require.NoError(t, err)
	op, err := starter.Start[store](ctx, w.client, vectorStore(2*time.Second), nil)
	require.NoError(t, err)
	w.booked(ctx, "it is watched", func(b jobservice.Books) bool { return len(b.Polls(op.LastStatus().RemoteID)) > 0 })
	require.NoError(t, w.raw.TerminateWorkflow(ctx, op.ID(), "", "the watcher's answer is refused"))

	names := alerted(t)
	require.NotEmpty(t, names)
	eventually(ctx, t, fmt.Sprintf("%s are counted", names), func() bool {
		got := scrape(p.get("/metrics"))
		return !slices.ContainsFunc(names, func(name string) bool { return got.sum(t, name) == 0 })
	})
	require.NoError(t, w.raw.TerminateWorkflow(ctx, unknown.GetID(), "", "it was seen"))
}

// Every line about an operation says which it is.
func TestLogsNameTheOperation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ format, message, field string }{
		{"auto", `"msg":"%s"`, `"%s":"%s"`}, // no terminal
		{"text", `msg="%s"`, ` %s=%s`},
	} {
		t.Run(c.format, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, settings{})
			p := w.process([]string{"TEMPORAL_ADDRESS=" + w.server.HostPort()}, "worker", "--config", w.config, "--log-format", c.format)
			op, err := starter.Start[store](patient(t), w.client, vectorStore(300*time.Millisecond), nil)
			require.NoError(t, err)
			_, err = op.Wait(patient(t), nil)
			require.NoError(t, err)
			for _, said := range []string{"operation was started", "operation ended"} {
				var line string
				for l := range strings.Lines(p.log.String()) {
					if strings.Contains(l, fmt.Sprintf(c.message, said)) {
						line = l
					}
				}
				require.Contains(t, line, fmt.Sprintf(c.field, "WorkflowID", op.ID()))
				require.Contains(t, line, fmt.Sprintf(c.field, "Service", "jobs"))
				require.Contains(t, line, fmt.Sprintf(c.field, "RemoteID", op.LastStatus().RemoteID))
			}
		})
	}
}

// Profiles are served to who asked for them, and for as long as they take.
func TestProfilesOnRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.listen()
	env := []string{"TEMPORAL_ADDRESS=" + w.server.HostPort()}
	p := w.process(env, "worker", "--config", w.config, "--pprof")
	p.ready()
	begin := time.Now()
	require.NotEmpty(t, p.get("/debug/pprof/profile?seconds=6"))
	require.GreaterOrEqual(t, time.Since(begin), 6*time.Second)
	require.Contains(t, p.get("/debug/pprof/"), "goroutine")

	plain := w.worker()
	plain.ready()
	at := listensAt.FindStringSubmatch(plain.log.String())
	answer, err := http.Get("http://" + at[1] + "/debug/pprof/")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusNotFound, answer.StatusCode)
}
