package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure/tokens"
	"github.com/perdure-dev/perdure/worker"
)

// The configuration beside the command names the protocol, and the worker knows it, with
// whatever the configuration says of payloads.
func TestNewWorker(t *testing.T) {
	renders, err := os.ReadFile("renders.yaml")
	require.NoError(t, err)
	for name, more := range map[string]string{
		"as it is": "", "encrypted": "encryption: {keysetFile: payload-keyset.json}\n", "stored": "storage: {url: \"file:///DIR/blobs\"}\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "renders.yaml")
			require.NoError(t, os.WriteFile(path, append(renders, strings.ReplaceAll("\n"+more, "/DIR", dir)...), 0o600))
			for _, keyset := range []string{"keyset.json", "payload-keyset.json"} {
				_, err = tokens.Create(filepath.Join(dir, keyset))
				require.NoError(t, err)
			}
			cfg, err := worker.Load(path)
			require.NoError(t, err)
			written, err := cfg.Payloads(t.Context(), nil)
			require.NoError(t, err)
			temporal, err := client.NewLazyClient(written.ClientOptions(client.Options{}))
			require.NoError(t, err)
			t.Cleanup(temporal.Close)
			w, err := newWorker(temporal, cfg, worker.Options{Payloads: written})
			require.NoError(t, err)
			require.NotNil(t, w)
		})
	}
}

func TestRunWantsAFile(t *testing.T) {
	require.ErrorContains(t, run(t.Context(), nil), "configuration file")
}
