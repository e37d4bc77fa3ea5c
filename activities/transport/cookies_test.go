package transport_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/transport"
)

// play is a service with sticky cookies, h.test, that plays in memory: what an answer
// sets is by its URL without the scheme, and what was sent is noted.
type play struct {
	sets map[string][]string
	sent []string // the Cookie headers
}

func (p *play) RoundTrip(r *http.Request) (*http.Response, error) {
	p.sent = append(p.sent, strings.Join(r.Header["Cookie"], " AND "))
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}
	answer.Header["Set-Cookie"] = p.sets[r.URL.Host+r.URL.Path]
	return answer, nil
}

func sticky(t *testing.T, rt http.RoundTripper, change ...func(*transport.Config)) *transport.Service {
	t.Helper()
	s := newService(t, "https://h.test", append([]func(*transport.Config){func(c *transport.Config) {
		c.StickyCookies = true
		c.AllowedOrigins = []string{"http://h.test", "https://h.test:8443", "https://a.h.test", "https://b.h.test", "https://other.test", "https://files.test", "https://1.2.3.4", "https://[::1]", "https://[::1]:8443", "https://x.github.io"}
		c.CredentialOrigins = slices.DeleteFunc(slices.Clone(c.AllowedOrigins), func(o string) bool { return o == "https://files.test" })
	}}, change...)...)
	s.SetRoundTripper(rt)
	return s
}

// stored are cookies that were written down and read again.
func stored(t *testing.T, c transport.Cookies) transport.Cookies {
	t.Helper()
	raw, err := json.Marshal(c)
	require.NoError(t, err)
	var again transport.Cookies
	require.NoError(t, json.Unmarshal(raw, &again))
	require.Equal(t, len(c), len(again))
	return again
}

