//go:build unix

package tokens_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/tokens"
)

// An administrator rotates; the worker, which is somebody else, must still read.
func TestAChangeKeepsTheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	path := filepath.Join(t.TempDir(), "keyset.json")
	_, err := tokens.Create(path)
	require.NoError(t, err)
	require.NoError(t, os.Chown(path, 12345, 23456))

	_, err = tokens.AddKey(path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	stat, ok := info.Sys().(*syscall.Stat_t)
	require.True(t, ok)
	require.Equal(t, uint32(12345), stat.Uid)
	require.Equal(t, uint32(23456), stat.Gid)
	requireMode(t, path, 0o600)
}
