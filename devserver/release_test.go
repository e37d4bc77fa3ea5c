package devserver_test

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/devserver"
	"github.com/perdure-dev/perdure/devserver/devservertest"
)

// keptPerServer is how many goroutines a stopped server may leave behind: those
// of idle connections between Temporal's services, which nothing closes. A
// running server has three thousand.
const keptPerServer = 50

// Not parallel: it counts the goroutines of the process.
func TestStopReleases(t *testing.T) {
	opts := devserver.Options{Headless: true}
	devservertest.Start(t, opts).Stop() // what is made once in a process
	before := runtime.NumGoroutine()
	const servers = 3
	for range servers {
		server := devservertest.Start(t, opts)
		require.Greater(t, runtime.NumGoroutine(), before+servers*keptPerServer)
		server.Stop()

		listener, err := net.Listen("tcp", server.HostPort())
		require.NoError(t, err, "the port is free again")
		require.NoError(t, listener.Close())
	}
	require.Eventually(t, func() bool {
		return runtime.NumGoroutine() <= before+servers*keptPerServer
	}, time.Minute, 10*time.Millisecond)
}

// A stopped server's file is all that there is to copy: nothing is left in the
// write-ahead log.
func TestStoppedFileIsComplete(t *testing.T) {
	t.Parallel()
	opts := devserver.Options{Headless: true, Namespaces: []string{"copied"}, DBFilename: filepath.Join(t.TempDir(), "temporal.db")}
	devservertest.Start(t, opts).Stop()
	if log, err := os.Stat(opts.DBFilename + "-wal"); err == nil {
		require.Zero(t, log.Size())
	}
}
