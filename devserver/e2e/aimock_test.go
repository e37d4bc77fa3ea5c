package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The batch API of a server that somebody else wrote: upload a file, create a batch,
// poll it to completed, cancel another; through the command line and a worker.
func TestRealInputBatchOnAimock(t *testing.T) {
	t.Parallel()
	url := startAimock(t)
	w := newWorld(t, settings{url: url + "/v1", extra: "    polling: {intervalSeconds: 1}\n    auth: {type: bearer, env: AIMOCK_KEY}\n"})
	w.workerAt(w.server.HostPort(), "AIMOCK_KEY=sk-test")
	file := uploadBatchFile(t, url)
	batch := fmt.Sprintf(`{"input_file_id":%q,"endpoint":"/v1/chat/completions","completion_window":"24h"}`, file)

	stdout, stderr, exit := w.perdure(w.server, "", "run", "POST", "/batches", "--service", "jobs", "--data", batch, "--output", "json")
	require.Zero(t, exit, "%s", stderr)
	var result struct {
		State string `json:"state"`
		Value struct {
			Object       string `json:"object"`
			Status       string `json:"status"`
			OutputFileID string `json:"output_file_id"`
		} `json:"value"`
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &result))
	require.Equal(t, "succeeded", result.State)
	require.Equal(t, "batch", result.Value.Object)
	require.Equal(t, "completed", result.Value.Status)
	require.NotEmpty(t, result.Value.OutputFileID)

	var started struct {
		WorkflowID string `json:"workflowId"`
	}
	stdout, stderr, exit = w.perdure(w.server, "", "start", "POST", "/batches", "--service", "jobs", "--data", batch, "--poll-interval", "1h", "--output", "json")
	require.Zero(t, exit, "%s", stderr)
	require.NoError(t, json.Unmarshal([]byte(stdout), &started))
	_, stderr, exit = w.perdure(w.server, "", "cancel", started.WorkflowID, "--reason", "not needed any more")
	require.Zero(t, exit, "%s", stderr)
	stdout, _, exit = w.perdure(w.server, "", "wait", started.WorkflowID, "--output", "json")
	require.Equal(t, 11, exit, "%s", stdout)
	require.Contains(t, stdout, `"Canceled"`)
	require.Contains(t, stdout, `"cancelled"`)
}

// startAimock starts the server and gives its URL.
func startAimock(t *testing.T) string {
	t.Helper()
	cli := filepath.Join("testdata", "aimock", "node_modules", "@copilotkit", "aimock", "dist", "cli.js")
	if _, err := os.Stat(cli); err != nil {
		if os.Getenv("CI") != "" {
			require.NoError(t, err, "make test installs it")
		}
		t.Skip("make test installs it, where there is npm")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, l.Close())
	cmd := exec.Command("node", cli, "-p", port, "-h", "127.0.0.1", "-f", filepath.Join("testdata", "aimock", "fixtures.json"))
	var log lockedBuffer
	cmd.Stdout, cmd.Stderr = &log, &log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("aimock said:\n%s", log.String())
		}
	})
	url := "http://127.0.0.1:" + port
	eventually(patient(t), t, "aimock answers", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/v1/batches", nil)
		require.NoError(t, err)
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return false
		}
		return resp.Body.Close() == nil
	})
	return url
}

// uploadBatchFile uploads one request and gives the file's id.
func uploadBatchFile(t *testing.T, url string) string {
	t.Helper()
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	require.NoError(t, m.WriteField("purpose", "batch"))
	part, err := m.CreateFormFile("file", "requests.jsonl")
	require.NoError(t, err)
	_, err = part.Write([]byte(`{"custom_id":"one","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[]}}` + "\n"))
	require.NoError(t, err)
	require.NoError(t, m.Close())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/files", &form)
	require.NoError(t, err)
	r.Header.Set("Content-Type", m.FormDataContentType())
	r.Header.Set("Authorization", "Bearer sk-test")
	resp, err := http.DefaultTransport.RoundTrip(r)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	var file struct {
		ID string `json:"id"`
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&file))
	require.NotEmpty(t, file.ID, "HTTP %d", resp.StatusCode)
	return file.ID
}
