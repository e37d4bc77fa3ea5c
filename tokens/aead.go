package tokens

import "github.com/tink-crypto/tink-go/v2/tink"

var _ tink.AEAD = (*Keyset)(nil)

// Encrypt encrypts what is no token, under the primary key, for whoever gives the same
// associated data to [Keyset.Decrypt]. Keys for tokens are not to be used for anything else.
func (k *Keyset) Encrypt(plaintext, associatedData []byte) ([]byte, error) {
	return k.current().aead.Encrypt(plaintext, associatedData)
}

// Decrypt gives back what Encrypt took, under any enabled key of the keyset.
func (k *Keyset) Decrypt(ciphertext, associatedData []byte) ([]byte, error) {
	return k.current().aead.Decrypt(ciphertext, associatedData)
}
