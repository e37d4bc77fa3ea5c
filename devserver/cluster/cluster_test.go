package cluster_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure/devserver/cluster"
)

// What docker-compose.yml describes runs: its services carry an operation to its value, and
// the server and its database come back after a kill with what they had.
func TestTheComposeFile(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	c, err := cluster.Start(ctx, root, t.TempDir())
	if errors.Is(err, cluster.ErrNoPostgreSQL) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { c.Stop(context.WithoutCancel(ctx)) })
	t.Run("its services", func(t *testing.T) { carriesAnOperation(ctx, t, c) })
	t.Run("its server", func(t *testing.T) { comesBack(ctx, t, c) })
}

func comesBack(ctx context.Context, t *testing.T, c *cluster.Cluster) {
	t.Helper()
	started := func() string {
		dialled, err := client.DialContext(ctx, client.Options{
			HostPort: c.HostPort(), ConnectionOptions: client.ConnectionOptions{GetSystemInfoTimeout: time.Minute}, // of a busy machine
		})
		require.NoError(t, err)
		defer dialled.Close()
		run, err := dialled.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "kept", TaskQueue: "nobody"}, "any")
		require.NoError(t, err)
		return run.GetRunID()
	}
	before := started()
	c.KillServer()
	require.NoError(t, c.Database.Stop(ctx))
	require.NoError(t, c.Database.Start(ctx))
	require.NoError(t, c.StartServer(ctx))
	require.Equal(t, before, started(), "the workflow is still there, and is attached to")
}

// carriesAnOperation does what docker compose up does after the server, and the run of the
// file's first lines.
func carriesAnOperation(ctx context.Context, t *testing.T, c *cluster.Cluster) {
	t.Helper()
	s := newServices(ctx, t, c)
	s.start(ctx, "sample", s.sample)
	require.Contains(t, s.run(ctx, "keys"), "made")
	require.Contains(t, s.run(ctx, "keys"), "was there")
	require.Contains(t, s.run(ctx, "setup"), "PerdureState")
	s.start(ctx, "worker", s.perdure)
	require.Eventually(t, func() bool { return s.process(ctx, "worker", s.perdure, "ready").Run() == nil }, time.Minute, 100*time.Millisecond, "as the image asks")
	value := s.run(ctx, "perdure", "run", "POST", "/v1/vector_stores", "--service", "jobs", "--data", `{"name":"handbook"}`)
	require.Contains(t, value, "handbook")
	require.Contains(t, value, "completed")
}

// services run as their containers do, with the paths and addresses of this machine.
type services struct {
	t       *testing.T
	cluster *cluster.Cluster
	here    *strings.Replacer

	perdure, sample string // programs
}

func newServices(ctx context.Context, t *testing.T, c *cluster.Cluster) *services {
	t.Helper()
	dir := t.TempDir()
	build := exec.CommandContext(ctx, "go", "build", "-o", dir, "./cmd/perdure", "./examples/jobservice/cmd/jobservice") // as the Dockerfile does
	build.Dir = root
	said, err := build.CombinedOutput()
	require.NoError(t, err, "%s", said)
	ports, err := cluster.FreePorts(ctx, 2)
	require.NoError(t, err)
	sample, worker := net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0])), net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[1]))
	s := &services{
		t: t, cluster: c, perdure: filepath.Join(dir, "perdure"), sample: filepath.Join(dir, "jobservice"),
		here: strings.NewReplacer(
			"temporal:7233", c.HostPort(), "sample:8000", sample, "0.0.0.0:8000", sample, "0.0.0.0:9464", worker,
			"/etc/perdure/", dir+"/", "/var/lib/perdure/", dir+"/", "/tmp/", dir+"/",
		),
	}
	require.NoError(t, c.CopyMounted("worker", "/etc/perdure/perdure.yaml", s.here))
	return s
}

func (s *services) process(ctx context.Context, name, program string, args ...string) *exec.Cmd {
	s.t.Helper()
	cmd, err := s.cluster.Process(ctx, name, program, s.here, args...)
	require.NoError(s.t, err)
	return cmd
}

// run a service of perdure's to its end, and give what it printed.
func (s *services) run(ctx context.Context, name string, args ...string) string {
	s.t.Helper()
	cmd := s.process(ctx, name, s.perdure, args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	printed, err := cmd.Output()
	require.NoError(s.t, err, "%s: %s%s", name, printed, &errs)
	return string(printed)
}

// start a service that runs until the test is over.
func (s *services) start(ctx context.Context, name, program string) {
	s.t.Helper()
	cmd := s.process(ctx, name, program)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	require.NoError(s.t, cmd.Start())
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if s.t.Failed() {
			s.t.Logf("%s said:\n%s", name, &said)
		}
	})
}
