package codecserver_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/internal/codecserver"
)

// Nobody gets in by a header but with the whole token after the scheme.
func FuzzAuthorization(f *testing.F) {
	for _, seed := range []string{
		"", "Bearer secret", "bearer secret", "Bearer  secret", "Bearer secret ", "Bearer\tsecret", "Bearer", "Bearer ", "secret",
		"Basic secret", "Bearer secrets", "Bearer secre", "Bearer Bearer secret", "Bearer secret,Bearer x", "Bearer \x00secret",
	} {
		f.Add(seed)
	}
	guard := codecserver.BearerToken(secret)
	f.Fuzz(func(t *testing.T, authorization string) {
		r := httptest.NewRequest(http.MethodPost, "/decode", nil)
		r.Header["Authorization"] = []string{authorization}
		if strings.EqualFold(authorization, "Bearer secret") && strings.HasSuffix(authorization, " secret") {
			require.NoError(t, guard(r))
			return
		}
		require.ErrorIs(t, guard(r), codecserver.ErrUnauthenticated)
	})
}

// Nor by a token that the issuer has not signed, in either header. That it cannot be said now
// is no answer to any.
func FuzzUsersToken(f *testing.F) {
	i := newIssuer(f)
	good := i.token(nil)
	signed := good[:strings.LastIndexByte(good, '.')]
	for _, seed := range []string{good, "..", "a.b.c", signed + ".", signed + ".AAAA", "e30.e30.e30", "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJIUzI1NiJ9.e30.AA", "\x00.\xff. "} {
		f.Add(seed, "")
		f.Add("", seed)
		f.Add(seed, seed)
	}
	guard := i.guard("groups=operators")
	f.Fuzz(func(t *testing.T, access, id string) {
		r := httptest.NewRequest(http.MethodPost, "/decode", nil)
		r.Header["Authorization"] = []string{"Bearer " + access}
		r.Header["Authorization-Extras"] = []string{id}
		err := guard(r)
		if err == nil {
			require.True(t, strings.HasPrefix(access, signed+".") || strings.HasPrefix(id, signed+"."))
			return
		}
		require.ErrorIs(t, err, codecserver.ErrUnauthenticated)
	})
}

// Claims let in that have the value by itself, or in a list, under the very name; and they do.
func FuzzClaims(f *testing.F) {
	for _, seed := range []struct{ token, allow string }{
		{`{"groups":["staff","operators"]}`, "groups=operators"},
		{`{"groups":"operators"}`, "groups=operators"},
		{`{"groups":"[\"operators\"]"}`, "groups=operators"},
		{`{"groups":[["operators"]]}`, "groups=operators"},
		{`{"groups":null}`, "groups=null"},
		{`{"groups":[null]}`, "groups=null"},
		{`{"Groups":"operators"}`, "groups=operators"},
		{`{"groups":"staff","groups":"operators"}`, "groups=operators"},
		{`{"admin":true}`, "admin=true"},
		{`{"org":1e1}`, "org=10"},
		{`{"role":{"a":1}}`, `role={"a":1}`},
		{`{"scope":"openid payloads:read"}`, "scope=payloads:read"},
		{`{"scp":["payloads:read x"]}`, "scp=x"},
		{`{"email":"a@example.com"}`, "email=a@example.com"},
		{`{"email":"a@example.com","email_verified":"true"}`, "email=a@example.com"},
		{`{"dn":"cn=alice"}`, "dn=cn=alice"},
		{`{}`, "*"},
		{`null`, "a=b"},
		{`[]`, "=b"},
	} {
		f.Add([]byte(seed.token), seed.allow)
	}
	f.Fuzz(func(t *testing.T, token []byte, allow string) {
		permitted, err := codecserver.Permitted(token, []string{allow})
		if err != nil || allow == "*" {
			require.Equal(t, err == nil, permitted)
			return
		}
		claim, value, _ := strings.Cut(allow, "=")
		var claims map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(token, &claims))
		if permitted {
			require.True(t, mentions(claims[claim], value))
			require.True(t, claim != "email" || mentions(claims["email_verified"], "true"))
		}
		isScope := claim == "scope" || claim == "scp"
		if !utf8.ValidString(allow) || isScope && !slices.Equal(strings.Fields(value), []string{value}) {
			return
		}
		for _, made := range []any{value, []string{"another", value}} {
			all := map[string]any{"email_verified": true}
			all[claim] = made
			token, err := json.Marshal(all)
			require.NoError(t, err)
			permitted, err := codecserver.Permitted(token, []string{allow})
			require.NoError(t, err)
			require.True(t, permitted)
		}
	})
}

// mentions: only of strings can it be said without the rule itself.
func mentions(raw json.RawMessage, value string) bool {
	var claim any
	_ = json.Unmarshal(raw, &claim)
	list, ok := claim.([]any)
	if !ok {
		list = []any{claim}
	}
	return slices.ContainsFunc(list, func(one any) bool {
		text, isText := one.(string)
		return one != nil && (!isText || text == value || slices.Contains(strings.Fields(text), value))
	})
}
