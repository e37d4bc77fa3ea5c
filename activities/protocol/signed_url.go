package protocol

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// hidden stands where a query was.
const hidden = "?REDACTED"

// In JSON a slash may be escaped, and of what a query holds & and = often are.
var (
	userOfURL  = regexp.MustCompile(`(?i)(https?:\\?/\\?/)[^\s\\/?#"'<>]*@`)
	queryOfURL = regexp.MustCompile(`\\[^u]|(?:\?|\\u003[fF])(?:[^\s\\"<>]|\\/|\\u[0-9a-fA-F]{4})*`) // or an escape

	unescaped  = strings.NewReplacer(`\u0026`, "&", `\u003d`, "=", `\u003D`, "=", `\u003f`, "?", `\u003F`, "?", `\u0025`, "%", `\/`, "/")
	separators = regexp.MustCompile(`[?&;]+`)
)

// signatures are the parameters by which whoever has a URL may use it, in small letters:
// shared access signatures (Azure), presigned URLs (AWS version 4 and 2, Google), and keys
// and tokens that go into the query.
var signatures = map[string]bool{
	"sig": true, "signature": true, "x-amz-signature": true, "x-amz-security-token": true, "x-goog-signature": true,
	"code": true, "key": true, "api_key": true, "api-key": true, "apikey": true, "subscription-key": true,
	"token": true, "access_token": true, "id_token": true, "auth": true, "password": true, "secret": true,
}

// HideSignatures is a text, which may be JSON, for people: no URL in it has a user, and
// the query of one that is signed, or holds a key, is redacted: in one of more, too, which
// are names of parameters. Everything else stays as it is, and JSON stays JSON.
func HideSignatures(text []byte, more ...string) []byte {
	if bytes.IndexByte(text, '@') >= 0 {
		text = userOfURL.ReplaceAll(text, []byte("${1}"))
	}
	if !bytes.ContainsRune(text, '?') && !bytes.Contains(text, []byte(`\u003`)) {
		return text
	}
	return queryOfURL.ReplaceAllFunc(text, func(query []byte) []byte {
		if isSigned(unescaped.Replace(string(query)), more) {
			return []byte(hidden)
		}
		return query
	})
}

func isSigned(query string, more []string) bool {
	for _, parameter := range separators.Split(query, -1) {
		name, value, _ := strings.Cut(parameter, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if value != "" && (signatures[strings.ToLower(name)] || slices.ContainsFunc(more, func(own string) bool { return strings.EqualFold(own, name) })) {
			return true
		}
	}
	return false
}
