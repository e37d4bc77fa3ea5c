package tokens

import (
	"errors"
	"fmt"
)

// Why a token is refused. Every error of Parse, Seal, Open and their siblings
// wraps at most one of these. Its text may quote names from an authenticated
// header, never a token, a state or a key.
var (
	// ErrMalformed: not a token in its one spelling, or a header that has none.
	ErrMalformed = errors.New("tokens: malformed")
	// ErrTooLarge: above [MaxText], or above [MaxStateText] for a sealed state.
	ErrTooLarge = errors.New("tokens: too large")
	// ErrNotAuthentic: some bit is not the one that was sealed.
	ErrNotAuthentic = errors.New("tokens: not authentic")
	// ErrKeyRetired: the key that the token names is not in the keyset, or is
	// disabled there. A worker that has not yet loaded a rotated keyset gives
	// this error too.
	ErrKeyRetired = errors.New("tokens: key retired")
	// ErrKind: authentic, and of another kind than asked for.
	ErrKind = errors.New("tokens: wrong kind")
	// ErrService: authentic, and of another service than asked for.
	ErrService = errors.New("tokens: wrong service")
	// ErrType: authentic, and of another type than asked for; one of the two may be none.
	ErrType = errors.New("tokens: wrong type")
	// ErrAudience: authentic, and for another audience than asked for; one of the two may be none.
	ErrAudience = errors.New("tokens: wrong audience")
	// ErrExpired: authentic, and older than the lifetime, or issued more than
	// [MaxSkew] in the future.
	ErrExpired = errors.New("tokens: expired")
)

func malformed(reason string) error {
	return fmt.Errorf("%w: %s", ErrMalformed, reason)
}

func tooLarge(size, limit int) error {
	return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, size, limit)
}
