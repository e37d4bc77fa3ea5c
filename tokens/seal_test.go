package tokens_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/tokens"
)

func TestSealAndOpen(t *testing.T) {
	keys := newKeyset(t)
	tests := []struct {
		name   string
		header tokens.Header
		state  []byte
	}{
		{"everything", fullHeader(), []byte(`{"monitor":"/jobs/7"}`)},
		{"the least", tokens.Header{Kind: tokens.KindPage, IssuedAt: issuedAt}, []byte{}},
		{"a stream, and a state that is not text", tokens.Header{Kind: tokens.KindStream, IssuedAt: issuedAt}, []byte{0, 0xff, '\n'}},
		{"the earliest", tokens.Header{Kind: tokens.KindPage, IssuedAt: time.Unix(0, 0).UTC()}, []byte("s")},
		{"the latest", tokens.Header{Kind: tokens.KindPage, IssuedAt: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}, []byte("s")},
		{"names that JSON and HTML escape", tokens.Header{
			Kind: tokens.KindOperation, IssuedAt: issuedAt,
			WorkflowID: "<a href=\"x\">&\\/</a>", Namespace: "\x00\x01\b\t\n\v\f\r\x1f\x7f", Service: "\u2028\u2029", Type: "\ufffd 🚀", Audience: "'",
		}, []byte("s")},
		{"the longest names", tokens.Header{
			Kind: tokens.KindOperation, IssuedAt: issuedAt,
			WorkflowID: strings.Repeat("w", 1000), Namespace: strings.Repeat("n", 1000), Service: strings.Repeat("s", 1000),
			Protocol: strings.Repeat("p", 1000), Type: strings.Repeat("t", 1000), Audience: strings.Repeat("é", 500),
		}, []byte("s")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token, err := keys.Seal(tt.header, tt.state)
			require.NoError(t, err)
			want := tt.header
			want.KeyID = keys.PrimaryKeyID()

			parsed, err := tokens.Parse(token.Text())
			require.NoError(t, err)
			require.Equal(t, token, parsed)

			header, err := parsed.Header()
			require.NoError(t, err)
			require.Equal(t, want, header)

			opened, err := keys.Open(parsed, expectOf(want))
			require.NoError(t, err)
			require.Equal(t, tokens.Opened{Header: want, State: tt.state}, opened)
		})
	}
}

func TestSealingTwiceGivesTwoTexts(t *testing.T) {
	keys := newKeyset(t)
	require.NotEqual(t, seal(t, keys, fullHeader(), "s").Text(), seal(t, keys, fullHeader(), "s").Text())
}

func TestSealSetsKeyAndWholeSecondInUTC(t *testing.T) {
	keys := newKeyset(t)
	header := fullHeader()
	header.KeyID = 7
	header.IssuedAt = time.Date(2026, 3, 4, 7, 6, 7, 999_999_999, time.FixedZone("", 2*60*60))
	got, err := seal(t, keys, header, "s").Header()
	require.NoError(t, err)
	require.Equal(t, issuedAt, got.IssuedAt)
	require.Equal(t, keys.PrimaryKeyID(), got.KeyID)
}

func TestSealRefusesHeadersThatHaveNoSpelling(t *testing.T) {
	tests := []struct {
		name   string
		change func(*tokens.Header)
		says   string
	}{
		{"no kind", func(h *tokens.Header) { h.Kind = "" }, "kind"},
		{"unknown kind", func(h *tokens.Header) { h.Kind = "job" }, "kind"},
		{"no time of issue", func(h *tokens.Header) { h.IssuedAt = time.Time{} }, "time of issue"},
		{"before 1970", func(h *tokens.Header) { h.IssuedAt = time.Unix(-1, 0) }, "1970"},
		{"after 9999", func(h *tokens.Header) { h.IssuedAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "9999"},
		{"workflow id of 1001 bytes", func(h *tokens.Header) { h.WorkflowID = strings.Repeat("a", 1001) }, "workflowId"},
		{"namespace of 1001 bytes", func(h *tokens.Header) { h.Namespace = strings.Repeat("a", 1001) }, "namespace"},
		{"service of 1001 bytes", func(h *tokens.Header) { h.Service = strings.Repeat("a", 1001) }, "service"},
		{"protocol of 1001 bytes", func(h *tokens.Header) { h.Protocol = strings.Repeat("a", 1001) }, "protocol"},
		{"type of 1001 bytes", func(h *tokens.Header) { h.Type = strings.Repeat("a", 1001) }, "type"},
		{"audience of 1001 bytes", func(h *tokens.Header) { h.Audience = strings.Repeat("é", 501) }, "audience"},
		{"type that is not UTF-8", func(h *tokens.Header) { h.Type = "a\xff" }, "type"},
		{"audience that is half a rune", func(h *tokens.Header) { h.Audience = "é"[:1] }, "audience"},
	}
	keys := newKeyset(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header := fullHeader()
			tt.change(&header)
			token, err := keys.Seal(header, []byte("s"))
			requireOnly(t, err, "malformed")
			require.ErrorContains(t, err, tt.says)
			require.Zero(t, token)
		})
	}
}

