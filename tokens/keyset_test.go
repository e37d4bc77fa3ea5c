package tokens_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"

	"github.com/perdure-dev/perdure/tokens"
)

func written(tb testing.TB, keys *tokens.Keyset) string {
	tb.Helper()
	var out bytes.Buffer
	require.NoError(tb, keys.Write(&out))
	return out.String()
}

// ageless are the keys without the time when they were made.
func ageless(keys *tokens.Keyset) []tokens.KeyInfo {
	infos := keys.Keys()
	for i := range infos {
		infos[i].Created = time.Time{}
	}
	return infos
}

func TestNewKeysetHasOneKey(t *testing.T) {
	before := time.Now().UTC().Truncate(time.Second)
	keys := newKeyset(t)
	created := keys.Keys()[0].Created
	require.False(t, created.Before(before) || created.After(time.Now()), created)
	require.Equal(t, []tokens.KeyInfo{{ID: keys.PrimaryKeyID(), Primary: true, Status: tokens.KeyEnabled}}, ageless(keys))
	require.NotEqual(t, written(t, keys), written(t, newKeyset(t)))
}

func TestKeysetIsWrittenAndRead(t *testing.T) {
	keys := newKeyset(t)
	_, err := keys.Rotate()
	require.NoError(t, err)
	again, err := tokens.ReadKeyset(strings.NewReader(written(t, keys)))
	require.NoError(t, err)
	require.Equal(t, keys.Keys(), again.Keys())
	require.Equal(t, written(t, keys), written(t, again))
	_, err = again.Open(seal(t, keys, fullHeader(), "s"), fullExpect())
	require.NoError(t, err)
}

func TestWriteReportsTheWritersError(t *testing.T) {
	full := errors.New("disk full")
	require.ErrorIs(t, newKeyset(t).Write(failingWriter{full}), full)
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestRotation(t *testing.T) {
	keys := newKeyset(t)
	first := keys.PrimaryKeyID()
	before := seal(t, keys, fullHeader(), "before")
	stale, err := tokens.ReadKeyset(strings.NewReader(written(t, keys)))
	require.NoError(t, err)

	second, err := keys.Rotate()
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	require.Equal(t, second, keys.PrimaryKeyID())
	require.Equal(t, []tokens.KeyInfo{
		{ID: first, Status: tokens.KeyEnabled},
		{ID: second, Primary: true, Status: tokens.KeyEnabled},
	}, ageless(keys))

	opened, err := keys.Open(before, fullExpect())
	require.NoError(t, err)
	require.Equal(t, []byte("before"), opened.State)
	require.Equal(t, first, opened.Header.KeyID)

	after := seal(t, keys, fullHeader(), "after")
	opened, err = keys.Open(after, fullExpect())
	require.NoError(t, err)
	require.Equal(t, second, opened.Header.KeyID)

	_, err = stale.Open(after, fullExpect())
	requireOnly(t, err, "keyRetired")
}

func TestKeysIsACopy(t *testing.T) {
	keys := newKeyset(t)
	keys.Keys()[0].Status = tokens.KeyDisabled
	require.Equal(t, tokens.KeyEnabled, keys.Keys()[0].Status)
}

// Retiring is what docs/tokens.md says: edit the file.
func TestRetiredKey(t *testing.T) {
	keys := newKeyset(t)
	first := keys.PrimaryKeyID()
	token := seal(t, keys, fullHeader(), "s")
	_, err := keys.Rotate()
	require.NoError(t, err)
	for _, status := range []string{"DISABLED", "DESTROYED"} {
		t.Run(status, func(t *testing.T) {
			retired, err := tokens.ReadKeyset(strings.NewReader(strings.Replace(written(t, keys), "ENABLED", status, 1)))
			require.NoError(t, err)
			require.Equal(t, tokens.KeyInfo{ID: first, Status: tokens.KeyDisabled}, ageless(retired)[0])

			opened, err := retired.Open(token, fullExpect())
			requireOnly(t, err, "keyRetired")
			require.EqualError(t, err, fmt.Sprintf("tokens: key retired: key %d is disabled", first))
			require.Zero(t, opened)

			_, err = retired.Rotate()
			require.NoError(t, err)
			require.Len(t, retired.Keys(), 3)
			_, err = retired.Open(token, fullExpect())
			requireOnly(t, err, "keyRetired")
		})
	}
}

func TestOtherKeyset(t *testing.T) {
	token := seal(t, newKeyset(t), fullHeader(), "s")
	opened, err := newKeyset(t).Open(token, fullExpect())
	requireOnly(t, err, "keyRetired")
	require.Zero(t, opened)
}

// Two keysets whose keys have the same id and not the same bytes.
func TestOtherKeyOfTheSameID(t *testing.T) {
	keys, other := newKeyset(t), newKeyset(t)
	text := strings.ReplaceAll(written(t, other), strconv.FormatUint(uint64(other.PrimaryKeyID()), 10), strconv.FormatUint(uint64(keys.PrimaryKeyID()), 10))
	same, err := tokens.ReadKeyset(strings.NewReader(text))
	require.NoError(t, err)
	require.Equal(t, keys.PrimaryKeyID(), same.PrimaryKeyID())
	_, err = same.Open(seal(t, keys, fullHeader(), "s"), fullExpect())
	requireOnly(t, err, "notAuthentic")
}

// weakened is a keyset in JSON whose 32 bytes of each key are changed.
func weakened(text string, change func(key []byte)) string {
	return regexp.MustCompile(`"value": "[^"]*"`).ReplaceAllStringFunc(text, func(found string) string {
		value, _ := base64.StdEncoding.DecodeString(found[len(`"value": "`) : len(found)-1])
		change(value[2:34])
		return `"value": "` + base64.StdEncoding.EncodeToString(value) + `"`
	})
}

func tinkJSON(t *testing.T, template *tinkpb.KeyTemplate) string {
	t.Helper()
	handle, err := keyset.NewHandle(template)
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)))
	return out.String()
}

