package machine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// stopPatience is how long a process may take to end by itself.
const stopPatience = 20 * time.Second

// Process is one that runs until it is stopped. Its methods are not for concurrent use.
type Process struct {
	pid    int
	cmd    *exec.Cmd
	exited chan struct{}
	err    error // of Wait, once it has exited
}

// Start runs a program, and returns once it says on its standard output that it is ready:
// by a line of JSON, which is read into said. What it writes to standard error is shown.
func Start(ctx context.Context, said any, program string, args ...string) (*Process, error) {
	cmd := exec.Command(program, args...) //nolint:noctx // it outlives ctx, until Stop
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return run(ctx, cmd, stdout, func(line []byte) (bool, error) { return true, json.Unmarshal(line, said) })
}

// Self runs this program again, with other arguments, as [Start] does.
func Self(ctx context.Context, said any, args ...string) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return Start(ctx, said, self, args...)
}

// run starts a process, and returns when ready says so of a line of its output, the rest
// of which is thrown away.
func run(ctx context.Context, cmd *exec.Cmd, output io.Reader, ready func(line []byte) (bool, error)) (*Process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is for the benchmark
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{pid: cmd.Process.Pid, cmd: cmd, exited: make(chan struct{})}
	isReady := make(chan error, 1)
	go func() {
		defer close(p.exited)
		isReady <- awaitLine(output, ready)
		_, _ = io.Copy(io.Discard, output)
		p.err = cmd.Wait()
	}()
	select {
	case err := <-isReady:
		if err == nil {
			return p, nil
		}
		return nil, errors.Join(fmt.Errorf("%s is not ready: %w", cmd.Path, err), p.kill())
	case <-ctx.Done():
		return nil, errors.Join(context.Cause(ctx), p.kill())
	}
}

func awaitLine(output io.Reader, ready func(line []byte) (bool, error)) error {
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if is, err := ready(lines.Bytes()); is || err != nil {
			return err
		}
	}
	return errors.Join(errors.New("it ended"), lines.Err())
}

// Stop asks the process to end, and waits until it has. One that ends badly, or not at
// all, is an error; it is gone in any case.
func (p *Process) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return errors.Join(err, p.kill())
	}
	select {
	case <-p.exited:
		return p.err
	case <-time.After(stopPatience):
		return errors.Join(fmt.Errorf("%s did not end within %s", p.cmd.Path, stopPatience), p.kill())
	}
}

// Kill ends the process with SIGKILL, and returns when it is gone.
func (p *Process) Kill() { _ = p.kill() }

func (p *Process) kill() error {
	err := p.cmd.Process.Kill()
	<-p.exited
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}
