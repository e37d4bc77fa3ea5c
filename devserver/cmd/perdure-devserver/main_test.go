package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// beTheCommand makes the test binary the command.
const beTheCommand = "PERDURE_DEVSERVER_TEST_BE_THE_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(beTheCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

type process struct {
	cmd    *exec.Cmd
	stdout *bufio.Reader
}

// start runs the command till the test ends, if it is not over before.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(os.Args[0], args...)}
	p.cmd.Env = append(os.Environ(), beTheCommand+"=1")
	p.cmd.Stderr = os.Stderr
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.stdout = bufio.NewReader(stdout)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

func (p *process) line(t *testing.T) string {
	t.Helper()
	line, err := p.stdout.ReadString('\n')
	require.NoError(t, err)
	return line
}

// end sends the signal and gives what else the command printed.
func (p *process) end(t *testing.T, signal os.Signal) (rest string, err error) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Signal(signal))
	text, err := io.ReadAll(p.stdout)
	require.NoError(t, err)
	return string(text), p.cmd.Wait()
}

type announcement struct{ Address, Namespace, UIURL string }

func (p *process) announcement(t *testing.T) announcement {
	t.Helper()
	var a announcement
	require.NoError(t, json.Unmarshal([]byte(p.line(t)), &a))
	return a
}

func TestServesUntilSignal(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			p := start(t, "--port", "0", "--namespace", "mine", "--output", "json")
			a := p.announcement(t)
			require.Equal(t, "mine", a.Namespace)
			require.Regexp(t, `^http://127\.0\.0\.1:\d+$`, a.UIURL)
			c := dial(t, a)
			_, err := c.CheckHealth(t.Context(), &client.CheckHealthRequest{})
			require.NoError(t, err)

			rest, err := p.end(t, signal)
			require.NoError(t, err)
			require.Empty(t, rest)
		})
	}
}

func TestTextSaysWhere(t *testing.T) {
	t.Parallel()
	p := start(t, "--port", "0")
	require.Regexp(t, `^Temporal server: 127\.0\.0\.1:\d+\n$`, p.line(t))
	require.Regexp(t, `^Web UI: http://127\.0\.0\.1:\d+\n$`, p.line(t))
	rest, err := p.end(t, os.Interrupt)
	require.NoError(t, err)
	require.Empty(t, rest)
}

// A server that is killed goes on where it was, on the same file and port.
func TestKilledServerGoesOn(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "temporal.db")
	first := start(t, "--headless", "--port", "0", "--db-filename", file, "--output", "json")
	a := first.announcement(t)
	c := dial(t, a)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "patient", TaskQueue: "q"}, "patient")
	require.NoError(t, err)
	_, err = first.end(t, os.Kill)
	require.Error(t, err)

	_, port, err := net.SplitHostPort(a.Address)
	require.NoError(t, err)
	second := start(t, "--headless", "--port", port, "--db-filename", file, "--output", "json")
	require.Equal(t, a, second.announcement(t))
	w := worker.New(c, "q", worker.Options{})
	w.RegisterWorkflowWithOptions(func(ctx workflow.Context) (string, error) {
		return "still here", workflow.Sleep(ctx, time.Millisecond)
	}, workflow.RegisterOptions{Name: "patient"})
	require.NoError(t, w.Start())
	defer w.Stop()
	var got string
	require.NoError(t, run.Get(t.Context(), &got))
	require.Equal(t, "still here", got)
}

func dial(t *testing.T, a announcement) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort:  a.Address,
		Namespace: a.Namespace,
		Logger:    sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),

		ConnectionOptions: client.ConnectionOptions{GetSystemInfoTimeout: time.Minute}, // of a busy machine
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	_, port, err := net.SplitHostPort(taken.Addr().String())
	require.NoError(t, err)

	tests := []struct {
		name   string
		args   []string
		want   string
		status int
	}{
		{"port in use", []string{"--port", port, "--ui-port", "0"}, "--port " + port + ": ", 1},
		{"UI port in use", []string{"--port", "0", "--ui-port", port}, "--ui-port " + port + ": ", 1},
		{"unknown setting", []string{"--port", "0", "--dynamic-config-value", "frontend.nope=1"}, `unregistered key "frontend.nope"`, 1},
		{"unknown flag", []string{"--nope"}, "unknown flag: --nope", 2},
		{"an argument", []string{"start-dev"}, `unknown command "start-dev"`, 2},
		{"output", []string{"--output", "yaml"}, `--output "yaml": not text or json`, 2},
		{"log level", []string{"--log-level", "loud"}, `--log-level "loud": not debug,`, 2},
		{"setting without value", []string{"--dynamic-config-value", "frontend.rps"}, "not KEY=JSON", 2},
		{"setting is no JSON", []string{"--dynamic-config-value", "a.b=10ms"}, "a string needs quotes", 2},
		{"search attribute without type", []string{"--search-attribute", "Mine"}, "not NAME=TYPE", 2},
		{"search attribute of no type", []string{"--search-attribute", "Mine=String"}, `"String" is not Text, Keyword,`, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cmd := command()
			cmd.SetArgs(test.args)
			err := cmd.ExecuteContext(context.Background())
			require.ErrorContains(t, err, test.want)
			require.Equal(t, test.status, exitStatus(err))
		})
	}
}

func TestUIPortFollowsPort(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		want int
	}{
		{"default", nil, 8233},
		{"port given", []string{"--port", "7000"}, 8000},
		{"free port", []string{"--port", "0"}, 0},
		{"both given", []string{"--port", "7000", "--ui-port", "9000"}, 9000},
		{"free UI port", []string{"--ui-port", "0"}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var f flags
			set := pflag.NewFlagSet("", pflag.ContinueOnError)
			f.register(set)
			require.NoError(t, set.Parse(test.args))
			opts, err := f.options(io.Discard)
			require.NoError(t, err)
			require.Equal(t, test.want, opts.UIPort)
		})
	}
}
