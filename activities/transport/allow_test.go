package transport_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/transport"
)

func allow(lines ...string) func(*transport.Config) {
	return func(c *transport.Config) { c.Allow = lines }
}

func TestAllow(t *testing.T) {
	const base = "https://api.example.com/v1"
	tests := []struct {
		name   string
		rules  []string
		method string
		url    string
		want   bool
	}{
		{"nothing is listed: everything", nil, "POST", base + "/any/thing", true},
		{"nothing is listed: dot segments are the service's affair", nil, "GET", base + "/a/%2e%2e/b", true},
		{"nothing is listed: outside of baseURL's path", nil, "GET", "https://api.example.com/v2", true},
		{"exact", []string{"POST /jobs"}, "POST", base + "/jobs", true},
		{"exact, with a query", []string{"POST /jobs"}, "POST", base + "/jobs?a=/../b", true},
		{"another method", []string{"POST /jobs"}, "GET", base + "/jobs", false},
		{"a method in lower case", []string{"post /jobs"}, "POST", base + "/jobs", true},
		{"any method", []string{"* /jobs"}, "PATCH", base + "/jobs", true},
		{"another path", []string{"POST /jobs"}, "POST", base + "/job", false},
		{"a longer path", []string{"POST /jobs"}, "POST", base + "/jobs/7", false},
		{"a slash more", []string{"POST /jobs"}, "POST", base + "/jobs/", false},
		{"another case", []string{"POST /jobs"}, "POST", base + "/Jobs", false},
		{"a letter that is encoded is that letter", []string{"POST /jobs"}, "POST", base + "/%6aobs", true},
		{"one segment", []string{"GET /jobs/*"}, "GET", base + "/jobs/7", true},
		{"one segment is not two", []string{"GET /jobs/*"}, "GET", base + "/jobs/7/log", false},
		{"one segment is not none", []string{"GET /jobs/*"}, "GET", base + "/jobs/", false},
		{"one segment in the middle", []string{"GET /jobs/*/log"}, "GET", base + "/jobs/7/log", true},
		{"a star is a whole segment only", []string{"GET /jobs/a*"}, "GET", base + "/jobs/ab", false},
		{"any number", []string{"GET /jobs/**"}, "GET", base + "/jobs/7/log/2", true},
		{"any number is also none", []string{"GET /jobs/**"}, "GET", base + "/jobs", true},
		{"any number, then one more", []string{"GET /**/log"}, "GET", base + "/a/b/c/log", true},
		{"any number, then one that is not there", []string{"GET /**/log"}, "GET", base + "/a/b/c/logs", false},
		{"any number twice", []string{"GET /**/a/**/b"}, "GET", base + "/x/a/a/y/b", true},
		{"everything below", []string{"* /**"}, "GET", base + "/x/y", true},
		{"the second rule", []string{"GET /a", "GET /b"}, "GET", base + "/b", true},
		{"not below baseURL's path", []string{"* /**"}, "GET", "https://api.example.com/v2/x", false},
		{"beside baseURL's path", []string{"* /**"}, "GET", "https://api.example.com/v1x/y", false},
		{"baseURL's path spelled otherwise", []string{"* /**"}, "GET", "https://api.example.com/%761/x", false},
		{"dot segments", []string{"GET /jobs/**"}, "GET", base + "/jobs/../admin", false},
		{"one dot", []string{"GET /jobs/**"}, "GET", base + "/jobs/./x", false},
		{"dot segments, encoded", []string{"GET /jobs/**"}, "GET", base + "/jobs/%2e%2E/admin", false},
		{"dot segments, half encoded", []string{"GET /jobs/**"}, "GET", base + "/jobs/.%2e/admin", false},
		{"dot segments, encoded twice", []string{"GET /jobs/**"}, "GET", base + "/jobs/%252e%252e/admin", false},
		{"dot segments with parameters", []string{"GET /jobs/**"}, "GET", base + "/jobs/..;x/admin", false},
		{"a double slash", []string{"GET /jobs/**"}, "GET", base + "/jobs//admin", false},
		{"a double slash first", []string{"* /**"}, "GET", base + "//evil.example/x", false},
		{"an encoded slash", []string{"GET /jobs/*"}, "GET", base + "/jobs/a%2fb", false},
		{"a backslash", []string{"GET /jobs/*"}, "GET", base + `/jobs/a\..\b`, false},
		{"an encoded backslash", []string{"GET /jobs/*"}, "GET", base + "/jobs/a%5Cb", false},
		{"a NUL", []string{"GET /jobs/*"}, "GET", base + "/jobs/a%00b", false},
		{"a line end", []string{"GET /jobs/*"}, "GET", base + "/jobs/a%0d%0ab", false},
		{"a slash that is no shortest UTF-8", []string{"GET /jobs/*"}, "GET", base + "/jobs/a%c0%afb", false},
		{"an encoded question mark stays in its segment", []string{"GET /jobs/*"}, "GET", base + "/jobs/a%3Fb", true},
		{"a letter of the world", []string{"GET /jobs/*"}, "GET", base + "/jobs/%C3%BC", true},
		{"baseURL itself", []string{"* /**"}, "GET", base, false},
		{"baseURL and a slash", []string{"* /**"}, "GET", base + "/", true},
		{"another host", nil, "GET", "https://evil.example/v1/jobs", false},
		{"another port", nil, "GET", "https://api.example.com:8443/v1/jobs", false},
		{"another scheme", nil, "GET", "http://api.example.com/v1/jobs", false},
		{"the same origin, spelled in full", nil, "GET", "HTTPS://API.Example.COM.:443/v1/jobs", true},
		{"a user", nil, "GET", "https://api.example.com@evil.example/v1/jobs", false},
		{"a user of the same host", nil, "GET", "https://u@api.example.com/v1/jobs", false},
		{"no host", nil, "GET", "https:///v1/jobs", false},
		{"a URL that is too long", nil, "GET", base + "/" + strings.Repeat("a", perdure.MaxURLBytes), false},
		{"TRACE is answered with the credentials", nil, "TRACE", base + "/jobs", false},
		{"TRACE, whatever is listed", []string{"* /**", "TRACE /jobs"}, "trace", base + "/jobs", false},
		{"CONNECT", nil, "CONNECT", base + "/jobs", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t, base, allow(tt.rules...))
			err := s.CheckAllowed(tt.method, parse(t, tt.url))
			if tt.want {
				require.NoError(t, err)
				return
			}
			var denied *perdure.EgressError
			require.ErrorAs(t, err, &denied)
			require.NotContains(t, err.Error(), "\n")
			require.NotContains(t, err.Error(), "?")
		})
	}
}

