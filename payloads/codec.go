package payloads

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/perdure-dev/perdure/tokens"
)

// What the metadata of an encrypted payload says, in the words of Temporal's own samples.
const (
	encodingEncrypted = "binary/encrypted"
	metadataKeyID     = "encryption-key-id"
)

// purpose keeps ciphertexts of payloads from being taken for anything else.
const purpose = "perdure payload v1"

// ErrUnreadable says that a payload was encrypted with a key that is not here, or was
// changed since.
var ErrUnreadable = errors.New("payloads: cannot be decrypted")

// codec encrypts whole payloads, their metadata included.
type codec struct{ keyset *tokens.Keyset }

// Encode encrypts with the newest key.
func (c *codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := proto.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("payloads: encrypt: %w", err)
		}
		data, err := c.keyset.Encrypt(plain, []byte(purpose))
		if err != nil {
			return nil, fmt.Errorf("payloads: encrypt: %w", err)
		}
		out[i] = &commonpb.Payload{Data: data, Metadata: map[string][]byte{
			converter.MetadataEncoding: []byte(encodingEncrypted),
			metadataKeyID:              strconv.AppendUint(nil, uint64(keyID(data)), 10),
		}}
	}
	return out, nil
}

// Decode decrypts. A payload in clear, from before there was a keyset, passes.
func (c *codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		var err error
		if out[i], err = c.decode(p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *codec) decode(p *commonpb.Payload) (*commonpb.Payload, error) {
	if string(p.GetMetadata()[converter.MetadataEncoding]) != encodingEncrypted {
		return p, nil
	}
	plain, err := c.keyset.Decrypt(p.GetData(), []byte(purpose))
	if err != nil && c.keyset.Reload() == nil { // the key may be newer than what was read last
		plain, err = c.keyset.Decrypt(p.GetData(), []byte(purpose))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: key %.20q is not in the keyset, or the payload was changed", ErrUnreadable, p.GetMetadata()[metadataKeyID])
	}
	out := &commonpb.Payload{}
	if err := proto.Unmarshal(plain, out); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return out, nil
}

// keyID is the id of the key that made the ciphertext: Tink writes it behind a first byte,
// and finds the key by it. In the metadata it is for people to read.
func keyID(ciphertext []byte) uint32 { return binary.BigEndian.Uint32(ciphertext[1:5]) }
