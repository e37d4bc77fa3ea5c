package tokens_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/tokens"
)

func requireMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, want, info.Mode().Perm())
}

func requireFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	require.Equal(t, want, got)
}

func TestCreate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keyset.json")
	keys, err := tokens.Create(path)
	require.NoError(t, err)
	requireMode(t, path, 0o600)
	requireFiles(t, dir, "keyset.json")

	loaded, err := tokens.LoadKeyset(path)
	require.NoError(t, err)
	require.Equal(t, keys.Keys(), loaded.Keys())
	_, err = loaded.Open(seal(t, keys, fullHeader(), "s"), fullExpect())
	require.NoError(t, err)
}

func TestCreateNeverOverwrites(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keyset.json")
	require.NoError(t, os.WriteFile(path, []byte("precious"), 0o644))
	dangling := filepath.Join(dir, "link.json")
	require.NoError(t, os.Symlink(filepath.Join(dir, "nowhere"), dangling))

	for _, p := range []string{path, dangling} {
		keys, err := tokens.Create(p)
		require.ErrorIs(t, err, fs.ErrExist)
		require.ErrorContains(t, err, p)
		require.Nil(t, keys)
	}
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "precious", string(b))
	requireFiles(t, dir, "keyset.json", "link.json")
}

func TestCreateWhereNothingCanBe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "keyset.json")
	keys, err := tokens.Create(path)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, path)
	require.Nil(t, keys)
}

func TestLoadKeysetNamesThePath(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	tests := []struct{ name, path, says string }{
		{"not there", filepath.Join(dir, "none.json"), "no such file"},
		{"a directory", dir, "is a directory"},
		{"empty", write("empty.json", ""), ": empty"},
		{"not a keyset", write("other.json", "{}"), "not a cleartext Tink keyset"},
		{"encrypted", write("encrypted.json", `{"encryptedKeyset":"AAAA"}`), "encrypted"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			keys, err := tokens.LoadKeyset(tt.path)
			require.ErrorContains(t, err, "tokens: keyset")
			require.ErrorContains(t, err, tt.path)
			require.ErrorContains(t, err, tt.says)
			require.Nil(t, keys)
		})
	}
	_, err := tokens.LoadKeyset(filepath.Join(dir, "none.json"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestLoadKeysetTakesAFileThatOthersMayRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyset.json")
	_, err := tokens.Create(path)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(path, 0o444))
	_, err = tokens.LoadKeyset(path)
	require.NoError(t, err)
}

func TestRotateFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keyset.json")
	old, err := tokens.Create(path)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(path, 0o640))
	token := seal(t, old, fullHeader(), "s")

	rotated, err := tokens.RotateFile(path)
	require.NoError(t, err)
	require.Len(t, rotated.Keys(), 2)
	require.NotEqual(t, old.PrimaryKeyID(), rotated.PrimaryKeyID())
	requireMode(t, path, 0o640)
	requireFiles(t, dir, "keyset.json")

	loaded, err := tokens.LoadKeyset(path)
	require.NoError(t, err)
	require.Equal(t, rotated.Keys(), loaded.Keys())
	_, err = loaded.Open(token, fullExpect())
	require.NoError(t, err)
}

func TestRotateFileKeepsALink(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	target, link := filepath.Join(elsewhere, "real.json"), filepath.Join(dir, "keyset.json")
	_, err := tokens.Create(target)
	require.NoError(t, err)
	require.NoError(t, os.Symlink(target, link))

	_, err = tokens.RotateFile(link)
	require.NoError(t, err)
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.Equal(t, fs.ModeSymlink, info.Mode().Type())
	loaded, err := tokens.LoadKeyset(target)
	require.NoError(t, err)
	require.Len(t, loaded.Keys(), 2)
}

func TestRotateFileLeavesABadFileAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keyset.json")
	_, err := tokens.RotateFile(path)
	require.ErrorIs(t, err, fs.ErrNotExist)
	requireFiles(t, dir)

	require.NoError(t, os.WriteFile(path, []byte("precious"), 0o600))
	keys, err := tokens.RotateFile(path)
	require.ErrorContains(t, err, path)
	require.Nil(t, keys)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "precious", string(b))
	requireFiles(t, dir, "keyset.json")
}

func TestRotateFileSeesAnotherRotation(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keyset.json")
	_, err := tokens.Create(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+".new", []byte("half a key"), 0o600))

	_, err = tokens.RotateFile(path)
	require.ErrorIs(t, err, fs.ErrExist)
	require.ErrorContains(t, err, "another rotation")
	require.ErrorContains(t, err, path+".new")
	requireFiles(t, dir, "keyset.json", "keyset.json.new")
}

func TestRotateFileConcurrentlyLosesNoKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyset.json")
	_, err := tokens.Create(path)
	require.NoError(t, err)

	var lock sync.Mutex
	made := map[uint32]bool{}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 5 {
				keys, err := tokens.RotateFile(path)
				if errors.Is(err, fs.ErrExist) {
					continue
				}
				if err != nil {
					t.Error(err)
					continue
				}
				lock.Lock()
				made[keys.PrimaryKeyID()] = true
				lock.Unlock()
			}
		})
	}
	group.Wait()

	loaded, err := tokens.LoadKeyset(path)
	require.NoError(t, err)
	require.Len(t, loaded.Keys(), len(made)+1)
	for _, key := range loaded.Keys()[1:] {
		require.True(t, made[key.ID])
	}
}
