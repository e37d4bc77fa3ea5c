package tokens_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/perdure-dev/perdure/tokens"
)

const prefix = "perdure1_"

var issuedAt = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func newKeyset(tb testing.TB) *tokens.Keyset {
	tb.Helper()
	keys, err := tokens.NewKeyset()
	require.NoError(tb, err)
	return keys
}

func seal(tb testing.TB, keys *tokens.Keyset, h tokens.Header, state string) tokens.Token {
	tb.Helper()
	token, err := keys.Seal(h, []byte(state))
	require.NoError(tb, err)
	return token
}

func fullHeader() tokens.Header {
	return tokens.Header{
		Kind:       tokens.KindOperation,
		WorkflowID: "stores/7",
		Namespace:  "default",
		Service:    "jobs",
		Protocol:   "openai",
		Type:       "CreateVectorStore",
		Audience:   "tenant-a",
		IssuedAt:   issuedAt,
	}
}

func fullExpect() tokens.Expect {
	return tokens.Expect{
		Kind:     tokens.KindOperation,
		Type:     "CreateVectorStore",
		Audience: "tenant-a",
		Service:  "jobs",
		Lifetime: time.Hour,
		Now:      issuedAt.Add(time.Minute),
	}
}

// expectOf asks for exactly what h is, at any age.
func expectOf(h tokens.Header) tokens.Expect {
	return tokens.Expect{Kind: h.Kind, Type: h.Type, Audience: h.Audience, Service: h.Service}
}

// forge seals any bytes as the header, authentically: what a holder of the keyset
// who does not keep to the format could make.
func forge(tb testing.TB, keys *tokens.Keyset, header, state string) string {
	tb.Helper()
	var file bytes.Buffer
	require.NoError(tb, keys.Write(&file))
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(&file))
	require.NoError(tb, err)
	sealer, err := aead.New(handle)
	require.NoError(tb, err)
	head := append(binary.BigEndian.AppendUint16(nil, uint16(len(header))), header...)
	sealed, err := sealer.Encrypt([]byte(state), append([]byte(prefix), head...))
	require.NoError(tb, err)
	return encode(append(head, sealed...))
}

func encode(raw []byte) string { return prefix + base64.RawURLEncoding.EncodeToString(raw) }

func decode(tb testing.TB, text string) []byte {
	tb.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text[len(prefix):])
	require.NoError(tb, err)
	return raw
}

// openText is what happens to a text that comes from outside.
func openText(keys *tokens.Keyset, text string, want tokens.Expect) (tokens.Opened, error) {
	token, err := tokens.Parse(text)
	if err != nil {
		return tokens.Opened{}, err
	}
	return keys.Open(token, want)
}
