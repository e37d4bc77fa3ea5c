package tokens_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/tokens"
)

// vectors is testdata/vectors.json. Entries are added to it and never changed:
// each text in Open is a token that somebody may have stored.
type vectors struct {
	Warning string          `json:"warning"`
	Keyset  json.RawMessage `json:"keyset"`
	Open    []openVector    `json:"open"`
	States  []openVector    `json:"states"`
	Refuse  []refuseVector  `json:"refuse"`
}

type openVector struct {
	Name   string `json:"name"`
	Header string `json:"header"`
	State  []byte `json:"state"`
	Text   string `json:"text"`
}

type refuseVector struct {
	Name  string     `json:"name"`
	Error string     `json:"error"`
	Want  vectorWant `json:"want"`
	Text  string     `json:"text"`
}

type vectorWant struct {
	Kind            tokens.Kind `json:"kind"`
	Service         string      `json:"service"`
	Type            string      `json:"type"`
	Audience        string      `json:"audience"`
	LifetimeSeconds int         `json:"lifetimeSeconds"`
	Now             time.Time   `json:"now"`
}

func (w vectorWant) expect() tokens.Expect {
	return tokens.Expect{
		Kind:     w.Kind,
		Service:  w.Service,
		Type:     w.Type,
		Audience: w.Audience,
		Lifetime: time.Duration(w.LifetimeSeconds) * time.Second,
		Now:      w.Now,
	}
}

// sentinels are the words of the vectors for the errors, and all the errors.
var sentinels = map[string]error{
	"malformed":    tokens.ErrMalformed,
	"tooLarge":     tokens.ErrTooLarge,
	"notAuthentic": tokens.ErrNotAuthentic,
	"keyRetired":   tokens.ErrKeyRetired,
	"kind":         tokens.ErrKind,
	"service":      tokens.ErrService,
	"type":         tokens.ErrType,
	"audience":     tokens.ErrAudience,
	"expired":      tokens.ErrExpired,
}

// requireOnly demands that err wraps this sentinel and no other.
func requireOnly(tb testing.TB, err error, word string) {
	tb.Helper()
	require.Contains(tb, sentinels, word)
	for w, sentinel := range sentinels {
		if w == word {
			require.ErrorIs(tb, err, sentinel)
		} else {
			require.NotErrorIs(tb, err, sentinel)
		}
	}
}

func readVectors(tb testing.TB) (vectors, *tokens.Keyset) {
	tb.Helper()
	b, err := os.ReadFile("testdata/vectors.json")
	require.NoError(tb, err)
	var v vectors
	require.NoError(tb, json.Unmarshal(b, &v))
	keys, err := tokens.ReadKeyset(bytes.NewReader(v.Keyset))
	require.NoError(tb, err)
	return v, keys
}

// headerBytes takes the header out of a text by the layout alone.
func headerBytes(tb testing.TB, text string) string {
	tb.Helper()
	raw := decode(tb, text)
	return string(raw[2 : 2+binary.BigEndian.Uint16(raw)])
}

func TestVectorsOpen(t *testing.T) {
	v, keys := readVectors(t)
	require.Contains(t, v.Warning, "TEST ONLY")
	require.NotEmpty(t, v.Open)
	for _, vector := range v.Open {
		t.Run(vector.Name, func(t *testing.T) {
			var want tokens.Header
			require.NoError(t, json.Unmarshal([]byte(vector.Header), &want))

			token, err := tokens.Parse(vector.Text)
			require.NoError(t, err)
			opened, err := keys.Open(token, expectOf(want))
			require.NoError(t, err)
			require.Equal(t, want, opened.Header)
			require.Equal(t, vector.State, opened.State)
			require.Equal(t, vector.Header, headerBytes(t, vector.Text))

			header, state, err := keys.OpenState(vector.Text)
			require.NoError(t, err)
			require.Equal(t, want, header)
			require.Equal(t, vector.State, state)
		})
	}
}

func TestVectorsOfStatesOpenAndAreNoTokens(t *testing.T) {
	v, keys := readVectors(t)
	require.NotEmpty(t, v.States)
	for _, vector := range v.States {
		t.Run(vector.Name, func(t *testing.T) {
			var want tokens.Header
			require.NoError(t, json.Unmarshal([]byte(vector.Header), &want))

			header, state, err := keys.OpenState(vector.Text)
			require.NoError(t, err)
			require.Equal(t, want, header)
			require.Equal(t, vector.State, state)

			_, err = tokens.Parse(vector.Text)
			requireOnly(t, err, "tooLarge")
		})
	}
}

func TestVectorsRefuse(t *testing.T) {
	v, keys := readVectors(t)
	met := map[string]bool{}
	for _, vector := range v.Refuse {
		met[vector.Error] = true
		t.Run(vector.Name, func(t *testing.T) {
			opened, err := openText(keys, vector.Text, vector.Want.expect())
			requireOnly(t, err, vector.Error)
			require.Zero(t, opened)
			requireSilent(t, err, vector.Text)
		})
	}
	require.Len(t, met, len(sentinels), "every error has a vector")
}

// requireSilent demands that an error quotes no piece of the text, whose header
// and state are both spelled in base64 there.
func requireSilent(tb testing.TB, err error, text string) {
	tb.Helper()
	require.NotContains(tb, err.Error(), "\n")
	const piece = 12
	for i := len(prefix); i+piece <= len(text); i += piece {
		require.False(tb, strings.Contains(err.Error(), text[i:i+piece]), "the error quotes the text")
	}
}
