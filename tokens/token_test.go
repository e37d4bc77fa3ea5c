package tokens_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/tokens"
)

func TestTokensAreComparable(t *testing.T) {
	keys := newKeyset(t)
	token, other := seal(t, keys, fullHeader(), "s"), seal(t, keys, fullHeader(), "s")
	again, err := tokens.Parse(strings.Clone(token.Text()))
	require.NoError(t, err)
	require.True(t, token == again)
	require.False(t, token == other)
	require.Equal(t, 1, map[tokens.Token]int{token: 1}[again])
}

func TestNoToken(t *testing.T) {
	var none tokens.Token
	require.True(t, none.IsZero())
	require.Empty(t, none.Text())
	text, err := none.MarshalText()
	require.NoError(t, err)
	require.Empty(t, text)
	data, err := none.MarshalBinary()
	require.NoError(t, err)
	require.Empty(t, data)

	_, err = tokens.Parse("")
	requireOnly(t, err, "malformed")

	for name, unmarshal := range map[string]func([]byte) error{"text": none.UnmarshalText, "binary": none.UnmarshalBinary} {
		t.Run(name, func(t *testing.T) {
			none = seal(t, newKeyset(t), fullHeader(), "s")
			require.False(t, none.IsZero())
			require.NoError(t, unmarshal(nil))
			require.True(t, none.IsZero())
		})
	}
}

func TestTokenInJSON(t *testing.T) {
	type page struct {
		PageToken     tokens.Token `json:"pageToken"`
		NextPageToken tokens.Token `json:"nextPageToken,omitzero"`
	}
	want := page{PageToken: seal(t, newKeyset(t), fullHeader(), "s")}
	b, err := json.Marshal(want)
	require.NoError(t, err)
	require.Equal(t, `{"pageToken":"`+want.PageToken.Text()+`"}`, string(b))
	var got page
	require.NoError(t, json.Unmarshal(b, &got))
	require.Equal(t, want, got)

	err = json.Unmarshal([]byte(`{"pageToken":"perdure1_no"}`), &got)
	requireOnly(t, err, "malformed")
	require.True(t, got.PageToken.IsZero())
}

func TestBinaryForm(t *testing.T) {
	token := seal(t, newKeyset(t), fullHeader(), "s")
	data, err := token.MarshalBinary()
	require.NoError(t, err)
	require.Equal(t, append([]byte{1}, decode(t, token.Text())...), data)
	var got tokens.Token
	require.NoError(t, got.UnmarshalBinary(data))
	require.Equal(t, token, got)

	var stored bytes.Buffer
	require.NoError(t, gob.NewEncoder(&stored).Encode(token))
	got = tokens.Token{}
	require.NoError(t, gob.NewDecoder(&stored).Decode(&got))
	require.Equal(t, token, got)
}

func TestBinaryFormIsCheckedAsTheTextIs(t *testing.T) {
	keys := newKeyset(t)
	data, err := seal(t, keys, fullHeader(), "s").MarshalBinary()
	require.NoError(t, err)
	longest := stateThatGives(t, keys, fullHeader(), tokens.MaxText)
	full, err := seal(t, keys, fullHeader(), string(longest)).MarshalBinary()
	require.NoError(t, err)
	require.NoError(t, new(tokens.Token).UnmarshalBinary(full))

	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"another version", append([]byte{2}, data[1:]...), "malformed"},
		{"the version only", data[:1], "malformed"},
		{"cut off", data[:60], "malformed"},
		{"the text", []byte(prefix), "malformed"},
		{"a byte more than a token has", append(full, 0), "tooLarge"},
		{"far too long", make([]byte, 1<<20), "tooLarge"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := seal(t, keys, fullHeader(), "s")
			requireOnly(t, got.UnmarshalBinary(tt.data), tt.want)
			require.True(t, got.IsZero())
		})
	}
}
