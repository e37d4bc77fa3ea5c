package tokens

import (
	"bytes"
	"fmt"
)

// Opened is a token that was verified. It prints without its state; fmt asks no
// methods of what is in an unexported field, so do not keep one there.
type Opened struct {
	// Header is authenticated.
	Header Header
	// State is what was sealed, the caller's to change; never nil.
	State []byte `json:"-"`
}

// Open verifies t and compares it with what is wanted. Errors, in the order in
// which they are found: one that wraps no sentinel for a want that cannot be
// checked; [ErrMalformed] for no token; [ErrNotAuthentic] or [ErrKeyRetired];
// and then, about an authenticated header only, [ErrKind], [ErrService],
// [ErrType], [ErrAudience], [ErrExpired].
func (k *Keyset) Open(t Token, want Expect) (Opened, error) {
	if err := want.validate(); err != nil {
		return Opened{}, err
	}
	p, err := t.split()
	if err != nil {
		return Opened{}, err
	}
	state, err := k.current().open(p)
	if err != nil {
		return Opened{}, err
	}
	if err := want.check(p.header); err != nil {
		return Opened{}, err
	}
	return Opened{Header: p.header, State: state}, nil
}

// OpenState verifies a text of [Keyset.SealState] and gives back what was
// sealed. Whether the header is the one that belongs here is the caller's to
// check. Errors: [ErrTooLarge], [ErrMalformed], [ErrNotAuthentic], [ErrKeyRetired].
func (k *Keyset) OpenState(text string) (Header, []byte, error) {
	p, err := split(text, MaxStateText)
	if err != nil {
		return Header{}, nil, err
	}
	state, err := k.current().open(p)
	if err != nil {
		return Header{}, nil, err
	}
	return p.header, state, nil
}

// open authenticates with the one key that header and ciphertext both name.
func (r *ring) open(p parts) ([]byte, error) {
	id := p.header.KeyID
	if !bytes.HasPrefix(p.sealed, tinkPrefix(id)) {
		return nil, fmt.Errorf("%w: header and sealed state name different keys", ErrNotAuthentic)
	}
	if err := r.mayOpen(id); err != nil {
		return nil, err
	}
	state, err := r.aead.Decrypt(p.sealed, p.bound)
	if err != nil {
		return nil, fmt.Errorf("%w: key %d did not seal this", ErrNotAuthentic, id)
	}
	if state == nil {
		state = []byte{}
	}
	return state, nil
}

func (r *ring) mayOpen(id uint32) error {
	for _, key := range r.keys {
		if key.ID != id {
			continue
		}
		if key.Status != KeyEnabled {
			return fmt.Errorf("%w: key %d is %s", ErrKeyRetired, id, key.Status)
		}
		return nil
	}
	return fmt.Errorf("%w: key %d is not in the keyset", ErrKeyRetired, id)
}