// stateThatGives returns a state with which the text for header has size bytes.
func stateThatGives(t *testing.T, keys *tokens.Keyset, header tokens.Header, size int) []byte {
	t.Helper()
	empty := len(decode(t, seal(t, keys, header, "").Text()))
	return bytes.Repeat([]byte("x"), (size-len(prefix))*3/4-empty)
}

func TestTokenTakesExactly16KiB(t *testing.T) {
	keys := newKeyset(t)
	state := stateThatGives(t, keys, fullHeader(), tokens.MaxText)

	token, err := keys.Seal(fullHeader(), state)
	require.NoError(t, err)
	require.Len(t, token.Text(), 16384)
	opened, err := openText(keys, token.Text(), fullExpect())
	require.NoError(t, err)
	require.Equal(t, state, opened.State)

	token, err = keys.Seal(fullHeader(), append(state, 'x'))
	requireOnly(t, err, "tooLarge")
	require.Zero(t, token)

	text, err := keys.SealState(fullHeader(), append(state, 'x'))
	require.NoError(t, err)
	token, err = tokens.Parse(text)
	requireOnly(t, err, "tooLarge")
	require.Zero(t, token)
}

func TestStateTakesExactly1MiB(t *testing.T) {
	keys := newKeyset(t)
	state := stateThatGives(t, keys, fullHeader(), tokens.MaxStateText)

	text, err := keys.SealState(fullHeader(), state)
	require.NoError(t, err)
	require.LessOrEqual(t, len(text), 1<<20)
	require.Greater(t, len(text), 1<<20-4)
	header, got, err := keys.OpenState(text)
	require.NoError(t, err)
	require.Equal(t, "CreateVectorStore", header.Type)
	require.Equal(t, state, got)

	text, err = keys.SealState(fullHeader(), append(state, "xxx"...))
	requireOnly(t, err, "tooLarge")
	require.Empty(t, text)

	_, _, err = keys.OpenState(prefix + strings.Repeat("A", tokens.MaxStateText))
	requireOnly(t, err, "tooLarge")
}

func TestSealedStateThatFitsIsAToken(t *testing.T) {
	keys := newKeyset(t)
	text, err := keys.SealState(fullHeader(), []byte("s"))
	require.NoError(t, err)
	opened, err := openText(keys, text, fullExpect())
	require.NoError(t, err)
	require.Equal(t, []byte("s"), opened.State)

	header, state, err := keys.OpenState(seal(t, keys, fullHeader(), "t").Text())
	require.NoError(t, err)
	require.Equal(t, opened.Header, header)
	require.Equal(t, []byte("t"), state)
}

func TestOpenStateRefuses(t *testing.T) {
	keys := newKeyset(t)
	text, err := keys.SealState(fullHeader(), []byte("s"))
	require.NoError(t, err)
	raw := decode(t, text)
	raw[len(raw)-1] ^= 1
	tests := []struct{ name, text, want string }{
		{"no text", "", "malformed"},
		{"a flipped bit", encode(raw), "notAuthentic"},
		{"another keyset", seal(t, newKeyset(t), fullHeader(), "s").Text(), "keyRetired"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header, state, err := keys.OpenState(tt.text)
			requireOnly(t, err, tt.want)
			require.Zero(t, header)
			require.Nil(t, state)
		})
	}
}
