package tokens_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/chacha20poly1305"
)

// reference opens a token without Tink and without this package, step by step as
// docs/tokens.md tells it to implementers in other languages. rawKeys has the 32
// bytes of each key by its id.
func reference(t *testing.T, text string, rawKeys map[uint32][]byte) (header string, state []byte) {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text[len("perdure1_"):])
	require.NoError(t, err)

	end := 2 + int(binary.BigEndian.Uint16(raw))
	head, sealed := raw[:end], raw[end:]

	require.Equal(t, byte(1), sealed[0])
	keyID := binary.BigEndian.Uint32(sealed[1:5])
	nonce, ciphertext := sealed[5:29], sealed[29:]

	aead, err := chacha20poly1305.NewX(rawKeys[keyID])
	require.NoError(t, err)
	state, err = aead.Open(nil, nonce, ciphertext, append([]byte("perdure1_"), head...))
	require.NoError(t, err)
	return string(head[2:]), state
}

// rawKeysOf reads the key bytes out of Tink's JSON: each value is a protocol
// buffer whose field 3 is the key, 0x1a 0x20 and 32 bytes; others may come after it.
func rawKeysOf(t *testing.T, keyset []byte) map[uint32][]byte {
	t.Helper()
	var file struct {
		Key []struct {
			KeyID   uint32 `json:"keyId"`
			KeyData struct {
				Value []byte `json:"value"`
			} `json:"keyData"`
		} `json:"key"`
	}
	require.NoError(t, json.Unmarshal(keyset, &file))
	raw := map[uint32][]byte{}
	for _, key := range file.Key {
		require.Equal(t, []byte{0x1a, 0x20}, key.KeyData.Value[:2])
		raw[key.KeyID] = key.KeyData.Value[2:34]
	}
	return raw
}

func TestVectorsOpenByTheDocumentedSteps(t *testing.T) {
	v, _ := readVectors(t)
	rawKeys := rawKeysOf(t, v.Keyset)
	for _, vector := range append(v.Open, v.States...) {
		t.Run(vector.Name, func(t *testing.T) {
			header, state := reference(t, vector.Text, rawKeys)
			require.Equal(t, vector.Header, header)
			require.Equal(t, string(vector.State), string(state))
		})
	}
}
