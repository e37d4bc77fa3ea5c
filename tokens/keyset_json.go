package tokens

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// maxKeysetJSON is far more than any keyset has: 1 MiB.
const maxKeysetJSON = 1 << 20

// ReadKeyset reads a keyset in Tink's cleartext JSON, up to the end of r and at
// most 1 MiB. The error says what is wrong, and quotes nothing of what was read.
func ReadKeyset(r io.Reader) (*Keyset, error) {
	keys, err := decodeRing(r)
	if err != nil {
		return nil, fmt.Errorf("tokens: keyset: %w", err)
	}
	return inMemory(keys), nil
}

// Write writes the keyset in Tink's cleartext JSON: anyone who can read that can make and
// open tokens.
func (k *Keyset) Write(w io.Writer) error {
	b, err := k.current().encode()
	if err != nil {
		return fmt.Errorf("tokens: write keyset: %w", err)
	}
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("tokens: write keyset: %w", err)
	}
	return nil
}

func decodeRing(r io.Reader) (*ring, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxKeysetJSON+1))
	if err != nil {
		return nil, err
	}
	if err := looksLikeKeyset(b); err != nil {
		return nil, err
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(b)))
	if err != nil {
		return nil, fmt.Errorf("not a cleartext Tink keyset: %w", err)
	}
	return newRing(handle, createdIn(b))
}

// looksLikeKeyset names the mistakes that Tink does not tell apart, in words
// that quote nothing of b.
func looksLikeKeyset(b []byte) error {
	if len(b) > maxKeysetJSON {
		return fmt.Errorf("more than %d bytes", maxKeysetJSON)
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return errors.New("empty")
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(b, &fields) != nil {
		return errors.New("not a JSON object")
	}
	if _, encrypted := fields["encryptedKeyset"]; encrypted {
		return errors.New("encrypted; only cleartext keysets are read")
	}
	return nil
}

// encode gives indented JSON, with the time that each key was made.
func (r *ring) encode() ([]byte, error) {
	var written, indented bytes.Buffer
	if err := insecurecleartextkeyset.Write(r.handle, &stampingWriter{keyset.NewJSONWriter(&written), r.created}); err != nil {
		return nil, err
	}
	if err := json.Indent(&indented, written.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	indented.WriteByte('\n')
	return indented.Bytes(), nil
}
