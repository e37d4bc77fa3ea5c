package tokens_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/tokens"
)

// requireTampered demands what any change of a token comes to: not a token any
// more, or not authentic; never a mismatch of what the changed header says.
func requireTampered(t *testing.T, keys *tokens.Keyset, text string, at int) {
	t.Helper()
	opened, err := openText(keys, text, fullExpect())
	require.Truef(t, errors.Is(err, tokens.ErrMalformed) || errors.Is(err, tokens.ErrNotAuthentic), "at %d: %v", at, err)
	require.Zero(t, opened)
}

func TestEveryBitOfTheTextCounts(t *testing.T) {
	keys := newKeyset(t)
	text := seal(t, keys, fullHeader(), "the state").Text()
	for bit := range 8 * len(text) {
		flipped := []byte(text)
		flipped[bit/8] ^= 1 << (bit % 8)
		requireTampered(t, keys, string(flipped), bit)
	}
}

func TestEveryBitUnderTheTextCounts(t *testing.T) {
	keys := newKeyset(t)
	raw := decode(t, seal(t, keys, fullHeader(), "the state").Text())
	for bit := range 8 * len(raw) {
		flipped := bytes.Clone(raw)
		flipped[bit/8] ^= 1 << (bit % 8)
		requireTampered(t, keys, encode(flipped), bit)
	}
}

func TestEveryTruncationIsRefused(t *testing.T) {
	keys := newKeyset(t)
	text := seal(t, keys, fullHeader(), "the state").Text()
	for n := range len(text) {
		requireTampered(t, keys, text[:n], n)
	}
	raw := decode(t, text)
	for n := range raw {
		requireTampered(t, keys, encode(raw[:n]), n)
		requireTampered(t, keys, encode(raw[n+1:]), n)
	}
}

func TestWhatIsAddedIsRefused(t *testing.T) {
	keys := newKeyset(t)
	text := seal(t, keys, fullHeader(), "the state").Text()
	for _, more := range []string{"=", "==", "\n", "\r", "\r\n", " ", "A", "AA", "AAA", "AAAA", "\x00", text} {
		requireTampered(t, keys, text+more, len(text))
		requireTampered(t, keys, more+text, 0)
		requireTampered(t, keys, text[:50]+more+text[50:], 50)
	}
}

func TestLastCharacterHasOneSpelling(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	keys := newKeyset(t)
	for _, state := range []string{"", "1", "12", "123"} {
		text := seal(t, keys, fullHeader(), state).Text()
		for _, c := range alphabet {
			if other := text[:len(text)-1] + string(c); other != text {
				requireTampered(t, keys, other, len(text)-1)
			}
		}
	}
}

func TestChangedHeaderIsNotAuthenticBeforeItIsAMismatch(t *testing.T) {
	keys := newKeyset(t)
	text := seal(t, keys, fullHeader(), "the state").Text()
	raw := string(decode(t, text))
	tests := []struct {
		name, from, to string
		want           tokens.Expect
	}{
		{"asked for the sealed type", "CreateVectorStore", "DeleteVectorStore", fullExpect()},
		{"asked for the written type", "CreateVectorStore", "DeleteVectorStore", tokens.Expect{Kind: tokens.KindOperation, Type: "DeleteVectorStore", Audience: "tenant-a"}},
		{"asked for the sealed audience", "tenant-a", "tenant-b", fullExpect()},
		{"asked for the written audience", "tenant-a", "tenant-b", tokens.Expect{Kind: tokens.KindOperation, Type: "CreateVectorStore", Audience: "tenant-b"}},
		{"asked for the sealed service", `"jobs"`, `"bobs"`, fullExpect()},
		{"made younger", "2026-", "2027-", fullExpect()},
		{"made older", "2026-", "2020-", fullExpect()},
		{"another namespace, which nobody compares", `"default"`, `"defaulu"`, fullExpect()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changed := strings.Replace(raw, tt.from, tt.to, 1)
			require.NotEqual(t, raw, changed)
			opened, err := openText(keys, encode([]byte(changed)), tt.want)
			requireOnly(t, err, "notAuthentic")
			require.Zero(t, opened)
		})
	}
}

func TestHeaderOfAnotherTokenIsNotAuthentic(t *testing.T) {
	keys := newKeyset(t)
	other := fullHeader()
	other.Audience = "tenant-b"
	a, b := decode(t, seal(t, keys, fullHeader(), "a").Text()), decode(t, seal(t, keys, other, "b").Text())
	require.Len(t, b, len(a))
	head := len(a) - len("a") - 45
	_, err := openText(keys, encode(append(bytes.Clone(a[:head]), b[head:]...)), fullExpect())
	requireOnly(t, err, "notAuthentic")
}
