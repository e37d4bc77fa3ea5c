package tokens

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/xchacha20poly1305"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Keyset holds the keys that seal and open tokens. The primary key seals, every
// enabled key opens. Safe for concurrent use; make one with [NewKeyset],
// [ReadKeyset] or [LoadKeyset], the zero value has no keys and panics.
//
// Its keys are Tink's XChaCha20-Poly1305 with the TINK prefix, and no others.
// Every answer of a service seals a state anew under a random nonce: the 192
// bits of XChaCha20 never run out, where AES-GCM's 96 would want a rotation
// within 2^32 seals, which is 50 days at a thousand a second.
type Keyset struct {
	rotating sync.Mutex
	ring     atomic.Pointer[ring]
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
	ID      uint32    `json:"id"`
	Primary bool      `json:"primary"`
	Status  KeyStatus `json:"status"`
}

// NewKeyset makes a keyset with one fresh key, which seals.
func NewKeyset() (*Keyset, error) {
	handle, err := keyset.NewHandle(aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("tokens: new keyset: %w", err)
	}
	return fromHandle(handle)
}

// Rotate adds a fresh key, which seals from now on, and returns its id. The keys
// that were there go on opening. It changes the keyset in memory; [RotateFile]
// changes one on disk. After an error the keyset is as it was.
func (k *Keyset) Rotate() (uint32, error) {
	k.rotating.Lock()
	defer k.rotating.Unlock()
	next, err := k.current().rotated()
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

func (k *Keyset) current() *ring { return k.ring.Load() }

// ring is one state of a keyset. It never changes.
type ring struct {
	handle  *keyset.Handle
	aead    tink.AEAD
	primary uint32
	keys    []KeyInfo
}

func fromHandle(handle *keyset.Handle) (*Keyset, error) {
	r, err := newRing(handle)
	if err != nil {
		return nil, err
	}
	k := &Keyset{}
	k.ring.Store(r)
	return k, nil
}

func newRing(handle *keyset.Handle) (*ring, error) {
	r := &ring{handle: handle}
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return nil, err
		}
		if !sealsTokens(entry) {
			return nil, fmt.Errorf("key %d is not XChaCha20-Poly1305 with the TINK prefix", entry.KeyID())
		}
		if entry.IsPrimary() {
			r.primary = entry.KeyID()
		}
		r.keys = append(r.keys, KeyInfo{ID: entry.KeyID(), Primary: entry.IsPrimary(), Status: statusOf(entry)})
	}
	var err error
	r.aead, err = aead.New(handle)
	return r, err
}

func (r *ring) rotated() (*ring, error) {
	manager := keyset.NewManagerFromHandle(r.handle)
	id, err := manager.Add(aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		return nil, err
	}
	if err := manager.SetPrimary(id); err != nil {
		return nil, err
	}
	handle, err := manager.Handle()
	if err != nil {
		return nil, err
	}
	return newRing(handle)
}

// sealsTokens reports whether the entry is of the one key type. A key without a
// prefix would be tried on every ciphertext, whatever key it names.
func sealsTokens(entry *keyset.Entry) bool {
	parameters, ok := entry.Key().Parameters().(*xchacha20poly1305.Parameters)
	return ok && parameters.Variant() == xchacha20poly1305.VariantTink
}

func statusOf(entry *keyset.Entry) KeyStatus {
	if entry.KeyStatus() == keyset.Enabled {
		return KeyEnabled
	}
	return KeyDisabled
}