func TestReadKeysetRefuses(t *testing.T) {
	keys := newKeyset(t)
	_, err := keys.Rotate()
	require.NoError(t, err)
	good := written(t, keys)
	ids := keys.Keys()
	raw := aead.XChaCha20Poly1305KeyTemplate()
	raw.OutputPrefixType = tinkpb.OutputPrefixType_RAW
	crunchy := aead.XChaCha20Poly1305KeyTemplate()
	crunchy.OutputPrefixType = tinkpb.OutputPrefixType_CRUNCHY

	tests := []struct{ name, text, says string }{
		{"nothing", "", "empty"},
		{"blanks", " \n", "empty"},
		{"not JSON", "GiAgISIjJCUmJygp", "not a JSON object"},
		{"cut off", good[:len(good)/2], "not a JSON object"},
		{"something after it", good + "x", "not a JSON object"},
		{"an array", "[" + good + "]", "not a JSON object"},
		{"another object", `{"a":1}`, "not a cleartext Tink keyset"},
		{"no keys", `{"primaryKeyId":1,"key":[]}`, "not a cleartext Tink keyset"},
		{"encrypted", `{"encryptedKeyset":"AAAA","keysetInfo":{}}`, "encrypted"},
		{"two keys of one id", strings.Replace(good, strconv.FormatUint(uint64(ids[0].ID), 10), strconv.FormatUint(uint64(ids[1].ID), 10), 1), "Tink keyset"},
		{"all disabled", strings.ReplaceAll(good, "ENABLED", "DISABLED"), "Tink keyset"},
		{"AES-GCM", tinkJSON(t, aead.AES256GCMKeyTemplate()), "is not XChaCha20-Poly1305 with the TINK prefix"},
		{"without a prefix", tinkJSON(t, raw), "is not XChaCha20-Poly1305 with the TINK prefix"},
		{"with a prefix of another kind", tinkJSON(t, crunchy), "is not XChaCha20-Poly1305 with the TINK prefix"},
		{"keys of zeros", weakened(good, func(key []byte) { clear(key) }), "is weak: its bytes are not random"},
		{"keys of a word", weakened(good, func(key []byte) { copy(key, "passwordpasswordpasswordpassword") }), "is weak: its bytes are not random"},
		{"more than 1 MiB", good + strings.Repeat(" ", 1<<20), "more than 1048576 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tokens.ReadKeyset(strings.NewReader(tt.text))
			require.ErrorContains(t, err, "tokens: keyset: ")
			require.ErrorContains(t, err, tt.says)
			require.Nil(t, got)
			for line := range strings.SplitSeq(tt.text, "\n") {
				if _, value, ok := strings.Cut(line, `"value": "`); ok {
					require.NotContains(t, err.Error(), value[:16])
				}
			}
		})
	}
}

func TestReadKeysetReportsTheReadersError(t *testing.T) {
	gone := errors.New("gone")
	_, err := tokens.ReadKeyset(iotest.ErrReader(gone))
	require.ErrorIs(t, err, gone)
}

func TestKeysetConcurrently(t *testing.T) {
	keys := newKeyset(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 10 {
				if _, err := keys.Rotate(); err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for range 40 {
				token, err := keys.Seal(fullHeader(), []byte("s"))
				if err != nil {
					t.Error(err)
				}
				if _, err := keys.Open(token, fullExpect()); err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for range 10 {
				if err := keys.Write(&bytes.Buffer{}); err != nil {
					t.Error(err)
				}
				_ = fmt.Sprint(keys, keys.Keys(), keys.PrimaryKeyID())
			}
		})
	}
	group.Wait()
	require.Len(t, keys.Keys(), 81)
}
