// Command demo shows one operation survive the death of its worker. It starts the
// embedded Temporal, the sample service and a worker on free loopback ports, and
// drives them through the perdure command line, as a user would.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	bin := flag.String("bin", "bin", "directory with perdure, perdure-devserver and jobservice")
	keep := flag.Bool("keep", false, "leave everything running until Ctrl-C")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := demo(ctx, *bin, *keep, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func demo(ctx context.Context, bin string, keep bool, out io.Writer) error {
	dir, err := os.MkdirTemp("", "perdure-demo-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	bin, err = filepath.Abs(bin)
	if err != nil {
		return err
	}
	s := &stage{bin: bin, dir: dir, out: out, began: time.Now()}
	defer s.stopAll()
	if err := s.play(ctx); err != nil {
		return err
	}
	if !keep {
		return nil
	}
	s.say("everything stays up until Ctrl-C; for the command line in another terminal:")
	s.say("  export TEMPORAL_ADDRESS=%s PERDURE_CONFIG=%s", s.temporal.Address, s.config())
	<-ctx.Done()
	return nil
}

// play is the demonstration, step by step.
func (s *stage) play(ctx context.Context) error {
	if err := s.setUp(ctx); err != nil {
		return err
	}
	if err := s.startWorker(ctx); err != nil {
		return err
	}
	op, err := s.startOperation(ctx)
	if err != nil {
		return err
	}
	second, err := s.waitInSecondProcess(ctx, op)
	if err != nil {
		return err
	}
	if err := s.watch(ctx, op, s.killAfter(5*time.Second)); err != nil {
		return err
	}
	result, err := second()
	if err != nil {
		return err
	}
	return s.reckon(ctx, op, result)
}

// killAfter kills the worker with SIGKILL once, when so long has passed, and starts
// another.
func (s *stage) killAfter(d time.Duration) func(context.Context) error {
	at, killed := time.Now().Add(d), false
	return func(ctx context.Context) error {
		if killed || time.Now().Before(at) {
			return nil
		}
		killed = true
		pid := s.worker.cmd.Process.Pid
		s.worker.kill()
		s.say("KILLED the worker with SIGKILL (process %d), in the middle of the operation", pid)
		if err := s.startWorker(ctx); err != nil {
			return err
		}
		s.say("another worker takes over when the dead one's heartbeat is missed: at most 15 s")
		return nil
	}
}

// reckon says what the service saw, and where to look.
func (s *stage) reckon(ctx context.Context, op operation, result string) error {
	books, err := s.books(ctx)
	if err != nil {
		return err
	}
	starts := 0
	for _, n := range books.Starts {
		starts += n
	}
	s.say("the second process, which had nothing but the token and the configuration, got:")
	_, _ = fmt.Fprintln(s.out, result)
	s.say("start requests that the service saw: %d", starts)
	s.say("status requests that the service saw: %d", books.Polls)
	s.say("where to look: %s/namespaces/default/workflows/%s", s.temporal.UI, op.WorkflowID)
	if starts != 1 {
		return errors.New("the operation was not started exactly once")
	}
	return nil
}
