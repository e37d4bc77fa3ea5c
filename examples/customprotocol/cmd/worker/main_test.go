package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure/tokens"
)

// The configuration beside the command names the protocol, and the worker knows it.
func TestNewWorker(t *testing.T) {
	dir := t.TempDir()
	config, err := os.ReadFile("renders.yaml")
	require.NoError(t, err)
	path := filepath.Join(dir, "renders.yaml")
	require.NoError(t, os.WriteFile(path, config, 0o600))
	_, err = tokens.Create(filepath.Join(dir, "keyset.json"))
	require.NoError(t, err)

	temporal, err := client.NewLazyClient(client.Options{})
	require.NoError(t, err)
	t.Cleanup(temporal.Close)
	w, err := newWorker(temporal, "", path)
	require.NoError(t, err)
	require.NotNil(t, w)
}

func TestRunWantsAFile(t *testing.T) {
	require.ErrorContains(t, run(t.Context(), nil), "configuration file")
}
