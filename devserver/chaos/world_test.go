package chaos_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/perdure-dev/perdure/devserver/cluster"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// world is all that takes part.
type world struct {
	size    size
	dir     string // of configurations and logs
	binary  string // perdure
	journal *journal
	// inVain are the errors that callers got and that were no answer.
	inVain *tally

	service   *service
	listener  *httptest.Server
	link      *link
	cluster   *cluster.Cluster
	processes []*process
	temporal  client.Client
	client    *starter.Client
}

func newWorld(t *testing.T, s size) *world {
	t.Helper()
	w := &world{size: s, dir: keptDir(t), journal: &journal{}, inVain: newTally(), service: newService(s)}
	w.binary = buildPerdure(t, w.dir)
	w.listener = httptest.NewServer(w.service)
	t.Cleanup(func() { w.listener.CloseClientConnections(); w.listener.Close() })
	w.link = newLink(t, w.listener.Listener.Addr().String())
	w.startTemporal(t)
	keyset, err := tokens.Create(filepath.Join(w.dir, "keyset.json"))
	require.NoError(t, err)
	w.temporal, err = client.DialContext(t.Context(), client.Options{
		HostPort: w.cluster.HostPort(), Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{GetSystemInfoTimeout: time.Minute}, // of a busy machine
	})
	require.NoError(t, err)
	t.Cleanup(w.temporal.Close)
	w.client, err = starter.New(w.temporal, starter.Options{TaskQueue: "chaos", Keyset: keyset})
	require.NoError(t, err)
	for i := range workers {
		w.startWorker(t.Context(), t, "worker-"+string(rune('1'+i)))
	}
	return w
}

func (w *world) startTemporal(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute) // it is built
	defer cancel()
	var err error
	w.cluster, err = cluster.Start(ctx, "../..", w.dir)
	if errors.Is(err, cluster.ErrNoPostgreSQL) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { w.cluster.Stop(context.WithoutCancel(ctx)) })
	setup := exec.CommandContext(ctx, w.binary, "setup")
	setup.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+w.cluster.HostPort())
	out, err := setup.CombinedOutput()
	require.NoError(t, err, "perdure setup: %s", out)
}

// startWorker adds a worker, which is ended with the test.
func (w *world) startWorker(ctx context.Context, t *testing.T, name string) *process {
	t.Helper()
	p, err := w.newProcess(name)
	require.NoError(t, err)
	require.NoError(t, p.start())
	t.Cleanup(func() { p.end(syscall.SIGKILL) })
	w.processes = append(w.processes, p)
	require.True(t, eventually(ctx, p.ready), "%s is not ready", name)
	return p
}

// keptDir is deleted where the test passes, and told where it fails.
func keptDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "perdure-chaos-") //nolint:usetesting // it is kept where the test fails
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("logs and configurations are in %s", dir)
			return
		}
		_ = os.RemoveAll(dir)
	})
	return dir
}

// buildPerdure builds the command, or takes the one that PERDURE_E2E_BINARY names.
func buildPerdure(t *testing.T, dir string) string {
	t.Helper()
	if given := os.Getenv("PERDURE_E2E_BINARY"); given != "" {
		return given
	}
	path := filepath.Join(dir, "perdure")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./cmd/perdure")
	build.Dir = "../.." // as its own module builds it
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}
