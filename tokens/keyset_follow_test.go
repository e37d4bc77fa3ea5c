package tokens_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/tokens"
)

func TestAKeysetFollowsItsFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keyset.json")
		made, err := tokens.Create(path)
		require.NoError(t, err)
		loaded, err := tokens.LoadKeyset(path)
		require.NoError(t, err)
		first := made.PrimaryKeyID()
		old := seal(t, loaded, fullHeader(), "s")

		_, err = tokens.AddKey(path)
		require.NoError(t, err)
		rotated, err := tokens.PromoteKey(path)
		require.NoError(t, err)
		second := rotated.PrimaryKeyID()
		for _, keys := range []*tokens.Keyset{made, loaded} {
			require.Equal(t, first, keys.PrimaryKeyID(), "the file is not looked at all the time")
		}
		time.Sleep(time.Second)
		for _, keys := range []*tokens.Keyset{made, loaded} {
			require.Equal(t, second, keys.PrimaryKeyID())
			_, err = keys.Open(old, fullExpect())
			require.NoError(t, err)
			require.ErrorContains(t, errorOf(keys.Rotate()), "AddKey")
		}

		_, err = tokens.RetireKey(path, first)
		require.NoError(t, err)
		time.Sleep(time.Second)
		_, err = loaded.Open(old, fullExpect())
		requireOnly(t, err, "keyRetired")
	})
}

func errorOf[T any](_ T, err error) error { return err }

// While the file is being changed by hand, or is gone, the keys go on working.
func TestAKeysetSurvivesABrokenFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keyset.json")
		_, err := tokens.Create(path)
		require.NoError(t, err)
		keys, err := tokens.LoadKeyset(path)
		require.NoError(t, err)
		token := seal(t, keys, fullHeader(), "s")
		content, err := os.ReadFile(path)
		require.NoError(t, err)

		require.NoError(t, keys.Reload())
		require.NoError(t, os.WriteFile(path, content[:len(content)/2], 0o600))
		require.ErrorContains(t, keys.Reload(), path)
		time.Sleep(time.Second)
		_, err = keys.Open(token, fullExpect())
		require.NoError(t, err)

		require.NoError(t, os.Remove(path))
		require.ErrorIs(t, keys.Reload(), fs.ErrNotExist)
		time.Sleep(time.Second)
		_, err = keys.Open(token, fullExpect())
		require.NoError(t, err)

		require.NoError(t, os.WriteFile(path, content, 0o600))
		require.NoError(t, keys.Reload())
		require.NoError(t, newKeyset(t).Reload(), "in memory")
	})
}

// Two who have loaded one file read each other's tokens throughout a rotation in two steps
// whose second comes when both have the first.
func TestARotationInTwoStepsRefusesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "keyset.json")
		_, err := tokens.Create(path)
		require.NoError(t, err)
		var group sync.WaitGroup
		var done sync.WaitGroup
		texts := make(chan tokens.Token, 1024)
		for i := range 2 {
			keys, err := tokens.LoadKeyset(path)
			require.NoError(t, err)
			time.Sleep(300 * time.Millisecond) // so that they do not look at the same time
			group.Go(func() {
				for range 100 {
					token, err := keys.Seal(fullHeader(), []byte{byte(i)})
					if err != nil {
						t.Error(err)
					}
					texts <- token
					time.Sleep(50 * time.Millisecond)
				}
			})
			done.Go(func() {
				for token := range texts {
					if _, err := keys.Open(token, fullExpect()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		_, err = tokens.AddKey(path)
		require.NoError(t, err)
		time.Sleep(1050 * time.Millisecond)
		_, err = tokens.PromoteKey(path)
		require.NoError(t, err)
		group.Wait()
		close(texts)
		done.Wait()
	})
}
