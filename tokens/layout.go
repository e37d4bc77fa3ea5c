package tokens

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// How long a text may be, in bytes.
const (
	// MaxText is the most that a token may have: 16 KiB.
	MaxText = 16 << 10
	// MaxStateText is the most that a sealed state may have: 1 MiB.
	MaxStateText = 1 << 20
)

const (
	prefix = "perdure1_"
	// lengthSize is the size of the header's length, big-endian.
	lengthSize = 2
	// tinkPrefixSize is 0x01 and the key id, big-endian: Tink's output prefix.
	tinkPrefixSize = 5
	// sealedOverhead is Tink's prefix, the nonce and the tag of XChaCha20-Poly1305.
	sealedOverhead = tinkPrefixSize + 24 + 16
)

var encoding = base64.RawURLEncoding.Strict()

// parts is a text taken apart and not yet authenticated.
type parts struct {
	header Header
	bound  []byte // the associated data: all that comes before sealed, see bind
	sealed []byte // Tink's ciphertext
}

// split takes apart a text of at most limit bytes that is in its one spelling.
func split(text string, limit int) (parts, error) {
	if len(text) > limit {
		return parts{}, tooLarge(len(text), limit)
	}
	body, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return parts{}, malformed("the prefix is not " + prefix)
	}
	raw, err := encoding.DecodeString(body)
	if err != nil || encoding.EncodeToString(raw) != body { // the decoder skips line breaks
		return parts{}, malformed("not unpadded base64url in its one spelling")
	}
	return splitRaw(raw)
}

func splitRaw(raw []byte) (parts, error) {
	if len(raw) < lengthSize {
		return parts{}, malformed("too short for a header")
	}
	end := lengthSize + int(binary.BigEndian.Uint16(raw))
	if len(raw) < end+sealedOverhead {
		return parts{}, malformed("too short for its header and a sealed state")
	}
	header, err := decodeHeader(raw[lengthSize:end])
	if err != nil {
		return parts{}, err
	}
	return parts{header: header, bound: append([]byte(prefix), raw[:end]...), sealed: raw[end:]}, nil
}

// bind gives the associated data of a header in its one spelling: the text's
// prefix, which keeps versions and other users of a keyset apart, the header's
// length, and the header.
func bind(header []byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte(prefix), uint16(len(header))) //nolint:gosec // six strings of at most 6,000 bytes escaped, and 200 around them
	return append(b, header...)
}

// join is the inverse of split.
func join(bound, sealed []byte) string {
	raw := append(bound[len(prefix):len(bound):len(bound)], sealed...)
	return prefix + encoding.EncodeToString(raw)
}

// textSize is the length of the text for a header in its one spelling and a
// state of these many bytes.
func textSize(header, state int) int {
	return len(prefix) + encoding.EncodedLen(lengthSize+header+sealedOverhead+state)
}

// tinkPrefix is how the ciphertexts of a key with this id begin.
func tinkPrefix(keyID uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{1}, keyID)
}
