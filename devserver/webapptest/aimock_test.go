package webapptest_test

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startAimock starts a server that somebody else wrote, with an answer to every question,
// and gives its URL and the answer.
func startAimock(t *testing.T) (url, answer string) {
	t.Helper()
	cli := filepath.Join("..", "e2e", "testdata", "aimock", "node_modules", "@copilotkit", "aimock", "dist", "cli.js")
	if _, err := os.Stat(cli); err != nil {
		if os.Getenv("CI") != "" {
			require.NoError(t, err, "make test installs it")
		}
		t.Skip("make test installs it, where there is npm")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	at := l.Addr().String()
	_, port, err := net.SplitHostPort(at)
	require.NoError(t, err)
	require.NoError(t, l.Close())
	fixtures := filepath.Join("testdata", "chat.json")
	cmd := exec.Command("node", cli, "-p", port, "-h", "127.0.0.1", "-f", fixtures, "--chunk-size", "5", "--latency", "50")
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
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", at)
		return err == nil && c.Close() == nil
	}, patience, 50*time.Millisecond, "aimock listens")
	return "http://" + at, answerIn(t, fixtures)
}

// answerIn is the answer in a file of aimock's fixtures.
func answerIn(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	var fixtures struct {
		Fixtures []struct {
			Response struct {
				Content string `json:"content"`
			} `json:"response"`
		} `json:"fixtures"`
	}
	require.NoError(t, json.Unmarshal(raw, &fixtures))
	require.Len(t, fixtures.Fixtures, 1)
	return fixtures.Fixtures[0].Response.Content
}