// With `stickyCookies` an operation's requests carry the cookies that the answers before
// them have set, those of redirects and errors included, as far as domain, path,
// `Secure` and expiry allow. They come from and go to the origins that get credentials,
// are sealed with the operation's state, and are no other operation's.
//
//rule:out 8 RFC 6265; - for the origins
func TestCookiesGoBackWhereTheyBelong(t *testing.T) {
	for _, tt := range []struct {
		name string
		at   string // what sets them
		sets []string
		ask  string
		want string
	}{
		{"to the host", "https://h.test/jobs", []string{"a=1"}, "https://h.test/jobs/7", "a=1"},
		{"several, in one header", "https://h.test/", []string{"a=1", "b=2"}, "https://h.test/", "a=1; b=2"},
		{"quoted", "https://h.test/", []string{`a="1 2"`}, "https://h.test/", `a="1 2"`},
		{"empty", "https://h.test/", []string{"a="}, "https://h.test/", "a="},
		{"whatever is for browsers", "https://h.test/", []string{"a=1; HttpOnly; SameSite=Strict; Partitioned; New=x"}, "https://h.test/", "a=1"},
		{"to another port", "https://h.test/", []string{"a=1"}, "https://h.test:8443/", "a=1"},
		{"not to a host below", "https://h.test/", []string{"a=1"}, "https://a.h.test/", ""},
		{"to a host below by Domain", "https://h.test/", []string{"a=1; Domain=h.test"}, "https://a.h.test/", "a=1"},
		{"to a host beside by Domain", "https://a.h.test/", []string{"a=1; Domain=.H.test"}, "https://b.h.test/", "a=1"},
		{"not of another domain", "https://h.test/", []string{"a=1; Domain=other.test"}, "https://other.test/", ""},
		{"not of a host below", "https://h.test/", []string{"a=1; Domain=a.h.test"}, "https://a.h.test/", ""},
		{"not of a public suffix", "https://x.github.io/", []string{"a=1; Domain=github.io"}, "https://x.github.io/", ""},
		{"to an address", "https://1.2.3.4/", []string{"a=1; Domain=1.2.3.4"}, "https://1.2.3.4/", "a=1"},
		{"to an address in brackets", "https://[::1]:8443/", []string{"a=1"}, "https://[::1]/", "a=1"},
		{"below its path", "https://h.test/", []string{"a=1; Path=/jobs"}, "https://h.test/jobs/7", "a=1"},
		{"not beside its path", "https://h.test/", []string{"a=1; Path=/jobs"}, "https://h.test/jobsite", ""},
		{"below where it was set", "https://h.test/v1/jobs", []string{"a=1"}, "https://h.test/v1/7", "a=1"},
		{"not above where it was set", "https://h.test/v1/jobs", []string{"a=1"}, "https://h.test/v2", ""},
		{"a path that is none", "https://h.test/v1/jobs", []string{"a=1; Path=v2"}, "https://h.test/v1/7", "a=1"},
		{"a path with escapes", "https://h.test/", []string{"a=1; Path=/a%2Fb"}, "https://h.test/a%2Fb/7", "a=1"},
		{"where it was set, with escapes", "https://h.test/%FF/jobs", []string{"a=1"}, "https://h.test/%FF/7", "a=1"},
		{"the longest path first", "https://h.test/", []string{"a=1", "a=2; Path=/jobs"}, "https://h.test/jobs", "a=2; a=1"},
		{"Secure over TLS", "https://h.test/", []string{"a=1; Secure"}, "https://h.test/", "a=1"},
		{"not Secure in the clear", "https://h.test/", []string{"a=1; Secure"}, "http://h.test/", ""},
		{"the others in the clear", "https://h.test/", []string{"a=1"}, "http://h.test/", "a=1"},
		{"the one set last", "https://h.test/", []string{"a=1", "b=2", "a=3"}, "https://h.test/", "b=2; a=3"},
		{"deleted by Max-Age", "https://h.test/", []string{"a=1", "b=2", "a=x; Max-Age=0"}, "https://h.test/", "b=2"},
		{"deleted by Expires", "https://h.test/", []string{"a=1", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, "https://h.test/", ""},
		{"Max-Age before Expires", "https://h.test/", []string{"a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, "https://h.test/", "a=1"},
		{"Max-Age without end", "https://h.test/", []string{"a=1; Max-Age=9223372036854775807"}, "https://h.test/", "a=1"},
		{"not deleted at another path", "https://h.test/", []string{"a=1", "a=x; Path=/jobs; Max-Age=0"}, "https://h.test/jobs", "a=1"},
		{"not deleted for another's domain", "https://h.test/", []string{"a=1; Domain=h.test", "a=x; Domain=other.test; Max-Age=0"}, "https://h.test/", "a=1"},
		{"not what is none", "https://h.test/", []string{"", "=x", "a b=1", "a=\x00", "a"}, "https://h.test/", ""},
		{"not one for an origin without credentials", "https://h.test/", []string{"a=1"}, "https://files.test/", ""},
		{"nor one from there", "https://files.test/", []string{"a=1"}, "https://files.test/", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			set, ask := parse(t, tt.at), parse(t, tt.ask)
			p := &play{sets: map[string][]string{set.Host + set.Path: tt.sets}}
			s := sticky(t, p)
			var cookies transport.Cookies
			_, err := s.Do(t.Context(), transport.Request{Method: "POST", URL: set, Start: true, Cookies: &cookies})
			require.NoError(t, err)
			cookies = stored(t, cookies)
			_, err = s.Do(t.Context(), transport.Request{Method: "GET", URL: ask, Cookies: &cookies})
			require.NoError(t, err)
			require.Equal(t, []string{"", tt.want}, p.sent)
		})
	}
}

func TestCookiesAreOnlyOfTheirOperation(t *testing.T) {
	p := &play{sets: map[string][]string{"h.test/": {"a=1"}}}
	var one, other transport.Cookies
	for _, tt := range []struct {
		name    string
		service *transport.Service
		cookies *transport.Cookies
		want    string
	}{
		{"the first request", sticky(t, p), &one, ""},
		{"the operation's next", sticky(t, p), &one, "a=1"},
		{"another operation's", sticky(t, p), &other, ""},
		{"what is of no operation", sticky(t, p), nil, ""},
		{"where they are not sticky any more", sticky(t, p, func(c *transport.Config) { c.StickyCookies = false }), &one, ""},
	} {
		p.sent = nil
		_, err := tt.service.Do(t.Context(), transport.Request{Method: "GET", URL: parse(t, "https://h.test/"), Cookies: tt.cookies})
		require.NoError(t, err)
		require.Equal(t, []string{tt.want}, p.sent, tt.name)
	}
	var none transport.Cookies
	plain := sticky(t, p, func(c *transport.Config) { c.StickyCookies = false })
	_, err := plain.Do(t.Context(), transport.Request{Method: "GET", URL: parse(t, "https://h.test/"), Cookies: &none})
	require.NoError(t, err)
	require.Empty(t, none, "nor are they kept")
}

func TestACookieThatHasExpiredIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		expires := time.Now().Add(2 * time.Minute).UTC().Format(http.TimeFormat)
		p := &play{sets: map[string][]string{"h.test/set": {"age=1; Max-Age=60", "date=1; Expires=" + expires, "session=1"}}}
		s := sticky(t, p)
		var cookies transport.Cookies
		ask := func(path string) {
			_, err := s.Do(t.Context(), transport.Request{Method: "GET", URL: parse(t, "https://h.test"+path), Cookies: &cookies})
			require.NoError(t, err)
			cookies = stored(t, cookies)
		}
		ask("/set")
		for range 3 {
			time.Sleep(50 * time.Second)
			ask("/ask")
		}
		require.Equal(t, []string{"", "age=1; date=1; session=1", "date=1; session=1", "session=1"}, p.sent)
		require.Len(t, cookies, 1, "nor is it kept")
	})
}

