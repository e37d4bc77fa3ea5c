package webapptest_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure/examples/jobservice"
	"github.com/perdure-dev/perdure/tokens"
)

// world is one test's: a service with its books, a worker, the keys that the instances of
// the application share, and the proxy in front of them.
type world struct {
	t       *testing.T
	service *jobservice.Service // nil: another one
	queue   string
	// config is the worker's file.
	config string
	worker *process
	// keyset and sessions are files.
	keyset, sessions string
	proxy            *proxy
}

// unhurried connections: on a busy machine Temporal's first word may take longer than the
// SDK's 5 seconds.
var unhurried = client.ConnectionOptions{GetSystemInfoTimeout: time.Minute}

// newWorld is a world with the sample service.
func newWorld(t *testing.T, o jobservice.Options) *world {
	t.Helper()
	service, err := jobservice.New(o)
	require.NoError(t, err)
	listener := httptest.NewServer(service)
	t.Cleanup(func() { listener.CloseClientConnections(); listener.Close(); _ = service.Close() })
	w := newWorldOf(t, listener.URL)
	w.service = service
	return w
}

// newWorldOf is a world with the service at a URL.
func newWorldOf(t *testing.T, serviceURL string) *world {
	t.Helper()
	if browser == nil {
		t.Skip("there is no Chromium or Chrome here; on Debian: apt-get install chromium")
	}
	dir := t.TempDir()
	w := &world{
		t: t, queue: fmt.Sprintf("webapp-%s-%d", strings.ToLower(t.Name()), time.Now().UnixNano()),
		keyset: filepath.Join(dir, "keyset.json"), sessions: filepath.Join(dir, "sessions.json"),
		config: filepath.Join(dir, "perdure.yaml"),
	}
	for _, file := range []string{w.keyset, w.sessions} {
		_, err := tokens.Create(file)
		require.NoError(t, err)
	}
	w.configure(serviceURL)
	w.work()
	w.proxy = newProxy(t)
	return w
}

// work runs a worker until the test is over.
func (w *world) work() {
	w.t.Helper()
	w.worker = w.start("perdure", nil, "worker", "--config", w.config)
}

func (w *world) configure(serviceURL string) {
	w.t.Helper()
	require.NoError(w.t, os.WriteFile(w.config, fmt.Appendf(nil, `taskQueue: %s
tokens: {keysetFile: keyset.json}
worker: {drainSeconds: 1}
services:
  jobs:
    baseURL: %s/v1
    allowPrivateNetwork: true
    protocol: {name: openai}
    polling: {intervalSeconds: 0.3}
`, w.queue, serviceURL), 0o600))
}

// signedIn is a browser in which a user has signed in.
func (w *world) signedIn(name string) *tab {
	w.t.Helper()
	b := newTab(w.t)
	b.open(w.proxy.url() + "/indexes/new")
	require.Equal(w.t, "Sign in", b.see("h1"))
	require.Equal(w.t, 200, b.follow("sign in", chooseAndSend("input[value="+strings.ToLower(name)+"]")...))
	require.Equal(w.t, name, b.see("#user"))
	require.Equal(w.t, "Build an index", b.see("h1"), "where one wanted to go")
	return b
}

// booked waits until the service's books say so.
func (w *world) booked(what string, ok func(jobservice.Books) bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	require.NoError(w.t, w.service.WaitFor(ctx, ok), "waiting until %s", what)
}
