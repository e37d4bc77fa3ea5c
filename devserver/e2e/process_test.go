package e2e_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"

	"github.com/stretchr/testify/require"
)

// process is a worker as it is deployed.
type process struct {
	w    *world
	cmd  *exec.Cmd
	log  lockedBuffer
	done chan struct{}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// worker starts "perdure worker" and ends it with the test.
func (w *world) worker() *process { return w.workerOn(w.server) }

func (w *world) workerOn(server temporalServer) *process { return w.workerAt(server.HostPort()) }

// workerAt starts one that finds Temporal at an address.
func (w *world) workerAt(address string, env ...string) *process {
	w.t.Helper()
	return w.process(append([]string{"TEMPORAL_ADDRESS=" + address}, env...), "worker", "--config", w.config)
}

// process runs the command until the test is over.
func (w *world) process(env []string, args ...string) *process {
	w.t.Helper()
	return w.processOf(perdureBinary, env, args...)
}

// processOf is process of another binary.
func (w *world) processOf(binary string, env []string, args ...string) *process {
	w.t.Helper()
	p := &process{w: w, done: make(chan struct{})}
	p.cmd = exec.Command(binary, args...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	require.NoError(w.t, p.cmd.Start())
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	w.t.Cleanup(func() {
		p.kill()
		if w.t.Failed() {
			w.t.Logf("the process said:\n%s", p.log.String())
		}
	})
	return p
}

// ready waits until it runs: for what must not take longer than it says.
func (p *process) ready() {
	p.w.t.Helper()
	eventually(patient(p.w.t), p.w.t, "the worker runs", func() bool { return strings.Contains(p.log.String(), "worker is running") })
}

// kill is SIGKILL, and returns when the process is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stop is SIGTERM, and returns when the process is gone.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	<-p.done
}

// perdure runs the command line, in a process of its own.
func (w *world) perdure(server temporalServer, stdin string, args ...string) (stdout, stderr string, exit int) {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), perdureBinary, args...)
	cmd.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+server.HostPort(), "PERDURE_CONFIG="+w.config)
	cmd.Stdin = bytes.NewReader([]byte(stdin))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
