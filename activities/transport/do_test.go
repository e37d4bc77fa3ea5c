package transport_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/transport"
)

func TestDo(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Answer", "yes")
		w.WriteHeader(http.StatusTeapot)
		_, _ = fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL, r.Header.Get("X-Op"), body)
	})
	resp, err := newService(t, s.URL).Do(t.Context(), transport.Request{
		Method: "PUT", URL: parse(t, s.URL+"/a%2Fb/?q=%41;b&c"), Header: http.Header{"X-Op": {"op"}}, Body: []byte("body"),
	})
	require.NoError(t, err)
	require.Equal(t, http.StatusTeapot, resp.Status)
	require.Equal(t, "PUT /a%2Fb/?q=%41;b&c op body", string(resp.Body))
	require.Equal(t, "yes", resp.Header.Get("X-Answer"))
	require.Equal(t, "PUT", resp.Method)
	require.Equal(t, s.URL+"/a%2Fb/?q=%41;b&c", resp.URL.String())
	require.False(t, resp.At.IsZero())
}

// 301, 302, 303, 307, 308 with Location: followed up to five times, within the
// service's origins; a protocol may ask to read a 303 itself.
//
//rule:later 2 RFC 9110 section 15.4
//rule:location 1f
func TestRedirects(t *testing.T) {
	tests := []struct {
		name     string
		method   string
		status   int
		location string
		seeOther bool
		want     string // the path that answered last
	}{
		{"301", "GET", 301, "/to", false, "/to"},
		{"302", "GET", 302, "/to", false, "/to"},
		{"303", "GET", 303, "/to", false, "/to"},
		{"303 that the protocol reads", "GET", 303, "/to", true, "/from/x"},
		{"302 where the protocol reads 303", "GET", 302, "/to", true, "/to"},
		{"307", "GET", 307, "/to", false, "/to"},
		{"308", "GET", 308, "/to", false, "/to"},
		{"relative", "GET", 302, "to", false, "/from/to"},
		{"304 is none", "GET", 304, "/to", false, "/from/x"},
		{"no Location", "GET", 302, "", false, "/from/x"},
		{"POST", "POST", 307, "/to", false, "/from/x"},
		{"DELETE", "DELETE", 303, "/to", false, "/from/x"},
		{"HEAD", "HEAD", 302, "/to", false, "/from/x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Path", r.URL.Path)
				if r.URL.Path == "/from/x" {
					if tt.location != "" {
						w.Header().Set("Location", tt.location)
					}
					w.WriteHeader(tt.status)
				}
			})
			resp, err := newService(t, s.URL).Do(t.Context(), transport.Request{Method: tt.method, URL: parse(t, s.URL+"/from/x"), SeeOther: tt.seeOther})
			require.NoError(t, err)
			require.Equal(t, tt.want, resp.Header.Get("X-Path"))
			require.Equal(t, s.URL+tt.want, resp.URL.String(), "of the last request")
		})
	}
}

//rule:later 2
func TestRedirectsHaveAnEnd(t *testing.T) {
	tests := []struct {
		name     string
		hops     int
		requests int64
		fails    bool
	}{
		{"five are followed", 5, 6, false},
		{"six are not", 6, 6, true},
		{"a loop", 1 << 30, 6, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var requests atomic.Int64
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if n := int(requests.Add(1)); n <= tt.hops {
					http.Redirect(w, r, fmt.Sprintf("/%d?token=s3cret", n), http.StatusFound)
				}
			})
			_, err := newService(t, s.URL).Do(t.Context(), get(t, s.URL))
			require.Equal(t, tt.requests, requests.Load())
			if !tt.fails {
				require.NoError(t, err)
				return
			}
			var refused *perdure.ResponseError
			require.ErrorAs(t, err, &refused)
			require.ErrorContains(t, err, "more than 5 redirects")
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
}

