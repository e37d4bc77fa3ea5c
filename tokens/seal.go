package tokens

import (
	"fmt"
	"unique"
)

// Seal makes a token with the primary key: h readable, state not. It sets
// h.KeyID, and takes h.IssuedAt down to the whole second. The state may be empty;
// it is not kept. Errors: [ErrTooLarge] when the text would have more than
// [MaxText] bytes, [ErrMalformed] for a header that cannot be written.
func (k *Keyset) Seal(h Header, state []byte) (Token, error) {
	text, err := k.seal(h, state, MaxText)
	if err != nil {
		return Token{}, err
	}
	return Token{text: unique.Make(text)}, nil
}

// SealState is [Keyset.Seal] for the state that a workflow carries between its
// own activities: the same layout, up to [MaxStateText] bytes. A text that has at
// most [MaxText] is a token, as it is; for a longer one [Parse] says [ErrTooLarge].
func (k *Keyset) SealState(h Header, state []byte) (string, error) {
	return k.seal(h, state, MaxStateText)
}

func (k *Keyset) seal(h Header, state []byte, limit int) (string, error) {
	r := k.current()
	h.KeyID = r.primary
	header, err := h.encode()
	if err != nil {
		return "", err
	}
	if size := textSize(len(header), len(state)); size > limit {
		return "", tooLarge(size, limit)
	}
	bound := bind(header)
	sealed, err := r.aead.Encrypt(state, bound)
	if err != nil {
		return "", fmt.Errorf("tokens: seal with key %d: %w", r.primary, err)
	}
	return join(bound, sealed), nil
}