//rule:out 8
func TestRedirectsSetCookiesToo(t *testing.T) {
	var own string
	var sent []string
	note := func(r *http.Request) { sent = append(sent, r.URL.Path+" "+r.Header.Get("Cookie")) }
	files := serve(t, func(w http.ResponseWriter, r *http.Request) {
		note(r)
		w.Header().Add("Set-Cookie", "evil=1; Path=/")
		http.Redirect(w, r, own+"/back", http.StatusFound)
	})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		note(r)
		w.Header().Add("Set-Cookie", strings.TrimPrefix(r.URL.Path, "/")+"=1; Path=/")
		switch r.URL.Path {
		case "/from":
			http.Redirect(w, r, "/way", http.StatusFound)
		case "/way":
			http.Redirect(w, r, files.URL+"/files", http.StatusFound)
		}
	})
	own = s.URL
	service := newService(t, s.URL, func(c *transport.Config) { c.StickyCookies, c.AllowedOrigins = true, []string{files.URL} })
	var cookies transport.Cookies
	_, err := service.Do(t.Context(), transport.Request{Method: "GET", URL: parse(t, s.URL+"/from"), Cookies: &cookies})
	require.NoError(t, err)
	require.Equal(t, []string{"/from ", "/way from=1", "/files ", "/back from=1; way=1"}, sent, "the port is another, the host is the same")
}

// A credential may be a cookie, too: there is one Cookie header.
func TestCookiesBesideACredential(t *testing.T) {
	t.Setenv("TEST_JOBS_SESSION", "key=s3cret")
	p := &play{sets: map[string][]string{"h.test/": {"a=1"}}}
	s := sticky(t, p, func(c *transport.Config) {
		c.Credential = auth.APIKey("jobs", auth.Secret{Env: "TEST_JOBS_SESSION"}, "Cookie", "")
	})
	var cookies transport.Cookies
	for range 2 {
		_, err := s.Do(t.Context(), transport.Request{Method: "GET", URL: parse(t, "https://h.test/"), Cookies: &cookies})
		require.NoError(t, err)
	}
	require.Equal(t, []string{"key=s3cret", "key=s3cret; a=1"}, p.sent)
}

