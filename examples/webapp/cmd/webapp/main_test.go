package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/tokens"
)

func TestWrongUsage(t *testing.T) {
	tests := []struct {
		name string
		args []string
		says string
	}{
		{"no keyset", nil, "--keyset is required"},
		{"an argument", []string{"--keyset", "k", "x"}, `unexpected argument "x"`},
		{"output", []string{"--keyset", "k", "--output", "yaml"}, "--output"},
		{"keep", []string{"--keyset", "k", "--keep-pages", "-1s"}, "--keep-pages"},
		{"patience", []string{"--keyset", "k", "--patience", "2m"}, "--patience"},
		{"a flag that is none", []string{"--nosuch"}, "nosuch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stderr bytes.Buffer
			require.Equal(t, exitUsage, run(t.Context(), tt.args, io.Discard, &stderr))
			require.Contains(t, stderr.String(), tt.says)
		})
	}
}

func TestHelp(t *testing.T) {
	require.Zero(t, run(t.Context(), []string{"--help"}, io.Discard, io.Discard))
}

func TestKeysThatAreNotThere(t *testing.T) {
	for _, args := range [][]string{
		{"--keyset", "nowhere.json"},
		{"--keyset", newKeyset(t), "--session-keyset", "nowhere.json"},
	} {
		var stderr bytes.Buffer
		require.Equal(t, exitError, run(t.Context(), args, io.Discard, &stderr))
		require.Contains(t, stderr.String(), "nowhere.json")
	}
}

// It is up, and says so, also where Temporal is not; and it stops when it is told to.
func TestItServesAndStops(t *testing.T) {
	t.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"--listen", "127.0.0.1:0", "--output", "json", "--keyset", newKeyset(t), "--session-keyset", newKeyset(t)}, w, io.Discard)
	}()
	var said struct{ URL string }
	require.NoError(t, json.NewDecoder(r).Decode(&said))
	response, err := http.Get(said.URL + "/healthz")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusNoContent, response.StatusCode)
	stop()
	require.Zero(t, <-ended)
}

func newKeyset(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keyset.json")
	_, err := tokens.Create(path)
	require.NoError(t, err)
	return path
}