func TestAllowRules(t *testing.T) {
	for _, line := range []string{"", "POST", "/jobs", "POST jobs", " /jobs", "POST /jobs?a", "POST /jobs#a", "POST /a b", "POST /%2e"} {
		_, err := transport.NewService(transport.Config{BaseURL: "https://h", Allow: []string{"GET /fine", line}})
		require.ErrorContains(t, err, "allow: ", "the rule %q", line)
	}
}

func TestHeadersThatGetAroundTheAllowList(t *testing.T) {
	const base = "https://api.example.com/v1"
	for _, name := range []string{"X-HTTP-Method-Override", "x-http-method", "X-Method-Override", "X-Original-URL", "X-Original-URI", "x-rewrite-url"} {
		headers := map[string][]string{name: {"DELETE"}}
		var bad *perdure.InputError
		require.ErrorAs(t, newService(t, base, allow("POST /jobs")).CheckHeaders("request.headers", headers), &bad, name)
		require.Equal(t, "request.headers."+name, bad.Field)
		require.NoError(t, newService(t, base).CheckHeaders("request.headers", headers), "there is nothing to get around")
	}
}

// match is the matching of segments as one would define it.
func match(pattern, segments []string) bool {
	if len(pattern) == 0 {
		return len(segments) == 0
	}
	if pattern[0] == "**" {
		return match(pattern[1:], segments) || len(segments) > 0 && match(pattern, segments[1:])
	}
	return len(segments) > 0 && (pattern[0] == segments[0] || pattern[0] == "*" && segments[0] != "") && match(pattern[1:], segments[1:])
}

func FuzzMatchSegments(f *testing.F) {
	f.Add("**/a/*/b", "x/a/y/b")
	f.Add("**", "")
	f.Add("*/**/*", "a")
	f.Add("a/**/a/**/a", "a/a/a/b/a")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		p, s := strings.Split(pattern, "/"), strings.Split(path, "/")
		if len(p) > 6 || len(s) > 10 {
			return
		}
		require.Equal(t, match(slices.Clone(p), slices.Clone(s)), transport.MatchSegments(p, s))
	})
}

func TestAHostilePathIsMatchedInTime(t *testing.T) {
	pattern := strings.Split(strings.Repeat("**/a/", 20)+"b", "/")
	begin := time.Now()
	require.False(t, transport.MatchSegments(pattern, strings.Split(strings.Repeat("a/", 8000)+"c", "/")))
	require.Less(t, time.Since(begin), 5*time.Second)
}

