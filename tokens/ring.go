package tokens

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/xchacha20poly1305"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// ring is one state of a keyset. It never changes.
type ring struct {
	handle  *keyset.Handle
	aead    tink.AEAD
	primary uint32
	keys    []KeyInfo
	created map[uint32]time.Time
}

// newRing takes only keys that are fit for tokens. Created may be nil.
func newRing(handle *keyset.Handle, created map[uint32]time.Time) (*ring, error) {
	r := &ring{handle: handle, created: created}
	added := false // after the primary key: what is promoted was added last
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return nil, err
		}
		if err := checkKey(entry); err != nil {
			return nil, err
		}
		key := KeyInfo{ID: entry.KeyID(), Primary: entry.IsPrimary(), Status: statusOf(entry), Created: created[entry.KeyID()]}
		key.Pending = added && key.Status == KeyEnabled
		if key.Primary {
			r.primary, added = key.ID, true
		}
		r.keys = append(r.keys, key)
	}
	var err error
	r.aead, err = aead.New(handle)
	return r, err
}

// withPending is r with a fresh key that opens and does not seal yet; r itself where it has
// one already.
func (r *ring) withPending() (*ring, error) {
	if _, ok := r.pending(); ok {
		return r, nil
	}
	manager := keyset.NewManagerFromHandle(r.handle)
	id, err := manager.Add(aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		return nil, err
	}
	next, err := r.changed(manager)
	if err != nil {
		return nil, err
	}
	return next.stamped(id), nil
}

// withPendingPromoted is r with the pending key sealing; r itself where there is none.
func (r *ring) withPendingPromoted() (*ring, error) {
	id, ok := r.pending()
	if !ok {
		return r, nil
	}
	manager := keyset.NewManagerFromHandle(r.handle)
	if err := manager.SetPrimary(id); err != nil {
		return nil, err
	}
	return r.changed(manager)
}

// withRetired is r with a key that neither seals nor opens any more; r itself where the key
// already does not.
func (r *ring) withRetired(id uint32) (*ring, error) {
	for _, key := range r.keys {
		switch {
		case key.ID != id:
			continue
		case key.Primary:
			return nil, fmt.Errorf("key %d seals: add and promote another one first", id)
		case key.Status == KeyDisabled:
			return r, nil
		}
		manager := keyset.NewManagerFromHandle(r.handle)
		if err := manager.Disable(id); err != nil {
			return nil, err
		}
		return r.changed(manager)
	}
	return nil, fmt.Errorf("there is no key %d", id)
}

// changed is r with what the manager has changed.
func (r *ring) changed(manager *keyset.Manager) (*ring, error) {
	handle, err := manager.Handle()
	if err != nil {
		return nil, err
	}
	return newRing(handle, r.created)
}

// stamped notes that a key is made now.
func (r *ring) stamped(id uint32) *ring {
	stamped := *r
	stamped.created = map[uint32]time.Time{id: time.Now().UTC().Truncate(time.Second)}
	maps.Copy(stamped.created, r.created)
	stamped.keys = make([]KeyInfo, len(r.keys))
	for i, key := range r.keys {
		key.Created = stamped.created[key.ID]
		stamped.keys[i] = key
	}
	return &stamped
}

// pending is the key that was added last and does not seal yet.
func (r *ring) pending() (uint32, bool) {
	for _, key := range slices.Backward(r.keys) {
		if key.Pending {
			return key.ID, true
		}
	}
	return 0, false
}

// checkKey refuses another type than the one, and a key that nobody drew at random. One
// without a prefix would be tried on every ciphertext, whatever key it names.
func checkKey(entry *keyset.Entry) error {
	key, ok := entry.Key().(*xchacha20poly1305.Key)
	if !ok || entry.Key().Parameters().(*xchacha20poly1305.Parameters).Variant() != xchacha20poly1305.VariantTink { //nolint:errcheck // the key's own
		return fmt.Errorf("key %d is not XChaCha20-Poly1305 with the TINK prefix", entry.KeyID())
	}
	if isWeak(key.KeyBytes().Data(insecuresecretdataaccess.Token{})) {
		return fmt.Errorf("key %d is weak: its bytes are not random", entry.KeyID())
	}
	return nil
}

// minDistinct is how many different values the 32 bytes of a key have at least: of
// random ones 30 on the average, and fewer than this in no keyset ever made.
const minDistinct = 16

// isWeak: zeros, a repeated word, a pattern.
func isWeak(key []byte) bool {
	distinct := map[byte]bool{}
	for _, b := range key {
		distinct[b] = true
	}
	return len(distinct) < minDistinct
}

func statusOf(entry *keyset.Entry) KeyStatus {
	if entry.KeyStatus() == keyset.Enabled {
		return KeyEnabled
	}
	return KeyDisabled
}
