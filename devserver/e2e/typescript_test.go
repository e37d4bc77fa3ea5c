package e2e_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/jobservice"
)

const typescript = "../../examples/typescript"

// A program that shares no code with Perdure, with Temporal's client for TypeScript and
// types made from the schemas, does all that the contract says can be done.
func TestATypeScriptProgram(t *testing.T) {
	t.Parallel()
	buildTypeScript(t)
	t.Run("in clear", func(t *testing.T) {
		t.Parallel()
		testTypeScript(t, false)
	})
	t.Run("encrypted, by the codec server", func(t *testing.T) {
		t.Parallel()
		testTypeScript(t, true)
	})
}

func testTypeScript(t *testing.T, encrypted bool) {
	t.Helper()
	src := newSource(t, true)
	src.send(3)
	src.end()
	w := newWorld(t, settings{
		encrypted: encrypted,
		service:   jobservice.Options{Items: jobservice.ItemOptions{Count: 7, PerPage: 3}},
		front: func(service http.Handler) http.Handler {
			mux := http.NewServeMux()
			mux.Handle("/", service)
			mux.Handle("/events", src)
			return mux
		},
	})
	w.worker()
	var env []string
	if encrypted {
		const token = "PERDURE_CODEC_TOKEN=secret"
		env = []string{token, "PERDURE_CODEC_SERVER=" + w.codecServer(token)}
	}
	said := w.runTypeScript(env...)

	started := only[perdure.Status](t, said["started"])
	require.Equal(t, perdure.StateRunning, started.State)
	require.Equal(t, "CreateVectorStore", started.Type)
	require.Equal(t, "openai", started.Protocol)
	header, err := mustParse(t, only[string](t, said["token"])).Header()
	require.NoError(t, err)
	require.Equal(t, w.queue+"/store", header.WorkflowID)
	only[perdure.Status](t, said["polling"])
	require.Positive(t, only[perdure.Status](t, said["updated"]).Polls, "the service was asked")
	result := only[perdure.OperationResult](t, said["result"])
	var value store
	require.NoError(t, result.Decode(&value))
	require.Equal(t, store{ID: started.RemoteID, Status: "completed"}, value)

	ended := only[struct {
		Type   string         `json:"type"`
		Status perdure.Status `json:"status"`
	}](t, said["ended"])
	require.Equal(t, "Canceled", ended.Type)
	require.Equal(t, perdure.StateCanceled, ended.Status.State)
	require.Equal(t, "not needed any more", ended.Status.Cancel.Reason)

	require.Len(t, said["page"], 3)
	var items int
	for i, raw := range said["page"] {
		page := only[perdure.Page](t, []json.RawMessage{raw})
		require.Equal(t, i, page.Index)
		require.Equal(t, i == 2, page.Last)
		var values []json.RawMessage
		require.NoError(t, json.Unmarshal(page.Values, &values))
		items += len(values)
	}
	require.Equal(t, 7, items)

	require.Len(t, said["event"], 3)
	for i, raw := range said["event"] {
		require.Equal(t, i, only[perdure.Event](t, []json.RawMessage{raw}).Offset)
	}
}

// buildTypeScript makes the types and compiles the program, which checks it.
func buildTypeScript(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(typescript, "node_modules")); err != nil {
		if os.Getenv("CI") != "" {
			require.NoError(t, err, "make test installs it")
		}
		t.Skip("make test installs it, where there is npm")
	}
	build := exec.CommandContext(t.Context(), "npm", "run", "--silent", "build")
	build.Dir = typescript
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// runTypeScript runs the program, and gives what it said by what it is.
func (w *world) runTypeScript(env ...string) map[string][]json.RawMessage {
	w.t.Helper()
	cmd := exec.CommandContext(patient(w.t), "node", filepath.Join("dist", "main.js"))
	cmd.Dir = typescript
	cmd.Env = append(append(os.Environ(), "TEMPORAL_ADDRESS="+w.server.HostPort(), "PERDURE_TASK_QUEUE="+w.queue, "ID="+w.queue), env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(w.t, cmd.Run(), "%s%s", &stdout, &stderr)
	said := map[string][]json.RawMessage{}
	for _, line := range linesOf(stdout.String()) {
		var one map[string]json.RawMessage
		require.NoError(w.t, json.Unmarshal([]byte(line), &one), line)
		for what, value := range one {
			said[what] = append(said[what], value)
		}
	}
	return said
}

// only reads the one value that there is.
func only[T any](t *testing.T, said []json.RawMessage) T {
	t.Helper()
	require.Len(t, said, 1)
	var value T
	require.NoError(t, perdure.Decode(said[0], &value))
	return value
}