//rule:later 2
//rule:out 1
func TestRedirectsStayWithinTheOrigins(t *testing.T) {
	for _, location := range []string{"https://evil.example/x", "//evil.example/x", "http://127.0.0.1:1/x", "ftp://127.0.0.1/x", "file:///etc/passwd", `\\evil.example\x`} {
		t.Run(location, func(t *testing.T) {
			var requests atomic.Int64
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if requests.Add(1) == 1 {
					w.Header().Set("Location", location)
					w.WriteHeader(http.StatusFound)
				}
			})
			_, err := newService(t, s.URL).Do(t.Context(), get(t, s.URL))
			if strings.HasPrefix(location, `\`) { // a path of its own, with backslashes
				require.NoError(t, err)
				return
			}
			var denied *perdure.EgressError
			require.ErrorAs(t, err, &denied)
			require.EqualValues(t, 1, requests.Load())
		})
	}
	t.Run("https to http", func(t *testing.T) {
		plain := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("was followed") })
		s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, plain.URL, http.StatusFound)
		}))
		t.Cleanup(s.Close)
		var denied *perdure.EgressError
		_, err := newService(t, s.URL, func(c *transport.Config) {
			c.AllowedOrigins = []string{strings.Replace(plain.URL, "http:", "https:", 1)}
		}).Do(t.Context(), get(t, s.URL))
		require.ErrorAs(t, err, &denied)
	})
	t.Run("malformed", func(t *testing.T) {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://[::1")
			w.WriteHeader(http.StatusFound)
		})
		var refused *perdure.ResponseError
		_, err := newService(t, s.URL).Do(t.Context(), get(t, s.URL))
		require.ErrorAs(t, err, &refused)
	})
}

// Headers, the operation's and the service's, go to its own origin only; credentials
// there and to `credentialOrigins`.
//
//rule:out 3 -
func TestWhoGetsWhat(t *testing.T) {
	t.Setenv("TEST_JOBS_TOKEN", "s3cret")
	type seen struct{ credential, service, operation, secret string }
	tests := []struct {
		name    string
		trusted bool
		want    seen
	}{
		{"an allowed origin", false, seen{}},
		{"a credential origin", true, seen{credential: "Bearer s3cret"}},
	}
	for _, tt := range tests {
		for _, redirected := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, redirected %v", tt.name, redirected), func(t *testing.T) {
				look := func(r *http.Request) seen {
					return seen{r.Header.Get("Authorization"), r.Header.Get("X-Service"), r.Header.Get("X-Op"), r.Header.Get("X-Session")}
				}
				var own, other, back seen
				var ownURL string
				files := serve(t, func(w http.ResponseWriter, r *http.Request) {
					other = look(r)
					if redirected {
						http.Redirect(w, r, ownURL+"/back", http.StatusFound)
					}
				})
				s := serve(t, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/back" {
						back = look(r)
						return
					}
					own = look(r)
					http.Redirect(w, r, files.URL, http.StatusFound)
				})
				ownURL = s.URL
				service := newService(t, s.URL, func(c *transport.Config) {
					c.Credential = auth.Bearer("jobs", auth.Secret{Env: "TEST_JOBS_TOKEN"})
					c.Headers = http.Header{"x-service": {"sv"}, "X-Session": {"cookie-like"}}
					c.SecretHeaders = []string{"X-Session"}
					c.AllowedOrigins = []string{files.URL}
					if tt.trusted {
						c.CredentialOrigins = c.AllowedOrigins
					}
				})
				q := transport.Request{Method: "GET", URL: parse(t, files.URL), Header: http.Header{"X-Op": {"op"}}}
				if redirected {
					q.URL = parse(t, s.URL)
				}
				_, err := service.Do(t.Context(), q)
				require.NoError(t, err)
				require.Equal(t, tt.want, other)
				if redirected {
					all := seen{"Bearer s3cret", "sv", "op", "cookie-like"}
					require.Equal(t, all, own)
					require.Equal(t, all, back, "back on the own origin")
				}
			})
		}
	}
}

func TestTheOperationsHeadersComeOverTheServices(t *testing.T) {
	var got http.Header
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	service := newService(t, s.URL, func(c *transport.Config) {
		c.Headers = http.Header{"X-Beta": {"a", "b"}, "X-Both": {"service"}}
	})
	for range 2 { // the configuration is not written into
		_, err := service.Do(t.Context(), transport.Request{Method: "GET", URL: parse(t, s.URL), Header: http.Header{"x-both": {"operation"}, "Accept": {"text/csv"}}})
		require.NoError(t, err)
		require.Equal(t, []string{"a", "b"}, got.Values("X-Beta"))
		require.Equal(t, []string{"operation"}, got.Values("X-Both"))
		require.Equal(t, []string{"text/csv"}, got.Values("Accept"))
		require.Equal(t, "perdure", got.Get("User-Agent"))
	}
}

func TestLargeAnswers(t *testing.T) {
	const limit = 1 << 20
	serveBytes := func(n int, compressed bool) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			var out io.Writer = w
			if compressed {
				w.Header().Set("Content-Encoding", "gzip")
				z := gzip.NewWriter(w)
				defer func() { _ = z.Close() }()
				out = z
			}
			_, _ = io.Copy(out, io.LimitReader(zeros{}, int64(n)))
		}
	}
	tests := []struct {
		name       string
		bytes      int
		compressed bool
		tooLarge   bool
	}{
		{"at the limit", limit, false, false},
		{"above it", limit + 1, false, true},
		{"compressed, at the limit", limit, true, false},
		{"compressed, above it", 100 << 20, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, serveBytes(tt.bytes, tt.compressed))
			resp, err := newService(t, s.URL, func(c *transport.Config) { c.Limits.MaxResponseBytes = limit }).Do(t.Context(), get(t, s.URL))
			if !tt.tooLarge {
				require.NoError(t, err)
				require.Len(t, resp.Body, tt.bytes)
				return
			}
			var size *perdure.SizeError
			require.ErrorAs(t, err, &size)
			require.EqualValues(t, limit, size.Limit)
			require.Contains(t, size.Message, `limits.maxResponseBytes of service "jobs"`)
		})
	}
}

// zeros never ends.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// The headers of an answer may have 64 KiB, and a URL 16 KiB.
//
//rule:out 7 -
func TestLongHeadersAndURLs(t *testing.T) {
	value := strings.Repeat("h", 16<<10-100)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i := range 4 {
			w.Header().Set(fmt.Sprintf("X-Long-%d", i), value)
		}
		_, _ = io.WriteString(w, r.URL.RawQuery)
	}))
	t.Cleanup(s.Close)
	query := strings.Repeat("q", 16<<10-len(s.URL)-2)
	resp, err := newService(t, s.URL).Do(t.Context(), get(t, s.URL+"/?"+query))
	require.NoError(t, err)
	require.Equal(t, query, string(resp.Body))
	for i := range 4 {
		require.Equal(t, value, resp.Header.Get(fmt.Sprintf("X-Long-%d", i)))
	}
	var denied *perdure.EgressError
	_, err = newService(t, s.URL).Do(t.Context(), get(t, s.URL+"/?q"+query))
	require.ErrorAs(t, err, &denied)
}
