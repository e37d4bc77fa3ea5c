package devservertest

import (
	"log/slog"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/perdure-dev/perdure/devserver"
)

// Start runs a server and stops it when the test and its subtests are over. The
// server says nothing unless opts.Logger is set. A test that needs no web UI
// starts faster with opts.Headless.
func Start(tb testing.TB, opts devserver.Options) *devserver.Server {
	tb.Helper()
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	server, err := devserver.Start(tb.Context(), opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(server.Stop)
	return server
}

// Dial connects a client and closes it when the test and its subtests are over.
// opts.HostPort is set here; opts.Namespace defaults to "default". The client,
// and workers that are made from it, say nothing unless opts.Logger is set.
func Dial(tb testing.TB, server *devserver.Server, opts client.Options) client.Client {
	tb.Helper()
	opts.HostPort = server.HostPort()
	if opts.ConnectionOptions.GetSystemInfoTimeout == 0 {
		opts.ConnectionOptions.GetSystemInfoTimeout = time.Minute // of a busy machine
	}
	if opts.Logger == nil {
		opts.Logger = sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))
	}
	c, err := client.DialContext(tb.Context(), opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}
