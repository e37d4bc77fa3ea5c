package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/payloads"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/storage/s3"
	"github.com/perdure-dev/perdure/tokens"
	"github.com/perdure-dev/perdure/worker"
)

// world is one test's: a service with its books, a configuration with its keyset, a
// task queue of its own, on a Temporal server that may be shared.
type world struct {
	t        *testing.T
	server   temporalServer
	service  *jobservice.Service
	listener *httptest.Server
	dir      string
	config   string
	queue    string
	keyset   *tokens.Keyset
	client   *starter.Client
	raw      client.Client
	payloads *payloads.Payloads
}

// settings of a world. Zero fields take the default.
type settings struct {
	service jobservice.Options
	// watch is the YAML of worker.watch; extra goes below the service jobs.
	watch string
	extra string
	// encrypted payloads, with a keyset of their own; storage is the YAML of storage.
	encrypted bool
	storage   string
	// url of another service; default: that of service.
	url string
	// front stands before the service, and passes on what it lets through.
	front func(service http.Handler) http.Handler
	// server that the world is on; default: the shared one.
	server temporalServer
}

func newWorld(t *testing.T, s settings) *world {
	t.Helper()
	w := &world{t: t, server: s.server, dir: t.TempDir()}
	if w.server == nil {
		w.server = shared
	}
	w.queue = "perdure-" + strings.ReplaceAll(t.Name(), "/", "-") + strconv.FormatInt(time.Now().UnixNano(), 10)
	service, err := jobservice.New(s.service)
	require.NoError(t, err)
	w.service = service
	var handler http.Handler = service
	if s.front != nil {
		handler = s.front(service)
	}
	w.listener = httptest.NewServer(handler)
	t.Cleanup(func() { w.listener.CloseClientConnections(); w.listener.Close(); _ = service.Close() })
	url := w.listener.URL
	if s.url != "" {
		url = s.url
	}
	keyset := filepath.Join(w.dir, "keyset.json")
	w.keyset, err = tokens.Create(keyset)
	require.NoError(t, err)
	w.config = filepath.Join(w.dir, "perdure.yaml")
	watch := s.watch
	if watch == "" {
		watch = "{thresholdSeconds: 20, windowSeconds: 600}"
	}
	require.NoError(t, os.WriteFile(w.config, []byte(fmt.Sprintf(`taskQueue: %s
tokens: {keysetFile: keyset.json, lifetimeSeconds: 86400}
worker: {drainSeconds: 5, watch: %s}
services:
  jobs:
    baseURL: %s
    allowPrivateNetwork: true
%s`, w.queue, watch, url, s.extra)), 0o600))
	w.writePayloads(s)
	w.raw, w.client = w.dial(w.server)
	return w
}

// payloadKeyset is the keyset of encrypted payloads, beside the configuration.
const payloadKeyset = "payload-keyset.json"

// writePayloads puts encryption and storage into the configuration, which clients follow.
func (w *world) writePayloads(s settings) {
	w.t.Helper()
	written, err := os.ReadFile(w.config)
	require.NoError(w.t, err)
	if s.encrypted {
		_, err = tokens.Create(filepath.Join(w.dir, payloadKeyset))
		require.NoError(w.t, err)
		written = append([]byte("encryption: {keysetFile: "+payloadKeyset+"}\n"), written...)
	}
	if s.storage != "" {
		written = append([]byte("storage: "+s.storage+"\n"), written...)
	}
	require.NoError(w.t, os.WriteFile(w.config, written, 0o600))
	cfg, err := worker.Load(w.config)
	require.NoError(w.t, err)
	w.payloads, err = cfg.Payloads(w.t.Context(), s3.Open)
	require.NoError(w.t, err)
}

// unhurried connections: on a busy machine the server's first word may take longer than
// the SDK's 5 seconds.
var unhurried = client.ConnectionOptions{GetSystemInfoTimeout: time.Minute}

// dial gives clients for a server: the world's own, or another.
func (w *world) dial(server temporalServer) (client.Client, *starter.Client) {
	w.t.Helper()
	raw, err := client.DialContext(w.t.Context(), w.payloads.ClientOptions(client.Options{
		HostPort: server.HostPort(), Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: unhurried,
	}))
	require.NoError(w.t, err)
	w.t.Cleanup(raw.Close)
	c, err := starter.New(raw, starter.Options{TaskQueue: w.queue, Keyset: w.keyset, Payloads: w.payloads})
	require.NoError(w.t, err)
	return raw, c
}

// patient is a context for one test's waiting.
func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// vectorStore is the input that creates one which takes so long.
func vectorStore(d time.Duration) perdure.OperationInput {
	body := fmt.Sprintf(`{"name":"docs","metadata":{"seconds":"%g"}}`, d.Seconds())
	return perdure.OperationInput{
		Request: &perdure.Request{Service: "jobs", Method: "POST", URL: "/v1/vector_stores", Body: perdure.JSONBody(json.RawMessage(body))},
		Polling: &perdure.Polling{IntervalSeconds: 0.2},
	}
}

// job is the input that starts one in the location style.
func job(body string) perdure.OperationInput {
	return perdure.OperationInput{
		Request: &perdure.Request{Service: "jobs", Method: "POST", URL: "/jobs", Body: perdure.JSONBody(json.RawMessage(body))},
		Polling: &perdure.Polling{IntervalSeconds: 0.2},
	}
}

// store is the value of a vector store operation.
type store struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// booked waits until the service's books say so.
func (w *world) booked(ctx context.Context, what string, ok func(jobservice.Books) bool) {
	w.t.Helper()
	require.NoError(w.t, w.service.WaitFor(ctx, ok), "waiting until %s", what)
}

// eventually asks until ok.
func eventually(ctx context.Context, t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			require.FailNow(t, "waiting until "+what, ctx.Err())
		case <-tick.C:
		}
	}
}

func contextFor(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), d)
}
