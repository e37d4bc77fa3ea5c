package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/worker"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// startTask is one start activity on its way to the worker.
func startTask(t *testing.T, url string) *workflowservice.PollActivityTaskQueueResponse {
	t.Helper()
	input, err := converter.GetDefaultDataConverter().ToPayloads(perdure.StartTask{
		Input: perdure.OperationInput{Request: &perdure.Request{Service: "a", Method: "POST", URL: url}}, RunID: "r", FirstRunID: "r",
	})
	require.NoError(t, err)
	return &workflowservice.PollActivityTaskQueueResponse{
		TaskToken: []byte("task"), ActivityId: "1", ActivityType: &common.ActivityType{Name: perdure.ActivityStart}, Attempt: 1,
		WorkflowNamespace: "default", WorkflowType: &common.WorkflowType{Name: perdure.WorkflowOperation},
		WorkflowExecution: &common.WorkflowExecution{WorkflowId: "w", RunId: "r"}, Input: input,
		ScheduledTime: timestamppb.Now(), StartedTime: timestamppb.Now(), CurrentAttemptScheduledTime: timestamppb.Now(),
		StartToCloseTimeout: durationpb.New(time.Minute), ScheduleToCloseTimeout: durationpb.New(time.Minute), HeartbeatTimeout: durationpb.New(10 * time.Second),
	}
}

// logged is where a worker logs, and what its listener's address is read from.
type logged struct {
	mu   sync.Mutex
	text []byte
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	return len(p), nil
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

func (l *logged) address(t *testing.T) string {
	t.Helper()
	found := regexp.MustCompile(`address=(\S+)`).FindStringSubmatch(l.String())
	require.Len(t, found, 2)
	return found[1]
}

func ready(t *testing.T, address string) string {
	t.Helper()
	resp, err := http.Get("http://" + address + "/readyz")
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

// TestRunDrains: a worker that is told to stop lets a start that is on its way end,
// says that it drains, and returns.
func TestRunDrains(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-release
		_, _ = w.Write([]byte(`{"done": "yes"}`))
	}))
	defer service.Close()
	cfg := written(t, `taskQueue: q
tokens: {keysetFile: keyset.json}
worker: {listen: "127.0.0.1:0", drainSeconds: 30}
services: {a: {baseURL: "`+service.URL+`", allowPrivateNetwork: true}}
`)
	frontend := newFrontend(t)
	frontend.attributes = allAttributes()
	var log logged
	w, err := worker.New(frontend.client(t), cfg, worker.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()

	<-frontend.polled
	require.Equal(t, "q", frontend.queue)
	address := log.address(t)
	require.Eventually(t, func() bool { return ready(t, address) == "ok\n" }, time.Minute, 10*time.Millisecond)
	frontend.tasks <- startTask(t, "/jobs")
	<-arrived
	cancel()
	require.Eventually(t, func() bool { return ready(t, address) == "draining\n" }, time.Minute, 10*time.Millisecond)
	select {
	case err := <-ended:
		t.Fatalf("returned before the activity had: %v", err)
	default:
	}
	close(release)
	require.NoError(t, <-ended)

	var answer perdure.Answer
	payloads := (<-frontend.answers).Result.Payloads
	require.Len(t, payloads, 1)
	require.NoError(t, json.Unmarshal(payloads[0].Data, &answer))
	require.Equal(t, perdure.StateSucceeded, answer.State)
	require.JSONEq(t, `{"done": "yes"}`, string(answer.Value))
	require.Len(t, answer.SearchAttributes, 5)
	_, err = net.Dial("tcp", address)
	require.Error(t, err, "the listener is closed")
	require.EqualError(t, w.Run(t.Context()), "worker: Run was called twice")
}

// TestRunDrainsNoLongerThanItMay: an activity that does not return is left behind.
func TestRunDrainsNoLongerThanItMay(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	service := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-release
	}))
	defer service.Close()
	defer close(release)
	cfg := written(t, `tokens: {keysetFile: keyset.json}
worker: {drainSeconds: 0.2}
services: {a: {baseURL: "`+service.URL+`", allowPrivateNetwork: true}}
`)
	frontend := newFrontend(t)
	w, err := worker.New(frontend.client(t), cfg, worker.Options{Logger: discard()})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	frontend.tasks <- startTask(t, "/jobs")
	<-arrived
	start := time.Now()
	cancel()
	require.NoError(t, <-ended)
	require.Less(t, time.Since(start), 30*time.Second, "its request would end after a minute")
}

// TestRunEndsWithAFatalError: the SDK gives up only minutes after the server began
// to refuse, so the test speaks for it.
func TestRunEndsWithAFatalError(t *testing.T) {
	cfg := written(t, "tokens: {keysetFile: keyset.json}\nservices: {a: {baseURL: \"https://a.example.com\"}}\n")
	frontend := newFrontend(t)
	w, err := worker.New(frontend.client(t), cfg, worker.Options{Logger: discard()})
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- w.Run(t.Context()) }()
	<-frontend.polled
	w.Fail(errors.New("the task queue is not allowed"))
	w.Fail(errors.New("a consequence"))
	require.EqualError(t, <-ended, "worker: the task queue is not allowed")
}

func TestRunFailsWhereItCannotListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	cfg := written(t, `tokens: {keysetFile: keyset.json}
worker: {listen: "`+taken.Addr().String()+`"}
services: {a: {baseURL: "https://a.example.com"}}
`)
	w, err := worker.New(newFrontend(t).client(t), cfg, worker.Options{Logger: discard()})
	require.NoError(t, err)
	err = w.Run(t.Context())
	require.ErrorContains(t, err, "perdure.yaml:2: worker.listen: listen tcp")
	require.ErrorContains(t, err, "address already in use")
}
