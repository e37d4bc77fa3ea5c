package transport

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"
)

// Bounds of the cookies of one operation: they are part of its continuation token. A
// cookie that alone is too large is ignored, and those that were set longest ago give
// way to what is set.
const (
	MaxCookies     = 50
	MaxCookieBytes = 4 << 10 // of all of them, as JSON
)

// maxCookieAge, in seconds, keeps a Max-Age from overflowing; browsers believe no
// longer one either.
const maxCookieAge = 400 * 24 * 60 * 60

// Cookies are those that a service has set in the course of one operation, what was
// set last at the end. net/http/cookiejar decides what goes where, but its jars cannot
// be written down: so this is what one is made of, anew for each request. The JSON
// holds the values, and is for sealing only.
type Cookies []cookie

// cookie is one as RFC 6265, 5.3, stores it.
type cookie struct {
	Host   string `json:"host"` // that set it
	Name   string `json:"name"`
	Value  string `json:"value,omitempty"`
	Quoted bool   `json:"quoted,omitempty"`
	// Domain as it was set; "": that host only.
	Domain string `json:"domain,omitempty"`
	Path   string `json:"path"`
	Secure bool   `json:"secure,omitempty"`
	// Expires is zero where it is kept to the operation's end.
	Expires time.Time `json:"expires,omitzero"`
}

// put writes onto a request to u the cookies that belong there.
func (c Cookies) put(r *http.Request, u *url.URL) {
	if len(c) == 0 {
		return
	}
	for _, k := range c.jar().Cookies(place(u)) {
		r.AddCookie(k)
	}
}

// take keeps what the answer of u sets, and forgets what it deletes. The slice that
// was there before stays as it is.
func (c *Cookies) take(u *url.URL, answer http.Header, now time.Time) {
	kept := slices.Clone(*c)
	for _, set := range (&http.Response{Header: answer}).Cookies() {
		k := received(u, set, now)
		if !k.admitted() || k.size() > MaxCookieBytes {
			continue
		}
		kept = slices.DeleteFunc(kept, func(old cookie) bool { return old.id() == k.id() })
		kept = append(kept, k)
	}
	kept = slices.DeleteFunc(kept, func(k cookie) bool { return k.expired(now) })
	*c = kept.newest()
}

// newest are as many as the bounds allow.
func (c Cookies) newest() Cookies {
	size := len("[]")
	for i, k := range slices.Backward(c) {
		size += k.size() + len(",")
		if size > MaxCookieBytes || len(c)-i > MaxCookies {
			return c[i+1:]
		}
	}
	return c
}

// jar gives the cookies in the order in which they were set.
func (c Cookies) jar() http.CookieJar {
	jar, _ := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List}) // never fails
	for _, k := range c {
		jar.SetCookies(&url.URL{Scheme: "https", Host: k.Host, Path: k.Path}, []*http.Cookie{{ //nolint:gosec // as the service set it
			Name: k.Name, Value: k.Value, Quoted: k.Quoted, Domain: k.Domain, Path: k.Path, Secure: k.Secure, Expires: k.Expires,
		}})
	}
	return jar
}

// place is a URL as the jar is to see it: the path as it is on the wire, so that it is
// text, and no port, which the jar would not take off [::1].
func place(u *url.URL) *url.URL {
	return &url.URL{Scheme: originOf(u).scheme, Host: originOf(u).host, Path: u.EscapedPath()}
}

// received is a cookie as it is to be kept: its age counts from now.
func received(u *url.URL, set *http.Cookie, now time.Time) cookie {
	k := cookie{
		Host: originOf(u).host, Name: set.Name, Value: set.Value, Quoted: set.Quoted,
		Domain: set.Domain, Path: set.Path, Secure: set.Secure, Expires: set.Expires,
	}
	if set.MaxAge != 0 { // comes before Expires; negative: it was zero or less
		k.Expires = now.Add(min(time.Duration(set.MaxAge), maxCookieAge) * time.Second).UTC().Truncate(time.Second)
	}
	if !strings.HasPrefix(k.Path, "/") {
		k.Path = defaultPath(u.EscapedPath())
	}
	return k
}

// defaultPath is RFC 6265, 5.1.4.
func defaultPath(path string) string {
	if i := strings.LastIndexByte(path, '/'); i > 0 {
		return path[:i]
	}
	return "/"
}

// admitted asks a jar whether the host may set the cookie: its domain is the host's or
// one above it, and no public suffix.
func (k cookie) admitted() bool {
	k.Secure, k.Expires = false, time.Time{} // also one that deletes another
	return len(Cookies{k}.jar().Cookies(&url.URL{Scheme: "https", Host: k.Host, Path: k.Path})) == 1
}

// id is what a cookie has in common with the one that it replaces.
func (k cookie) id() [3]string {
	return [3]string{k.Name, cmp.Or(strings.ToLower(strings.TrimPrefix(k.Domain, ".")), k.Host), k.Path}
}

func (k cookie) expired(now time.Time) bool { return !k.Expires.IsZero() && !k.Expires.After(now) }

func (k cookie) size() int {
	raw, _ := json.Marshal(k) // strings, and a time that was parsed or is near
	return len(raw)
}
