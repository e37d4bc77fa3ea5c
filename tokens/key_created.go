package tokens

import (
	"encoding/json"
	"time"

	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"google.golang.org/protobuf/encoding/protowire"
)

// fieldCreated is where a key's value, which is a protocol buffer, has the second in which
// the key was made. Tink has no such field, and like every reader of protocol buffers
// passes over it: the file stays a keyset for all of Tink's tools, whose JSON readers
// take no member that they do not know.
const fieldCreated protowire.Number = 1000

// stampingWriter adds to each key when it was made.
type stampingWriter struct {
	*keyset.JSONWriter
	created map[uint32]time.Time
}

// Write writes a cleartext keyset.
func (w *stampingWriter) Write(k *tinkpb.Keyset) error {
	for _, key := range k.GetKey() {
		if at, ok := w.created[key.GetKeyId()]; ok {
			value := protowire.AppendTag(key.GetKeyData().GetValue(), fieldCreated, protowire.VarintType)
			key.GetKeyData().Value = protowire.AppendVarint(value, uint64(at.Unix())) //nolint:gosec // after 1970
		}
	}
	return w.JSONWriter.Write(k)
}

// createdIn reads when the keys of a keyset in JSON were made, of those that tell.
func createdIn(b []byte) map[uint32]time.Time {
	var file struct {
		Key []struct {
			KeyID   uint32 `json:"keyId"`
			KeyData struct {
				Value []byte `json:"value"`
			} `json:"keyData"`
		} `json:"key"`
	}
	created := map[uint32]time.Time{}
	if json.Unmarshal(b, &file) != nil { // Tink takes spellings that do not tell
		return created
	}
	for _, key := range file.Key {
		if at, ok := createdOf(key.KeyData.Value); ok {
			created[key.KeyID] = at
		}
	}
	return created
}

func createdOf(value []byte) (time.Time, bool) {
	for len(value) > 0 {
		number, kind, n := protowire.ConsumeTag(value)
		if n < 0 {
			break
		}
		value = value[n:]
		if number == fieldCreated && kind == protowire.VarintType {
			seconds, n := protowire.ConsumeVarint(value)
			return time.Unix(int64(seconds&(1<<37-1)), 0).UTC(), n > 0
		}
		if n = protowire.ConsumeFieldValue(number, kind, value); n < 0 {
			break
		}
		value = value[n:]
	}
	return time.Time{}, false
}
