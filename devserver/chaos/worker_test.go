package chaos_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a worker as it is deployed, in a place that has its configuration, its log
// and its port. What supervises it starts it again when it ends by itself.
type process struct {
	binary, config, log string
	env                 []string
	// listen is where it answers for itself.
	listen string

	mu       sync.Mutex
	cmd      *exec.Cmd
	exited   chan struct{}
	wanted   bool
	byItself int
}

// start runs it, and again whenever it ends and is not meant to.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wanted = true
	return p.run()
}

// run runs it once, with mu held.
func (p *process) run() error {
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	p.cmd = exec.Command(p.binary, "worker", "--config", p.config, "--pprof")
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.exited = make(chan struct{})
	go p.supervise(p.cmd, p.exited)
	return nil
}

func (p *process) supervise(cmd *exec.Cmd, exited chan struct{}) {
	_ = cmd.Wait()
	close(exited)
	p.mu.Lock()
	again := p.wanted && p.cmd == cmd
	if again {
		p.byItself++
	}
	p.mu.Unlock()
	if again {
		time.AfterFunc(restartAfter, func() { p.restart(cmd) })
	}
}

// restartAfter is how long who supervises waits before it starts a worker again.
const restartAfter = time.Second

func (p *process) restart(ended *exec.Cmd) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wanted && p.cmd == ended {
		_ = p.run()
	}
}

// name is the worker's in tables.
func (p *process) name() string { return strings.TrimSuffix(filepath.Base(p.log), ".log") }

// end sends a signal that ends it, and returns when it is gone.
func (p *process) end(s syscall.Signal) {
	p.mu.Lock()
	p.wanted = false
	cmd, exited := p.cmd, p.exited
	p.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Signal(s)
	<-exited
}

// signal is for what does not end it.
func (p *process) signal(s syscall.Signal) { _ = p.process().Signal(s) }

func (p *process) process() *os.Process {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process
}

// endedByItself is how often it did, though nothing was done to it.
func (p *process) endedByItself() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byItself
}

// newProcess is a worker's place, not yet running.
func (w *world) newProcess(name string) (*process, error) {
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	config := filepath.Join(w.dir, name+".yaml")
	if err := os.WriteFile(config, []byte(fmt.Sprintf(configuration, listen, w.link.url())), 0o600); err != nil {
		return nil, err
	}
	return &process{
		binary: w.binary, config: config, log: filepath.Join(w.dir, name+".log"), listen: listen,
		env: []string{"TEMPORAL_ADDRESS=" + w.cluster.HostPort()},
	}, nil
}

const requestTimeoutSeconds = 5

// configuration of a worker: short waits, so that much happens.
var configuration = fmt.Sprintf(`taskQueue: chaos
tokens: {keysetFile: keyset.json, lifetimeSeconds: 86400}
worker: {listen: "%%s", drainSeconds: 3, watch: {thresholdSeconds: 3, windowSeconds: 20}}
services:
  plain: {baseURL: "%%[2]s/plain", allowPrivateNetwork: true, limits: &limits {requestTimeoutSeconds: %d, concurrency: 1000}}
  keyed: {baseURL: "%%[2]s/keyed", allowPrivateNetwork: true, limits: *limits, idempotency: {header: %s}}
  lists: {baseURL: "%%[2]s/lists", allowPrivateNetwork: true, limits: *limits}
  streams: {baseURL: "%%[2]s/streams", allowPrivateNetwork: true, limits: *limits}
`, requestTimeoutSeconds, keyHeader)