func TestAnAnswerThatBreaksOffHasSetItsCookies(t *testing.T) {
	address, _ := listen(t, func(c net.Conn) {
		_, _, _ = readRequest(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 5\r\n\r\nab")
	})
	var cookies transport.Cookies
	service := newService(t, "http://"+address, func(c *transport.Config) { c.StickyCookies = true })
	_, err := service.Do(t.Context(), transport.Request{Method: "GET", URL: parse(t, "http://"+address), Cookies: &cookies})
	require.ErrorContains(t, err, "broke off")
	require.NotContains(t, err.Error(), "a=1")
	require.Len(t, cookies, 1)
}

func TestAHeaderThatCannotBeReadIsNotQuoted(t *testing.T) {
	for _, line := range []string{"Set-Cookie a=s3cret", " Set-Cookie: a=s3cret"} {
		address, _ := listen(t, func(c net.Conn) {
			_, _, _ = readRequest(c)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n"+line+"\r\nContent-Length: 0\r\n\r\n")
		})
		for _, start := range []bool{false, true} {
			_, err := newService(t, "http://"+address).Do(t.Context(), transport.Request{Method: "GET", URL: parse(t, "http://"+address), Start: start})
			var failure *transport.SendError
			require.ErrorAs(t, err, &failure, line)
			require.False(t, failure.Unsent)
			require.NotContains(t, err.Error(), "s3cret")
		}
	}
}

// An operation keeps at most 50 cookies, of 4 KiB in all: one that is larger is
// ignored, and those that were set longest ago make room.
//
//rule:out 9 -
func TestCookiesAreBounded(t *testing.T) {
	many := func(n, size int) (lines []string) {
		for i := range n {
			lines = append(lines, fmt.Sprintf("c%d=%s", i, strings.Repeat("v", size)))
		}
		return lines
	}
	for _, tt := range []struct {
		name        string
		sets        []string
		first, last string // of those that are sent
		least, most int    // how many
	}{
		{"by number", many(transport.MaxCookies+20, 1), "c20=v", "c69=v", transport.MaxCookies, transport.MaxCookies},
		{"by size", many(10, 1000), "c7=", "c9=", 3, 3},
		{"a large one is ignored", []string{"a=1", "b=" + strings.Repeat("v", transport.MaxCookieBytes), "c=3"}, "a=1", "c=3", 2, 2},
		{"and does not replace", []string{"a=1", "a=" + strings.Repeat("v", transport.MaxCookieBytes)}, "a=1", "a=1", 1, 1},
		{"what is set anew is the newest", append(many(transport.MaxCookies, 1), "c0=v", "x=y"), "c2=v", "x=y", transport.MaxCookies, transport.MaxCookies},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &play{sets: map[string][]string{"h.test/": tt.sets}}
			var cookies transport.Cookies
			for range 2 {
				_, err := sticky(t, p).Do(t.Context(), transport.Request{Method: "GET", URL: parse(t, "https://h.test/"), Cookies: &cookies})
				require.NoError(t, err)
				requireBounded(t, cookies)
			}
			sent := strings.Split(p.sent[1], "; ")
			require.GreaterOrEqual(t, len(sent), tt.least)
			require.LessOrEqual(t, len(sent), tt.most)
			require.True(t, strings.HasPrefix(sent[0], tt.first), sent[0])
			require.True(t, strings.HasPrefix(sent[len(sent)-1], tt.last), sent[len(sent)-1])
		})
	}
}

func requireBounded(t *testing.T, c transport.Cookies) {
	t.Helper()
	raw, err := json.Marshal(c)
	require.NoError(t, err)
	require.LessOrEqual(t, len(raw), transport.MaxCookieBytes)
	require.LessOrEqual(t, len(c), transport.MaxCookies)
}

// Whatever a service sets, the cookies stay within their bounds, can be written down,
// and come out as they went in.
func FuzzCookies(f *testing.F) {
	f.Add("/jobs", "a=1; Path=/; Domain=h.test; Max-Age=60; Secure", `b="x, y"; Expires=Thu, 01 Jan 2099 00:00:00 GMT`)
	f.Add("/%FF/%2F", "a=<&>", "a=x; Max-Age=-1")
	f.Add("//", "a=1; Domain=.; Path=;", "a=1; Domain=..h.test; Expires=Mon, 01 Jan 0001 00:00:00 GMT")
	f.Fuzz(func(t *testing.T, path, one, two string) {
		u := parse(t, "https://h.test")
		u.Path = "/" + path
		p := &play{sets: map[string][]string{u.Host + u.Path: {one, two, one}}}
		s := sticky(t, p)
		var cookies transport.Cookies
		for range 2 {
			_, err := s.Do(t.Context(), transport.Request{Method: "GET", URL: u, Cookies: &cookies})
			require.NoError(t, err)
			requireBounded(t, cookies)
		}
		again := stored(t, cookies)
		for _, kept := range []*transport.Cookies{&cookies, &again} {
			p.sets = nil
			_, err := s.Do(t.Context(), transport.Request{Method: "GET", URL: u, Cookies: kept})
			require.NoError(t, err)
		}
		require.Equal(t, p.sent[2], p.sent[3])
	})
}