func TestResolve(t *testing.T) {
	tests := []struct{ name, base, raw, want string }{
		{"a path", "https://h/v1", "/jobs", "https://h/v1/jobs"},
		{"a path without its slash", "https://h/v1", "jobs?a=b", "https://h/v1/jobs?a=b"},
		{"one slash between", "https://h/v1//", "/jobs", "https://h/v1/jobs"},
		{"no path in baseURL", "https://h", "jobs", "https://h/jobs"},
		{"absolute", "https://h/v1", "https://other/x", "https://other/x"},
		{"a host without a scheme stays below", "https://h/v1", "//evil.example/x", "https://h/v1//evil.example/x"},
		{"a URL in the query", "https://h/v1", "jobs?next=https://other/x", "https://h/v1/jobs?next=https://other/x"},
		{"a URL in the path", "https://h/v1", "/go/https://other/x", "https://h/v1/go/https://other/x"},
		{"a colon after the first segment", "https://h/v1", "/jobs:run", "https://h/v1/jobs:run"},
		{"a query alone", "https://h/v1", "?a=b", "https://h/v1/?a=b"},
		{"an escape in baseURL", "https://h/a%2Fb", "c", "https://h/a%2Fb/c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, err := newService(t, tt.base).Resolve(tt.raw)
			require.NoError(t, err)
			require.Equal(t, tt.want, u.String())
		})
	}
	for _, raw := range []string{"/%zz", "https://[::1", "/\x7f"} {
		var bad *perdure.InputError
		_, err := newService(t, "https://h").Resolve(raw)
		require.ErrorAs(t, err, &bad, raw)
	}
}

func TestFind(t *testing.T) {
	services := map[string]*transport.Service{}
	for name, base := range map[string]string{"a": "https://a.example.com/v1", "b": "https://b.example.com/x", "c": "https://b.example.com/y"} {
		services[name] = newService(t, base, func(c *transport.Config) { c.Name = name })
	}
	tests := []struct {
		name, service, url string
		want, message      string
	}{
		{"by name", "b", "/x", "b", ""},
		{"by name, whatever the origin", "b", "https://a.example.com/", "b", ""},
		{"by origin", "", "https://A.example.com:443/x", "a", ""},
		{"unknown name", "d", "/x", "", `"d" is not in the worker's configuration`},
		{"two of one origin", "", "https://b.example.com/x", "", "b and c"},
		{"nobody's origin", "", "https://d.example.com/", "", "belongs to no service"},
		{"another scheme", "", "http://a.example.com/", "", "belongs to no service"},
		{"relative", "", "/x", "", "want an absolute"},
		{"malformed", "", "https://[", "", "is malformed"},
		{"a user", "", "https://a.example.com@d.example.com/", "", "has a user"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := transport.Find(services, tt.service, tt.url)
			if tt.message != "" {
				require.ErrorContains(t, err, tt.message)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, s.Name())
		})
	}
}

