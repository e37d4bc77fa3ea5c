package tokens

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Keyset holds the keys that seal and open tokens. The primary key seals, every
// enabled key opens. Safe for concurrent use; make one with [NewKeyset],
// [ReadKeyset] or [LoadKeyset], the zero value has no keys and panics.
//
// One that came from a file follows it: see [LoadKeyset].
//
// Its keys are Tink's XChaCha20-Poly1305 with the TINK prefix, and no others.
// Every answer of a service seals a state anew under a random nonce: the 192
// bits of XChaCha20 never run out, where AES-GCM's 96 would want a rotation
// within 2^32 seals, which is 50 days at a thousand a second.
type Keyset struct {
	changing sync.Mutex
	ring     atomic.Pointer[ring]
	file     *file // nil: it is in memory only
}

// KeyStatus says whether a key may be used.
type KeyStatus string

// The statuses of a key. One that Tink calls destroyed is disabled here.
const (
	KeyEnabled  KeyStatus = "enabled"
	KeyDisabled KeyStatus = "disabled"
)

// KeyInfo describes a key without revealing it.
type KeyInfo struct {
	ID      uint32 `json:"id"`
	Primary bool   `json:"primary"`
	// Pending: the key opens, and seals once it is promoted.
	Pending bool      `json:"pending,omitempty"`
	Status  KeyStatus `json:"status"`
	// Created is in whole seconds; zero where the file does not tell.
	Created time.Time `json:"created,omitzero"`
}

// NewKeyset makes a keyset with one fresh key, which seals.
func NewKeyset() (*Keyset, error) {
	handle, err := keyset.NewHandle(aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("tokens: new keyset: %w", err)
	}
	r, err := newRing(handle, nil)
	if err != nil {
		return nil, fmt.Errorf("tokens: new keyset: %w", err)
	}
	return inMemory(r.stamped(r.primary)), nil
}

func inMemory(r *ring) *Keyset {
	k := &Keyset{}
	k.ring.Store(r)
	return k
}

// Rotate adds a fresh key, which seals from now on, and returns its id. The keys
// that were there go on opening. It is for a keyset in memory; one in a file is
// rotated there, by [AddKey] and [PromoteKey]. After an error the keyset is as it was.
func (k *Keyset) Rotate() (uint32, error) {
	if k.file != nil {
		return 0, errors.New("tokens: rotate: the keyset follows a file, which AddKey and PromoteKey rotate")
	}
	k.changing.Lock()
	defer k.changing.Unlock()
	next, err := k.current().withPending()
	if err == nil {
		next, err = next.withPendingPromoted()
	}
	if err != nil {
		return 0, fmt.Errorf("tokens: rotate: %w", err)
	}
	k.ring.Store(next)
	return next.primary, nil
}

// Keys lists the keys, oldest first, as they are in the file.
func (k *Keyset) Keys() []KeyInfo { return slices.Clone(k.current().keys) }

// PrimaryKeyID returns the id of the key that seals. A token whose header names
// another one was sealed before a rotation: time to seal it anew.
func (k *Keyset) PrimaryKeyID() uint32 { return k.current().primary }

func (k *Keyset) current() *ring {
	k.follow()
	return k.ring.Load()
}
