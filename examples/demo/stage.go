package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/perdure-dev/perdure/examples/jobservice"
)

// stage holds what the demonstration started.
type stage struct {
	bin, dir string
	out      io.Writer
	began    time.Time

	temporal struct{ Address, UI string }
	service  string
	worker   *process
	running  []*process
}

// process is a child.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// operation is what "perdure start" prints.
type operation struct {
	WorkflowID string `json:"workflowId"`
	Token      string `json:"token"`
}

func (s *stage) say(format string, args ...any) {
	_, _ = fmt.Fprintf(s.out, "%5.1fs  %s\n", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
}

func (s *stage) config() string { return filepath.Join(s.dir, "perdure.yaml") }

// setUp starts Temporal and the service, and writes the worker's configuration.
func (s *stage) setUp(ctx context.Context) error {
	var server struct {
		Address string `json:"address"`
		UIURL   string `json:"uiURL"`
	}
	if err := s.serve(ctx, &server, "perdure-devserver", "--port", "0", "--ui-port", "0", "--output", "json"); err != nil {
		return err
	}
	s.temporal.Address, s.temporal.UI = server.Address, server.UIURL
	s.say("Temporal is up at %s, its web UI at %s", server.Address, server.UIURL)

	var service struct {
		URL string `json:"url"`
	}
	if err := s.serve(ctx, &service, "jobservice", "--output", "json", "--seconds", "25"); err != nil {
		return err
	}
	s.service = service.URL
	s.say("the sample service is up at %s", service.URL)

	if _, err := s.perdure(ctx, "", "keys", "new", filepath.Join(s.dir, "keyset.json")); err != nil {
		return err
	}
	return os.WriteFile(s.config(), fmt.Appendf(nil, `tokens: {keysetFile: keyset.json}
services:
  jobs:
    baseURL: %s/v1
    allowPrivateNetwork: true   # it is on loopback
    protocol: {name: openai}
    polling: {intervalSeconds: 1}
`, s.service), 0o600)
}

func (s *stage) startWorker(ctx context.Context) error {
	p, err := s.start(ctx, nil, "perdure", "worker", "--config", s.config())
	if err != nil {
		return err
	}
	s.worker = p
	s.say("a worker is running (process %d)", p.cmd.Process.Pid)
	return nil
}

func (s *stage) startOperation(ctx context.Context) (operation, error) {
	var op operation
	printed, err := s.perdure(ctx, "", "start", "POST", "/vector_stores", "--service", "jobs", "--data", `{"name":"handbook"}`, "--output", "json")
	if err != nil {
		return op, err
	}
	if err := json.Unmarshal([]byte(printed), &op); err != nil {
		return op, fmt.Errorf("read what perdure start printed: %w", err)
	}
	s.say("started operation %s; its continuation token has %d bytes", op.WorkflowID, len(op.Token))
	return op, nil
}

// waitInSecondProcess rehydrates the operation from its token in a process of its own.
func (s *stage) waitInSecondProcess(ctx context.Context, op operation) (wait func() (string, error), err error) {
	cmd := s.command(ctx, "perdure", "wait", "-", "--config", s.config())
	cmd.Stdin = strings.NewReader(op.Token)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s.say("a second process (%d) waits for it, from the token alone", cmd.Process.Pid)
	return func() (string, error) {
		if err := cmd.Wait(); err != nil {
			return "", fmt.Errorf("perdure wait: %w: %s", err, errs.String())
		}
		return strings.TrimSpace(out.String()), nil
	}, nil
}

// watch prints the progress until the operation is over.
func (s *stage) watch(ctx context.Context, op operation, meanwhile func(context.Context) error) error {
	before := ""
	for {
		if err := meanwhile(ctx); err != nil {
			return err
		}
		printed, err := s.perdure(ctx, "", "status", op.WorkflowID, "--output", "json")
		if err != nil {
			return err
		}
		var status struct {
			State           string   `json:"state"`
			Done            bool     `json:"done"`
			ServiceStatus   string   `json:"serviceStatus"`
			PercentComplete *float64 `json:"percentComplete"`
			Polls           int      `json:"polls"`
		}
		if err := json.Unmarshal([]byte(printed), &status); err != nil {
			return fmt.Errorf("read what perdure status printed: %w", err)
		}
		line := fmt.Sprintf("%s (%s)", status.State, status.ServiceStatus)
		if status.PercentComplete != nil {
			line += fmt.Sprintf(" %3.0f %%", *status.PercentComplete)
		}
		if line != before {
			s.say("%s, polled %d times", line, status.Polls)
			before = line
		}
		if status.Done {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// books asks the service what it saw.
func (s *stage) books(ctx context.Context) (jobservice.Summary, error) {
	var summary jobservice.Summary
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.service+"/books/summary", nil)
	if err != nil {
		return summary, err
	}
	client := &http.Client{Timeout: 10 * time.Second}
	resp, err := client.Do(r)
	if err != nil {
		return summary, err
	}
	defer func() { _ = resp.Body.Close() }()
	return summary, json.NewDecoder(resp.Body).Decode(&summary)
}

// serve starts a child that says in one JSON document where it listens.
func (s *stage) serve(ctx context.Context, said any, name string, args ...string) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	_, err = s.start(ctx, w, name, args...)
	_ = w.Close()
	if err != nil {
		return err
	}
	if err := json.NewDecoder(bufio.NewReader(r)).Decode(said); err != nil {
		return fmt.Errorf("%s did not come up: %w", name, err)
	}
	return nil
}

func (s *stage) start(ctx context.Context, stdout *os.File, name string, args ...string) (*process, error) {
	log, err := os.Create(filepath.Join(s.dir, fmt.Sprintf("%s-%d.log", name, len(s.running))))
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	cmd := s.command(context.WithoutCancel(ctx), name, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if stdout != nil {
		cmd.Stdout = stdout
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() { _ = cmd.Wait(); close(p.done) }()
	s.running = append(s.running, p)
	return p, nil
}

func (s *stage) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, name), args...) //nolint:gosec // the demo's own binaries
	cmd.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+s.temporal.Address, "PERDURE_CONFIG="+s.config())
	return cmd
}

// perdure runs the command line and gives what it printed.
func (s *stage) perdure(ctx context.Context, stdin string, args ...string) (string, error) {
	cmd := s.command(ctx, "perdure", args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("perdure %s: %w: %s", args[0], err, strings.TrimSpace(errs.String()))
	}
	return out.String(), nil
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stopAll ends every child, the newest first: politely, and then not.
func (s *stage) stopAll() {
	for _, p := range slices.Backward(s.running) {
		_ = p.cmd.Process.Signal(os.Interrupt)
		select {
		case <-p.done:
		case <-time.After(15 * time.Second):
			p.kill()
		}
	}
}
