package devservertest

import (
	"log/slog"
	"testing"

	"github.com/perdure-dev/perdure/devserver"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
)

// Start runs a server and stops it when the test and its subtests are over. The
// server says nothing unless opts.Logger is set. A test that needs no web UI
// starts faster with opts.Headless.
func Start(t testing.TB, opts devserver.Options) *devserver.Server {
	t.Helper()
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	server, err := devserver.Start(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return server
}

// Dial connects a client and closes it when the test and its subtests are over.
// opts.HostPort is set here; opts.Namespace defaults to "default". The client,
// and workers that are made from it, say nothing unless opts.Logger is set.
func Dial(t testing.TB, server *devserver.Server, opts client.Options) client.Client {
	t.Helper()
	opts.HostPort = server.HostPort()
	if opts.Logger == nil {
		opts.Logger = sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))
	}
	c, err := client.DialContext(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
