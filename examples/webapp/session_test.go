package webapp_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/examples/webapp"
)

func TestWhoIsNotSignedInIsAskedToAndComesBack(t *testing.T) {
	f := newFake(t)
	b := newBrowser(t, f.serve())
	p := b.get("/items?number=1")
	require.Equal(t, "/sign-in?then=%2Fitems%3Fnumber%3D1", p.address)
	require.Contains(t, p.body, `value="/items?number=1"`)
	require.Empty(t, f.asked)

	p = b.post("/sign-in", url.Values{"user": {"ada"}, "then": {"/items?number=1"}})
	require.Equal(t, "/items?number=1", p.address)
	require.Equal(t, "Ada", p.text("user"))

	require.Equal(t, "/sign-in", b.post("/sign-out", nil).address)
	require.Equal(t, "/sign-in?then=%2Fitems", b.get("/items").address)
	require.Equal(t, "/sign-in", b.post("/indexes", nil).address, "a form is not sent again")
}

func TestSigningInLeadsNowhereElse(t *testing.T) {
	server := newFake(t).serve()
	for _, then := range []string{"https://evil.example/", "//evil.example/", `/\evil.example/`, "///evil.example", "javascript:alert(1)", "items", "", "/%2f%2fevil\x00"} {
		t.Run(then, func(t *testing.T) {
			b := newBrowser(t, server)
			b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			p := b.post("/sign-in", url.Values{"user": {"ada"}, "then": {then}})
			require.Equal(t, http.StatusSeeOther, p.status)
			require.Equal(t, "/items", p.header.Get("Location"))
		})
	}
}

func TestACookieThatIsNotOurs(t *testing.T) {
	f, keys := newFake(t), newSessionKeys(t)
	server := instance(t, webapp.Options{Items: f, Indexes: f, Sessions: keys})
	seal := func(plain, bound string) string {
		sealed, err := keys.Encrypt([]byte(plain), []byte(bound))
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(sealed)
	}
	const good = `{"user":"ada","until":"2999-01-01T00:00:00Z"}`
	sealed := seal(good, "catalogue")
	stranger := signedIn(t, newFake(t).serve(), "ada")
	tests := []struct {
		name, value string
		taken       bool
	}{
		{"ours", sealed, true},
		{"a name", "ada", false},
		{"not sealed", base64.RawURLEncoding.EncodeToString([]byte(good)), false},
		{"a letter changed", sealed[:len(sealed)-9] + "AAAA" + sealed[len(sealed)-5:], false},
		{"cut short", sealed[:20], false},
		{"for another purpose", seal(good, "other"), false},
		{"over", seal(`{"user":"ada","until":"2020-01-01T00:00:00Z"}`, "catalogue"), false},
		{"no time", seal(`{"user":"ada"}`, "catalogue"), false},
		{"a user who has gone", seal(`{"user":"eve","until":"2999-01-01T00:00:00Z"}`, "catalogue"), false},
		{"another application's", stranger.client.Jar.Cookies(mustParse(t, stranger.at))[0].Value, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBrowser(t, server)
			b.client.Jar.SetCookies(mustParse(t, server.URL), []*http.Cookie{{Name: "catalogue", Value: tt.value}})
			require.Equal(t, tt.taken, b.get("/items").address == "/items")
		})
	}
}

func TestTheCookie(t *testing.T) {
	for _, tt := range []struct {
		name  string
		https bool
		want  string
	}{{"over HTTP", false, "catalogue"}, {"over HTTPS", true, "__Host-catalogue"}} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t)
			b := newBrowser(t, instance(t, webapp.Options{Items: f, Indexes: f, HTTPS: tt.https}))
			b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			p := b.post("/sign-in", url.Values{"user": {"grace"}})
			cookie, err := http.ParseSetCookie(p.header.Get("Set-Cookie"))
			require.NoError(t, err)
			require.Equal(t, tt.want, cookie.Name)
			require.Equal(t, tt.https, cookie.Secure)
			require.True(t, cookie.HttpOnly)
			require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
			require.Equal(t, "/", cookie.Path)
			require.Equal(t, tt.https, p.header.Get("Strict-Transport-Security") != "")
		})
	}
}

func TestAUserWhoIsNone(t *testing.T) {
	b := newBrowser(t, newFake(t).serve())
	p := b.post("/sign-in", url.Values{"user": {"eve"}, "then": {"/indexes/new"}})
	require.Equal(t, http.StatusUnprocessableEntity, p.status)
	require.Contains(t, p.body, `value="/indexes/new"`)
	require.Empty(t, b.client.Jar.Cookies(mustParse(t, b.at)))
}
