package payloads_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"

	"github.com/perdure-dev/perdure/payloads"
	"github.com/perdure-dev/perdure/storage"
	"github.com/perdure-dev/perdure/tokens"
)

// FuzzRead: whatever a history, or who asks a codec server, gives for a payload, nothing
// panics, and what says that it is encrypted is read only if it is.
func FuzzRead(f *testing.F) {
	for _, encoding := range []string{"binary/encrypted", "json/protobuf", "json/plain", ""} {
		f.Add(encoding, "temporal.api.sdk.v1.ExternalStorageReference", []byte(`{"driverName":"perdure","claimData":{"bucket":"store","key":"../k","hash_algorithm":"sha256","hash_value":"00"}}`))
		f.Add(encoding, "", []byte("\x01\x00\x00\x00\x00"))
		f.Add(encoding, "", []byte{})
	}
	keyset, err := tokens.NewKeyset()
	require.NoError(f, err)
	store, err := storage.Directory(f.TempDir())
	require.NoError(f, err)
	p := payloads.New(payloads.Options{Keyset: keyset, Store: store})
	f.Fuzz(func(t *testing.T, encoding, messageType string, data []byte) {
		payload := &commonpb.Payload{Data: bytes.Clone(data), Metadata: map[string][]byte{"encoding": []byte(encoding), "messageType": []byte(messageType)}}
		before := proto.CloneOf(payload)
		var got any
		err := p.DataConverter().FromPayload(payload, &got)
		if encoding == "binary/encrypted" {
			require.ErrorIs(t, err, payloads.ErrUnreadable)
			require.Nil(t, got)
		}
		require.True(t, proto.Equal(before, payload), "the payload is left as it is")
	})
}
