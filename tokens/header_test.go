package tokens_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/tokens"
)

// What is sealed authentically, and not in the one spelling, is refused all the same.
func TestHeaderHasOneSpelling(t *testing.T) {
	keys := newKeyset(t)
	canonical := fmt.Sprintf(`{"kind":"operation","workflowId":"a/b","type":"T","issuedAt":"2026-03-04T05:06:07Z","keyId":%d}`, keys.PrimaryKeyID())
	want := tokens.Expect{Kind: tokens.KindOperation, Type: "T"}
	_, err := openText(keys, forge(t, keys, canonical, "s"), want)
	require.NoError(t, err)

	tests := []struct{ name, from, to string }{
		{"space", `:"T"`, `: "T"`},
		{"line break before", `{`, "\n{"},
		{"line break after", `}`, "}\n"},
		{"byte order mark", `{`, "\ufeff{"},
		{"two objects", `}`, `}{}`},
		{"array", canonical, `[` + canonical + `]`},
		{"null", canonical, `null`},
		{"empty object", canonical, `{}`},
		{"not JSON", `}`, ``},
		{"keys in another order", `"workflowId":"a/b","type":"T"`, `"type":"T","workflowId":"a/b"`},
		{"key twice, the same", `"type":"T"`, `"type":"T","type":"T"`},
		{"key twice, the first another", `"type":"T"`, `"type":"U","type":"T"`},
		{"unknown key", `"keyId"`, `"scope":"x","keyId"`},
		{"unknown key with nothing", `"keyId"`, `"scope":null,"keyId"`},
		{"key in another case", `"type"`, `"Type"`},
		{"key with an escape", `"type"`, `"\u0074ype"`},
		{"empty string", `"type"`, `"audience":"","type"`},
		{"null string", `"type"`, `"audience":null,"type"`},
		{"number for a string", `"T"`, `7`},
		{"escaped slash", `a/b`, `a\/b`},
		{"escape that is not needed", `a/b`, `\u0061/b`},
		{"escape of a line separator", `a/b`, `a\u2028b`},
		{"escape of what HTML minds", `a/b`, `a\u003cb`},
		{"long escape where there is a short one", `a/b`, `a\u000ab`},
		{"escape in capitals", `a/b`, `a\u001Fb`},
		{"control character without an escape", `a/b`, "a\x01b"},
		{"lone surrogate", `a/b`, `a\ud800b`},
		{"not UTF-8", `a/b`, "a\xffb"},
		{"surrogate in UTF-8", `a/b`, "a\xed\xa0\x80b"},
		{"1001 bytes", `a/b`, strings.Repeat("a", 1001)},
		{"unknown kind", `"operation"`, `"job"`},
		{"kind in another case", `"operation"`, `"Operation"`},
		{"no kind", `"kind":"operation",`, ``},
		{"no time", `"issuedAt":"2026-03-04T05:06:07Z",`, ``},
		{"time with a fraction", `07Z`, `07.5Z`},
		{"time with a fraction of nothing", `07Z`, `07.000Z`},
		{"time with an offset", `07Z`, `07+00:00`},
		{"time in lower case", `07Z`, `07z`},
		{"time with an hour of one digit", `T05`, `T5`},
		{"time that is none", `03-04T`, `02-30T`},
		{"time before 1970", `2026`, `1969`},
		{"leap second", `05:06:07Z`, `23:59:60Z`},
		{"key id as a string", strconv.FormatUint(uint64(keys.PrimaryKeyID()), 10), fmt.Sprintf(`"%d"`, keys.PrimaryKeyID())},
		{"key id with a zero before", strconv.FormatUint(uint64(keys.PrimaryKeyID()), 10), fmt.Sprintf(`0%d`, keys.PrimaryKeyID())},
		{"key id with a fraction", strconv.FormatUint(uint64(keys.PrimaryKeyID()), 10), fmt.Sprintf(`%d.0`, keys.PrimaryKeyID())},
		{"key id with an exponent", strconv.FormatUint(uint64(keys.PrimaryKeyID()), 10), fmt.Sprintf(`%de0`, keys.PrimaryKeyID())},
		{"key id below zero", strconv.FormatUint(uint64(keys.PrimaryKeyID()), 10), `-1`},
		{"key id of 33 bits", strconv.FormatUint(uint64(keys.PrimaryKeyID()), 10), `4294967296`},
		{"no key id", fmt.Sprintf(`,"keyId":%d`, keys.PrimaryKeyID()), ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header := strings.Replace(canonical, tt.from, tt.to, 1)
			require.NotEqual(t, canonical, header)
			text := forge(t, keys, header, "s")

			token, err := tokens.Parse(text)
			requireOnly(t, err, "malformed")
			require.Zero(t, token)
			requireSilent(t, err, text)

			_, _, err = keys.OpenState(text)
			requireOnly(t, err, "malformed")
		})
	}
}

func TestHeaderMustNameTheKeyThatSealed(t *testing.T) {
	keys := newKeyset(t)
	old := keys.PrimaryKeyID()
	_, err := keys.Rotate()
	require.NoError(t, err)
	text := forge(t, keys, fmt.Sprintf(`{"kind":"page","issuedAt":"2026-03-04T05:06:07Z","keyId":%d}`, old), "s")
	_, err = openText(keys, text, tokens.Expect{Kind: tokens.KindPage})
	requireOnly(t, err, "notAuthentic")
	_, _, err = keys.OpenState(text)
	requireOnly(t, err, "notAuthentic")
}

func TestHeaderIsReadWithoutAKey(t *testing.T) {
	keys := newKeyset(t)
	text := seal(t, keys, fullHeader(), "s").Text()
	raw := decode(t, text)
	changed := encode([]byte(strings.Replace(string(raw), "tenant-a", "tenant-b", 1)))

	token, err := tokens.Parse(changed)
	require.NoError(t, err)
	header, err := token.Header()
	require.NoError(t, err)
	require.Equal(t, "tenant-b", header.Audience, "readable is not authenticated")

	_, err = tokens.Token{}.Header()
	requireOnly(t, err, "malformed")
}
