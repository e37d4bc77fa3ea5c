package tokens_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

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

func TestRotationInAFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keyset.json")
	old, err := tokens.Create(path)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(path, 0o640))
	token := seal(t, old, fullHeader(), "s")

	first := old.PrimaryKeyID()
	before := time.Now().UTC().Truncate(time.Second)

	for range 2 { // the second time there is nothing to do
		added, err := tokens.AddKey(path)
		require.NoError(t, err)
		require.Equal(t, first, added.PrimaryKeyID())
		require.Len(t, added.Keys(), 2)
		require.True(t, added.Keys()[1].Pending)
		require.False(t, added.Keys()[1].Created.Before(before))
	}
	var rotated *tokens.Keyset
	for range 2 {
		rotated, err = tokens.PromoteKey(path)
		require.NoError(t, err)
		require.Len(t, rotated.Keys(), 2)
		require.Equal(t, rotated.Keys()[1].ID, rotated.PrimaryKeyID())
		require.False(t, rotated.Keys()[1].Pending)
	}
	requireMode(t, path, 0o640)
	requireFiles(t, dir, "keyset.json")

	loaded, err := tokens.LoadKeyset(path)
	require.NoError(t, err)
	require.Equal(t, rotated.Keys(), loaded.Keys())
	_, err = loaded.Open(token, fullExpect())
	require.NoError(t, err)

	for range 2 {
		retired, err := tokens.RetireKey(path, first)
		require.NoError(t, err)
		require.Equal(t, tokens.KeyDisabled, retired.Keys()[0].Status)
		_, err = retired.Open(token, fullExpect())
		requireOnly(t, err, "keyRetired")
	}
	requireMode(t, path, 0o640)
	requireFiles(t, dir, "keyset.json")
}

func TestRetireKeyRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keyset.json")
	keys, err := tokens.Create(path)
	require.NoError(t, err)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	for id, says := range map[uint32]string{
		keys.PrimaryKeyID():     "seals: add and promote another one first",
		keys.PrimaryKeyID() + 1: "there is no key",
	} {
		_, err := tokens.RetireKey(path, id)
		require.ErrorContains(t, err, says)
		require.ErrorContains(t, err, path)
	}
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, content, after)
	requireFiles(t, dir, "keyset.json")
}

// What AddKey and Create write is a keyset for whoever uses Tink without this package.
func TestTinkReadsTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyset.json")
	keys, err := tokens.Create(path)
	require.NoError(t, err)
	_, err = tokens.AddKey(path)
	require.NoError(t, err)
	f, err := os.Open(path)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(f))
	require.NoError(t, err)
	require.Equal(t, 2, handle.Len())
	_, err = aead.New(handle)
	require.NoError(t, err)

	var byTink bytes.Buffer // which drops what it does not know
	require.NoError(t, insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&byTink)))
	again, err := tokens.ReadKeyset(&byTink)
	require.NoError(t, err)
	require.Equal(t, keys.PrimaryKeyID(), again.PrimaryKeyID())
	require.Zero(t, again.Keys()[0].Created)
}

func TestAChangeKeepsALink(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	target, link := filepath.Join(elsewhere, "real.json"), filepath.Join(dir, "keyset.json")
	_, err := tokens.Create(target)
	require.NoError(t, err)
	require.NoError(t, os.Symlink(target, link))

	_, err = tokens.AddKey(link)
	require.NoError(t, err)
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.Equal(t, fs.ModeSymlink, info.Mode().Type())
	loaded, err := tokens.LoadKeyset(target)
	require.NoError(t, err)
	require.Len(t, loaded.Keys(), 2)
}

func TestAChangeLeavesABadFileAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keyset.json")
	steps := []func(string) (*tokens.Keyset, error){
		tokens.AddKey, tokens.PromoteKey, func(path string) (*tokens.Keyset, error) { return tokens.RetireKey(path, 1) },
	}
	for _, step := range steps {
		_, err := step(path)
		require.ErrorIs(t, err, fs.ErrNotExist)
		requireFiles(t, dir)
	}

	require.NoError(t, os.WriteFile(path, []byte("precious"), 0o600))
	for _, step := range steps {
		keys, err := step(path)
		require.ErrorContains(t, err, path)
		require.Nil(t, keys)
	}
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "precious", string(b))
	requireFiles(t, dir, "keyset.json")
}

func TestAChangeSeesAnother(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keyset.json")
	_, err := tokens.Create(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+".new", []byte("half a key"), 0o600))

	_, err = tokens.AddKey(path)
	require.ErrorIs(t, err, fs.ErrExist)
	require.ErrorContains(t, err, "another change")
	require.ErrorContains(t, err, path+".new")
	requireFiles(t, dir, "keyset.json", "keyset.json.new")
}

// Whoever adds and promotes at the same time as others leaves a keyset that has every key
// which has ever sealed.
func TestRotatingConcurrentlyLosesNoKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keyset.json")
	first, err := tokens.Create(path)
	require.NoError(t, err)

	var lock sync.Mutex
	sealed := map[uint32]bool{first.PrimaryKeyID(): true}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 10 {
				step := tokens.AddKey
				if i%2 == 1 {
					step = tokens.PromoteKey
				}
				keys, err := step(path)
				if errors.Is(err, fs.ErrExist) {
					continue
				}
				if err != nil {
					t.Error(err)
					continue
				}
				lock.Lock()
				sealed[keys.PrimaryKeyID()] = true
				lock.Unlock()
			}
		})
	}
	group.Wait()

	loaded, err := tokens.LoadKeyset(path)
	require.NoError(t, err)
	for _, key := range loaded.Keys() {
		require.Equal(t, tokens.KeyEnabled, key.Status)
		delete(sealed, key.ID)
	}
	require.Empty(t, sealed)
}
