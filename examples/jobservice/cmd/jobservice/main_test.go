package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/examples/jobservice"
)

func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "jobservice")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, string(output))
	return binary
}

// process is the command, running.
type process struct {
	*exec.Cmd
	firstLine string
}

func start(t *testing.T, binary string, env []string, args ...string) process {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary, args...)
	command.Env = append(os.Environ(), env...)
	command.Stderr = os.Stderr
	stdout, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	return process{command, strings.TrimSpace(line)}
}

func (p process) url(t *testing.T) string {
	t.Helper()
	url, ok := strings.CutPrefix(p.firstLine, "Listening on ")
	require.True(t, ok, p.firstLine)
	return url
}

func ask(t *testing.T, method, url, body string, header ...string) (status int, location, text string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, response.Header.Get("Location"), string(answer)
}

func TestTheCommandSurvivesAKillWithItsBooks(t *testing.T) {
	binary := build(t)
	file := filepath.Join(t.TempDir(), "books.jsonl")
	first := start(t, binary, nil, "--books", file, "--seconds", "3600")
	status, location, _ := ask(t, "POST", first.url(t)+"/jobs", `{"name":"a"}`)
	require.Equal(t, 202, status)
	require.NoError(t, first.Process.Kill())
	_ = first.Wait() // it was killed

	written, err := os.ReadFile(file)
	require.NoError(t, err)
	books, err := jobservice.ReadBooks(bytes.NewReader(written))
	require.NoError(t, err)
	require.Len(t, books.Operations(), 1)

	second := start(t, binary, nil, "--books", file)
	status, _, text := ask(t, "GET", second.url(t)+location, "")
	require.Equal(t, 202, status)
	require.Contains(t, text, `"name":"a"`)
	require.NoError(t, second.Process.Signal(syscall.SIGTERM))
	require.NoError(t, second.Wait())
}

func TestTheCommandStopsOnASignalWithItsAnswersGiven(t *testing.T) {
	binary := build(t)
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		p := start(t, binary, nil, "--seconds", "0", "--poll-after", "250ms", "--no-idempotency")
		url := p.url(t)
		status, _, _ := ask(t, "POST", url+"/faults", `{"action":"start","holdUntilReleased":true}`)
		require.Equal(t, 201, status)
		answered := make(chan int, 1)
		go func() {
			status, _, _ := ask(t, "POST", url+"/v1/vector_stores", `{}`)
			answered <- status
		}()
		require.Eventually(t, func() bool {
			_, _, text := ask(t, "GET", url+"/books/summary", "")
			return strings.Contains(text, `"starts":{"vector_store":1}`)
		}, 10*time.Second, 5*time.Millisecond)
		require.NoError(t, p.Process.Signal(signal))
		require.Equal(t, 200, <-answered)
		require.NoError(t, p.Wait())
	}
}

func TestTheCommandPrintsOneDocument(t *testing.T) {
	binary := build(t)
	env := []string{"JOBS_TOKEN=s3cret", "JOBS_KEY=k3y"}
	p := start(t, binary, env, "--output", "json", "--token-env", "JOBS_TOKEN", "--api-key-env", "JOBS_KEY", "--api-key-header", "Key")
	var ready struct {
		URL string `json:"url"`
	}
	require.NoError(t, json.Unmarshal([]byte(p.firstLine), &ready))
	status, _, _ := ask(t, "GET", ready.URL+"/jobs", "")
	require.Equal(t, 401, status)
	status, _, _ = ask(t, "GET", ready.URL+"/jobs", "", "Authorization", "Bearer s3cret", "Key", "k3y")
	require.Equal(t, 200, status)
	require.NoError(t, p.Process.Signal(os.Interrupt))
	require.NoError(t, p.Wait())
}

func TestTheCommandServesPages(t *testing.T) {
	binary := build(t)
	p := start(t, binary, nil, "--items", "3", "--per-page", "2", "--item-padding", "5", "--relative-links")
	_, _, text := ask(t, "GET", p.url(t)+"/items", "")
	require.Contains(t, text, `{"id":"item_000001","number":1,"text":"Item 1xxxxx"}]`)
	require.Contains(t, text, `"nextLink":"/items?`)
	require.NoError(t, p.Process.Signal(os.Interrupt))
	require.NoError(t, p.Wait())
}

func TestTheCommandRefusesAMistake(t *testing.T) {
	binary := build(t)
	tests := []struct {
		name string
		args []string
		code int
		says string
	}{
		{"unknown flag", []string{"--second", "1"}, 2, "-second"},
		{"argument", []string{"run"}, 2, `"run"`},
		{"output", []string{"--output", "xml"}, 2, "--output"},
		{"seconds", []string{"--seconds", "-1"}, 2, "--seconds"},
		{"items", []string{"--items", "-1"}, 2, "--items"},
		{"empty pages", []string{"--empty-every", "1"}, 1, "EmptyEvery"},
		{"empty token", []string{"--token-env", "NO_SUCH_TOKEN"}, 2, "NO_SUCH_TOKEN"},
		{"address", []string{"--listen", "256.0.0.1:0"}, 1, "256.0.0.1"},
		{"help", []string{"--help"}, 0, "-listen"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), binary, test.args...)
			output, _ := command.CombinedOutput() // the exit status tells
			require.Equal(t, test.code, command.ProcessState.ExitCode(), string(output))
			require.Contains(t, string(output), test.says)
		})
	}
}
