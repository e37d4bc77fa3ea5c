package tokens_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/tokens"
)

type holder struct {
	token tokens.Token
	keys  *tokens.Keyset
}

type Exported struct {
	Token  tokens.Token
	Opened tokens.Opened
}

var verbs = []string{"%v", "%+v", "%#v", "%s", "%+s", "%q", "%x", "%X", "% x", "%d", "%t", "%T"}

// misused makes fmt complain and print the operand's fields, asking it nothing.
var misused = []string{"%p", "%w", "%!"}

// printed has v through these verbs, and through what else prints structures.
func printed(v any, verbs ...string) string {
	var out bytes.Buffer
	for _, verb := range verbs {
		fmt.Fprintf(&out, verb+"\n", v)
	}
	fmt.Fprintln(&out, v)
	fmt.Fprintln(&out, fmt.Errorf("op: %v", v), errors.Join(fmt.Errorf("%s", v)))
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", v, slog.Group("g", "v", v))
	return out.String()
}

// spellings are the ways in which fmt could show a secret.
func spellings(secret string) []string {
	b := []byte(secret)
	return []string{secret, hex.EncodeToString(b), fmt.Sprintf("%X", b), fmt.Sprintf("% x", b), strings.Trim(fmt.Sprintf("%v", b), "[]"), strings.TrimPrefix(fmt.Sprintf("%#v", b), "[]byte")}
}

func TestNothingPrintsASecret(t *testing.T) {
	keys := newKeyset(t)
	const state = "the state, which is secret"
	token := seal(t, keys, fullHeader(), state)
	opened, err := keys.Open(token, fullExpect())
	require.NoError(t, err)
	var file bytes.Buffer
	require.NoError(t, keys.Write(&file))
	keyText := file.String()[strings.Index(file.String(), `"value"`)+10:][:40]

	tests := []struct {
		name  string
		value any
		verbs []string
	}{
		{"token", token, append(verbs, misused...)},
		{"pointer to a token", &token, append(verbs, misused...)},
		{"tokens", []tokens.Token{token}, append(verbs, misused...)},
		{"map of tokens", map[tokens.Token]tokens.Token{token: token}, append(verbs, misused...)},
		{"keyset", keys, append(verbs, misused...)},
		{"unexported fields", holder{token, keys}, append(verbs, misused...)},
		{"pointer to unexported fields", &holder{token, keys}, append(verbs, misused...)},
		{"opened", opened, verbs},
		{"pointer to opened", &opened, verbs},
		{"exported fields", Exported{token, opened}, verbs},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := printed(tt.value, tt.verbs...)
			for _, secret := range []string{token.Text(), token.Text()[len(prefix) : len(prefix)+20], state, keyText} {
				for _, spelling := range spellings(secret) {
					require.NotContains(t, out, spelling)
				}
			}
		})
	}
}

func TestNothingLogsASecretAsJSON(t *testing.T) {
	keys := newKeyset(t)
	token := seal(t, keys, fullHeader(), "the state")
	opened, err := keys.Open(token, fullExpect())
	require.NoError(t, err)
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "token", token, "opened", opened, "keys", keys, "within", struct{ Opened tokens.Opened }{opened})
	require.NotContains(t, out.String(), prefix)
	require.NotContains(t, out.String(), "dGhlIHN0YXRl", "the state in base64")
	require.Contains(t, out.String(), `"token":"continuation token (redacted)"`)
	require.Contains(t, out.String(), `"opened":"opened operation token (state of 9 bytes redacted)"`)
	require.Contains(t, out.String(), fmt.Sprintf(`"keys":"keyset of 1 keys (redacted), key %d seals"`, keys.PrimaryKeyID()))
}

func TestWhatIsPrintedInstead(t *testing.T) {
	keys := newKeyset(t)
	token := seal(t, keys, fullHeader(), "s")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		require.Equal(t, "continuation token (redacted)", fmt.Sprintf(verb, token))
		require.Equal(t, "no continuation token", fmt.Sprintf(verb, tokens.Token{}))
	}
	require.Equal(t, token.String(), token.GoString())
	require.Equal(t, tokens.Opened{}.String(), tokens.Opened{}.GoString())
	require.Equal(t, keys.String(), keys.GoString())
}
