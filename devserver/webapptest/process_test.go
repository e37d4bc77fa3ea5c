package webapptest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/stretchr/testify/require"
)

// process is a worker, or an instance of the application.
type process struct {
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

// start starts one of the binaries, for as long as the test.
func (w *world) start(name string, stdout io.Writer, args ...string) *process {
	w.t.Helper()
	p := &process{cmd: exec.Command(filepath.Join(binaries, name), args...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+temporal.HostPort())
	p.cmd.Stdout, p.cmd.Stderr = stdout, &p.log
	require.NoError(w.t, p.cmd.Start())
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	w.t.Cleanup(func() {
		p.kill()
		if w.t.Failed() {
			w.t.Logf("%s said:\n%s", name, p.log.String())
		}
	})
	return p
}

// kill is SIGKILL, and returns when the process is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// instance is one of the application.
type instance struct {
	*process

	url *url.URL
}

// instance starts one, behind the proxy.
func (w *world) instance() *instance {
	w.t.Helper()
	said, stdout := io.Pipe()
	i := &instance{process: w.start("webapp", stdout, "--listen", "127.0.0.1:0", "--output", "json",
		"--keyset", w.keyset, "--session-keyset", w.sessions, "--task-queue", w.queue)}
	go func() { <-i.done; _ = stdout.Close() }()
	w.t.Cleanup(func() { require.NotContains(w.t, i.log.String(), "perdure1_", "no token is logged") })
	var where struct{ URL string }
	require.NoError(w.t, json.NewDecoder(said).Decode(&where))
	var err error
	i.url, err = url.Parse(where.URL)
	require.NoError(w.t, err)
	w.proxy.add(i.url)
	return i
}