func TestNewServiceRefuses(t *testing.T) {
	base := func(raw string) transport.Config { return transport.Config{BaseURL: raw} }
	limits := func(l transport.Limits) transport.Config {
		return transport.Config{BaseURL: "https://h", Limits: l}
	}
	origins := func(allowed, credential []string) transport.Config {
		return transport.Config{BaseURL: "https://h", AllowedOrigins: allowed, CredentialOrigins: credential}
	}
	tests := []struct {
		name   string
		config transport.Config
		want   string
	}{
		{"no baseURL", base(""), "baseURL: is missing"},
		{"a relative baseURL", base("/x"), "baseURL: want an absolute"},
		{"another scheme", base("ftp://h"), "baseURL: want an absolute"},
		{"a port alone", base("https://:8080"), "baseURL: want an absolute"},
		{"slashes alone", base("https:///"), "baseURL: want an absolute"},
		{"malformed", base("https://[::1"), "baseURL: is malformed"},
		{"a user", base("https://u:p@h"), "baseURL: want no user"},
		{"a query", base("https://h/?a=b"), "baseURL: want no user, query"},
		{"an empty query", base("https://h/v1?"), "baseURL: want no user, query"},
		{"a fragment", base("https://h/#x"), "baseURL: want no user, query or fragment"},
		{"requestsPerSecond", limits(transport.Limits{RequestsPerSecond: -1}), "limits.requestsPerSecond"},
		{"concurrency", limits(transport.Limits{Concurrency: -1}), "limits.concurrency"},
		{"requestTimeout", limits(transport.Limits{RequestTimeout: -1}), "limits.requestTimeoutSeconds"},
		{"maxResponseBytes", limits(transport.Limits{MaxResponseBytes: -1}), "limits.maxResponseBytes"},
		{"captureBytes", limits(transport.Limits{CaptureBytes: -1}), "limits.captureBytes"},
		{"an origin with a path", origins([]string{"https://a/x"}, nil), "allowedOrigins: "},
		{"an origin without a scheme", origins([]string{"a.example"}, nil), "allowedOrigins: "},
		{"an origin of another scheme", origins([]string{"ftp://a.example"}, nil), "allowedOrigins: "},
		{"an origin with a user", origins([]string{"https://u@a.example"}, nil), "allowedOrigins: "},
		{"an origin with a query", origins([]string{"https://a.example?x"}, nil), "allowedOrigins: "},
		{"every host", origins([]string{"https://*"}, nil), "allowedOrigins: "},
		{"a star within", origins([]string{"https://a.*.example"}, nil), "allowedOrigins: "},
		{"a star without its dot", origins([]string{"https://*a.example"}, nil), "allowedOrigins: "},
		{"two stars", origins([]string{"https://*.*.example"}, nil), "allowedOrigins: "},
		{"a domain that is empty", origins([]string{"https://*."}, nil), "allowedOrigins: "},
		{"credentials for one that is not allowed", origins([]string{"https://a.example"}, []string{"https://b.example"}), `credentialOrigins: "https://b.example"`},
		{"credentials for more than is allowed", origins([]string{"https://a.example"}, []string{"https://*.a.example"}), "credentialOrigins: "},
		{"credentials for the domain itself", origins([]string{"https://*.a.example"}, []string{"https://a.example"}), "credentialOrigins: "},
		{"credentials for another port", origins([]string{"https://*.a.example"}, []string{"https://b.a.example:8443"}), "credentialOrigins: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := transport.NewService(tt.config)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "p@")
		})
	}
	t.Run("credentials for some of what is allowed", func(t *testing.T) {
		_, err := transport.NewService(origins([]string{"https://*.a.example", "https://c.example"}, []string{"https://b.a.example", "https://*.x.a.example", "https://C.example:443"}))
		require.NoError(t, err)
	})
}

func TestOrigins(t *testing.T) {
	tests := []struct {
		name, origin, url string
		want              bool
	}{
		{"exact", "https://files.example.com", "https://files.example.com/x", true},
		{"its port in full", "https://files.example.com", "https://files.example.com:443/x", true},
		{"another case and a last dot", "https://Files.example.com", "https://FILES.example.com./x", true},
		{"another port", "https://files.example.com", "https://files.example.com:8443/x", false},
		{"http", "https://files.example.com", "http://files.example.com/x", false},
		{"http on the port of https", "https://files.example.com", "http://files.example.com:443/x", false},
		{"below an exact one", "https://files.example.com", "https://a.files.example.com/x", false},
		{"below", "https://*.example.net", "https://a.example.net/x", true},
		{"further below", "https://*.example.net", "https://a.b.example.net/x", true},
		{"the domain itself", "https://*.example.net", "https://example.net/x", false},
		{"the end of another name", "https://*.example.net", "https://evilexample.net/x", false},
		{"a name that begins with it", "https://*.example.net", "https://a.example.net.evil.example/x", false},
		{"an empty label", "https://*.example.net", "https://.example.net/x", false},
		{"below, with a port", "https://*.example.net:8443", "https://a.example.net:8443/x", true},
		{"below, with another port", "https://*.example.net:8443", "https://a.example.net/x", false},
		{"in the user", "https://files.example.com", "https://files.example.com@evil.example/x", false},
		{"an allowed one with a user", "https://files.example.com", "https://u:p@files.example.com/x", false},
		{"in the path", "https://files.example.com", "https://evil.example/files.example.com", false},
		{"in a backslash's host", "https://files.example.com", `https://evil.example\@files.example.com/x`, false},
		{"an IPv6 address", "https://[2001:db8::1]", "https://[2001:db8::1]:443/x", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t, "https://api.example.com", func(c *transport.Config) { c.AllowedOrigins = []string{tt.origin} })
			sent := false
			s.SetRoundTripper(roundTrip(func(*http.Request) (*http.Response, error) {
				sent = true
				return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Header: http.Header{}}, nil
			}))
			u, err := url.Parse(tt.url)
			if err != nil {
				require.False(t, tt.want)
				return
			}
			_, err = s.Do(t.Context(), transport.Request{Method: "GET", URL: u})
			require.Equal(t, tt.want, sent)
			if tt.want {
				require.NoError(t, err)
				return
			}
			var denied *perdure.EgressError
			require.ErrorAs(t, err, &denied)
			require.NotContains(t, err.Error(), "u:p")
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
