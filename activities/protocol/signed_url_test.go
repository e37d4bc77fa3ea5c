package protocol_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
)

func TestHideSignatures(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a shared access signature", `{"nextLink":"https://h/a?sv=1&sig=s3cret"}`, `{"nextLink":"https://h/a?REDACTED"}`},
		{"first of two", `"https://h/a?sig=s3cret&sv=1"`, `"https://h/a?REDACTED"`},
		{"as .NET escapes it", `"https://h/a?sv=1\u0026sig=s3cret%2Bx\u003d"`, `"https://h/a?REDACTED"`},
		{"as PHP escapes it", `"https:\/\/h\/a?sig=s3c\/ret"`, `"https:\/\/h\/a?REDACTED"`},
		{"an escaped question mark", `"https://h/a\u003fsig\u003Ds3cret"`, `"https://h/a?REDACTED"`},
		{"an encoded name", `"https://h/a?s%69g=s3cret"`, `"https://h/a?REDACTED"`},
		{"in HTML", `<a href='https://h/a?sv=1&amp;sig=s3cret'>`, `<a href='https://h/a?REDACTED>`},
		{"AWS", `"https://h/a?X-Amz-Date=1&X-Amz-Signature=s3cret"`, `"https://h/a?REDACTED"`},
		{"Google", `"https://h/a?X-Goog-Signature=s3cret"`, `"https://h/a?REDACTED"`},
		{"a key", `"https://h/a?Key=s3cret"`, `"https://h/a?REDACTED"`},
		{"a relative link", `{"next":"/a?sig=s3cret"}`, `{"next":"/a?REDACTED"}`},
		{"a query alone", `{"next":"?token=s3cret"}`, `{"next":"?REDACTED"}`},
		{"a question mark in the query", `"/a?b?sig=s3cret"`, `"/a?REDACTED"`},
		{"a user", `"https://u:s3cret@h/a"`, `"https://h/a"`},
		{"a user, escaped", `"HTTPS:\/\/u:s3cret@h\/a"`, `"HTTPS:\/\/h\/a"`},
		{"two of them", `["/a?sig=s3cret","/b?sig=s3cret"]`, `["/a?REDACTED","/b?REDACTED"]`},
		{"in a sentence", `got "https://h/a?sig=s3cret" and failed`, `got "https://h/a?REDACTED" and failed`},

		{"no signature", `{"nextLink":"https://h/a?page=2\u0026signed=no"}`, `{"nextLink":"https://h/a?page=2\u0026signed=no"}`},
		{"an empty one", `"/a?sig=&b=1"`, `"/a?sig=&b=1"`},
		{"a question", `{"q":"what? key=1"}`, `{"q":"what? key=1"}`},
		{"an address", `"mail a@h, https://h"`, `"mail a@h, https://h"`},
		{"an escaped backslash", `"\\u003fsig=a"`, `"\\u003fsig=a"`},
		{"nothing", ``, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			original := strings.Clone(tt.text)
			given := []byte(tt.text)
			require.Equal(t, tt.want, string(protocol.HideSignatures(given)))
			require.Equal(t, original, string(given), "the answer stays whole")
		})
	}
}

func TestHideSignaturesOfTheCallersOwn(t *testing.T) {
	const text = `["/a?AppID=s3cret","/b?app=1"]`
	require.Equal(t, text, string(protocol.HideSignatures([]byte(text))))
	require.Equal(t, `["/a?REDACTED","/b?app=1"]`, string(protocol.HideSignatures([]byte(text), "x", "appid")))
}

func FuzzHideSignatures(f *testing.F) {
	f.Add([]byte(`{"nextLink":"https:\/\/u:p@h\/a?sv=1\u0026sig=s3cret\\"}`))
	f.Add([]byte(`["\\u003fsig=a","\\\u003fsig=a"]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		once := protocol.HideSignatures(text)
		require.True(t, !json.Valid(text) || json.Valid(once), "JSON stays JSON: %s", once)
		require.Equal(t, string(once), string(protocol.HideSignatures(once)), "nothing is left to hide")
		require.LessOrEqual(t, len(once), len(text)+len("REDACTED")*strings.Count(string(text), "?")+len("REDACTED")*strings.Count(string(text), `\u003`))
	})
}
