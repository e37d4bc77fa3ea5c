package tokens_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/tokens"
)

// What parses is what is written again, in both forms; an error gives no token.
func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		token, err := tokens.Parse(text)
		if err != nil {
			require.Zero(t, token)
			requireSilent(t, err, text)
			return
		}
		require.Equal(t, text, token.Text())
		data, err := token.MarshalBinary()
		require.NoError(t, err)
		var again tokens.Token
		require.NoError(t, again.UnmarshalBinary(data))
		require.Equal(t, text, again.Text())
		_, err = token.Header()
		require.NoError(t, err)
	})
}

// Nothing opens under the test keyset but the vectors, however a text is changed
// at one place; an error gives a zero value.
func FuzzOpen(f *testing.F) {
	v, keys := readVectors(f)
	known := map[string]bool{}
	for _, vector := range append(v.Open, v.States...) {
		known[vector.Text] = true
	}
	f.Fuzz(func(t *testing.T, text string, at uint, change byte) {
		if len(text) > 0 {
			b := []byte(text)
			b[at%uint(len(b))] ^= change
			text = string(b)
		}
		header, state, err := keys.OpenState(text)
		require.Equal(t, known[text], err == nil)
		if err != nil {
			require.Zero(t, header)
			require.Nil(t, state)
			opened, err := openText(keys, text, tokens.Expect{Kind: tokens.KindOperation})
			require.Error(t, err)
			require.Zero(t, opened)
			return
		}
		opened, err := openText(keys, text, expectOf(header))
		if len(text) > tokens.MaxText {
			requireOnly(t, err, "tooLarge")
			return
		}
		require.NoError(t, err)
		require.Equal(t, tokens.Opened{Header: header, State: state}, opened)
	})
}

// What seals opens to the same header and state, for any names and any time.
func FuzzSeal(f *testing.F) {
	_, keys := readVectors(f)
	f.Fuzz(func(t *testing.T, kind, id, namespace, service, protocol, typ, audience string, issued int64, state []byte) {
		header := tokens.Header{
			Kind: tokens.Kind(kind), WorkflowID: id, Namespace: namespace, Service: service, Protocol: protocol,
			Type: typ, Audience: audience, IssuedAt: time.Unix(issued, 0).UTC(), KeyID: keys.PrimaryKeyID(),
		}
		token, err := keys.Seal(header, state)
		if err != nil {
			require.Zero(t, token)
			return
		}
		opened, err := openText(keys, token.Text(), expectOf(header))
		require.NoError(t, err)
		require.Equal(t, header, opened.Header)
		require.Equal(t, string(state), string(opened.State))
	})
}
