package transport_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/transport"
)

func start(t *testing.T, method, rawURL, body string) transport.Request {
	t.Helper()
	r := transport.Request{Method: method, URL: parse(t, rawURL), Start: true, Header: http.Header{"Idempotency-Key": {"k"}}}
	if body != "" {
		r.Body = []byte(body)
	}
	return r
}

// Nothing below repeats a start by itself: each sending has a connection of its own.
//
// TestAStartIsSentOnce: net/http sends some requests again by itself when a connection
// that it reuses turns out to be closed. None of a start's is.
//
//rule:start 8 -
func TestAStartIsSentOnce(t *testing.T) {
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "GET"} {
		for _, body := range []string{"", `{"a":1}`} {
			t.Run(method+" "+body, func(t *testing.T) {
				var requests atomic.Int64
				address, accepted := listen(t, func(c net.Conn) {
					r, got, err := readRequest(c)
					if err != nil {
						return
					}
					if r.Header.Get("Idempotency-Key") == "" { // a question: its connection is kept, and closed with the next request on it
						_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
						_, _, _ = readRequest(c)
						return
					}
					requests.Add(1)
					if string(got) != body {
						t.Errorf("the body is %q, want %q", got, body)
					}
				})
				s := newService(t, "http://"+address)
				for n := range int64(3) {
					_, err := s.Do(t.Context(), get(t, "http://"+address))
					require.NoError(t, err)
					_, err = s.Do(t.Context(), start(t, method, "http://"+address, body))
					var failure *transport.SendError
					require.ErrorAs(t, err, &failure)
					require.False(t, failure.Unsent, "the service had the whole request")
					require.Equal(t, n+1, requests.Load())
				}
				require.GreaterOrEqual(t, accepted.Load(), int64(4), "a connection for each start")
			})
		}
	}
}

//rule:start 8
func TestAStartHasAConnectionOfItsOwn(t *testing.T) {
	var connections, requests atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if r.Method == http.MethodPost && (!r.Close || r.ProtoMajor != 1) {
			t.Errorf("a start came by %s, Connection: close %v", r.Proto, r.Close)
		}
		if r.Method == http.MethodGet && r.ProtoMajor != 2 {
			t.Errorf("a question came by %s", r.Proto)
		}
	}))
	s.EnableHTTP2 = true
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	service := newService(t, s.URL)
	for range 3 {
		_, err := service.Do(t.Context(), get(t, s.URL))
		require.NoError(t, err)
		_, err = service.Do(t.Context(), start(t, "POST", s.URL, "{}"))
		require.NoError(t, err)
	}
	require.EqualValues(t, 6, requests.Load())
	require.EqualValues(t, 1+3, connections.Load(), "questions share one, each start has its own")
}

// 3xx: never followed. The protocol reads it; what it cannot read is `StartRejected`.
//
//rule:start 2 -
func TestAStartFollowsNothing(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, method := range []string{"POST", "GET"} {
			var requests atomic.Int64
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				requests.Add(1)
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(status)
			})
			resp, err := newService(t, s.URL).Do(t.Context(), start(t, method, s.URL+"/jobs", ""))
			require.NoError(t, err)
			require.Equal(t, status, resp.Status)
			require.Equal(t, s.URL+"/jobs", resp.URL.String())
			require.EqualValues(t, 1, requests.Load())
		}
	}
}

// TestUnsent: a failure says so only where it is proven that nothing left.
//
//rule:start 7
func TestUnsent(t *testing.T) {
	raw := func(answer string) func(t *testing.T) string {
		t.Helper()
		return func(t *testing.T) string {
			t.Helper()
			address, _ := listen(t, func(c net.Conn) {
				_, _, _ = readRequest(c)
				_, _ = io.WriteString(c, answer)
			})
			return "http://" + address
		}
	}
	tests := []struct {
		name   string
		server func(t *testing.T) string
		unsent bool
	}{
		{"nobody listens", func(t *testing.T) string {
			t.Helper()
			return "http://" + closedPort(t)
		}, true},
		{"no such name", func(*testing.T) string { return "http://jobs.invalid" }, true},
		{"the certificate is another's", func(t *testing.T) string {
			t.Helper()
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came") }))
			s.Config.ErrorLog = quiet()
			s.StartTLS()
			t.Cleanup(s.Close)
			return "https://localhost:" + parse(t, s.URL).Port()
		}, true},
		{"TLS is too old", func(t *testing.T) string {
			t.Helper()
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request came") }))
			s.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
			s.Config.ErrorLog = quiet()
			s.StartTLS()
			t.Cleanup(s.Close)
			return s.URL
		}, true},
		{"it speaks no TLS", func(t *testing.T) string {
			t.Helper()
			address, _ := listen(t, func(c net.Conn) {
				_, _ = c.Read(make([]byte, 1))
				_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
			})
			return "https://" + address
		}, true},
		{"TLS breaks off", func(t *testing.T) string {
			t.Helper()
			address, _ := listen(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
			return "https://" + address
		}, true},
		{"closed after the request", raw(""), false},
		{"closed within the status line", raw("HTTP/1.1 20"), false},
		{"closed within the headers", raw("HTTP/1.1 200 OK\r\nContent-Le"), false},
		{"closed within the body", raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), false},
		{"a chunk that is none", raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), false},
		{"gzip that is none", raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"), false},
		{"no HTTP", raw("SSH-2.0-OpenSSH\r\n"), false},
		{"headers without an end", raw("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20)), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			base := tt.server(t)
			_, err := newService(t, base).Do(t.Context(), start(t, "POST", base+"/jobs?token=s3cret", "{}"))
			var failure *transport.SendError
			require.ErrorAs(t, err, &failure)
			require.Equal(t, tt.unsent, failure.Unsent, err)
			require.Equal(t, tt.unsent, strings.HasPrefix(err.Error(), "not sent: "))
			require.NotContains(t, err.Error(), "s3cret")
			require.NotErrorIs(t, err, context.Canceled)
		})
	}
}

// Whoever gives the credential is there, the service is not: nothing left.
//
//rule:start 7
func TestUnsentWithACredentialThatWasFetched(t *testing.T) {
	issuer := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token":"t","token_type":"Bearer","expires_in":3600}`)
	})
	t.Setenv("TEST_JOBS_SECRET", "s3cret")
	credential := auth.OAuth2(auth.OAuth2Options{
		Service: "jobs", TokenURL: issuer.URL, ClientID: "worker", Secret: auth.Secret{Env: "TEST_JOBS_SECRET"}, Client: issuer.Client(),
	})
	nobody := "http://" + closedPort(t)
	_, err := newService(t, nobody, with(credential)).Do(t.Context(), start(t, "POST", nobody, ""))
	var failure *transport.SendError
	require.ErrorAs(t, err, &failure)
	require.ErrorContains(t, err, "refused")
	require.True(t, failure.Unsent)
}

func TestCanceled(t *testing.T) {
	t.Run("before", func(t *testing.T) {
		s := newService(t, "http://127.0.0.1:1")
		neverDial(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.Do(ctx, start(t, "POST", "http://127.0.0.1:1", ""))
		var failure *transport.SendError
		require.ErrorAs(t, err, &failure)
		require.True(t, failure.Unsent)
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("while dialling", func(t *testing.T) {
		s := newService(t, "http://127.0.0.1:1")
		ctx, cancel := context.WithCancel(t.Context())
		s.SetDial(func(context.Context, string, string) (net.Conn, error) {
			cancel()
			return nil, errors.New("no route")
		})
		_, err := s.Do(ctx, start(t, "POST", "http://127.0.0.1:1", ""))
		var failure *transport.SendError
		require.ErrorAs(t, err, &failure)
		require.True(t, failure.Unsent)
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("while waiting for the answer", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		why := errors.New("the worker drains")
		s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
			cancel(why)
			<-r.Context().Done()
		})
		_, err := newService(t, s.URL).Do(ctx, start(t, "POST", s.URL, ""))
		var failure *transport.SendError
		require.ErrorAs(t, err, &failure)
		require.False(t, failure.Unsent)
		require.ErrorIs(t, err, why)
	})
	t.Run("while reading the answer", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "some of it")
			_ = http.NewResponseController(w).Flush()
			cancel()
			<-r.Context().Done()
		})
		_, err := newService(t, s.URL).Do(ctx, start(t, "POST", s.URL, ""))
		var failure *transport.SendError
		require.ErrorAs(t, err, &failure)
		require.False(t, failure.Unsent)
	})
}

// TestTimeouts runs in no time: the connection is a pipe.
func TestTimeouts(t *testing.T) {
	tests := []struct {
		name   string
		serve  func(net.Conn)
		unsent bool
		want   time.Duration
	}{
		{"nothing is answered", func(c net.Conn) { _, _, _ = readRequest(c); hang(c) }, false, time.Minute},
		{"the body never ends", func(c net.Conn) {
			_, _, _ = readRequest(c)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
			hang(c)
		}, false, time.Minute},
		{"the request is not read", hang, false, time.Minute},
		{"nobody takes the call", nil, true, time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newService(t, "http://jobs.example.com")
				s.SetDial(func(context.Context, string, string) (net.Conn, error) {
					if tt.serve == nil { // net/http goes on dialling after the request was given up
						time.Sleep(2 * time.Minute)
						return nil, errors.New("no route")
					}
					ours, theirs := net.Pipe()
					go tt.serve(theirs)
					return ours, nil
				})
				begin := time.Now()
				_, err := s.Do(t.Context(), transport.Request{Method: "POST", URL: &url.URL{Scheme: "http", Host: "jobs.example.com"}, Body: []byte("{}"), Start: true})
				var failure *transport.SendError
				require.ErrorAs(t, err, &failure)
				require.Equal(t, tt.unsent, failure.Unsent)
				require.Equal(t, tt.want, time.Since(begin))
				time.Sleep(2 * time.Minute) // the dialling ends too
				require.ErrorContains(t, err, "limits.requestTimeoutSeconds")
			})
		})
	}
}

// hang reads until the other end is closed.
func hang(c net.Conn) {
	defer func() { _ = c.Close() }()
	b := make([]byte, 1)
	for {
		if _, err := c.Read(b); err != nil {
			return
		}
	}
}

// Requests go to the service's own origin and to its `allowedOrigins`.
//
//rule:out 1 -
func TestAStartThatMayNotLeave(t *testing.T) {
	s := newService(t, "https://api.example.com")
	neverDial(t, s)
	for _, raw := range []string{"https://evil.example/x", "http://api.example.com/x", "https://u:p@api.example.com/x", "https://api.example.com:8443/x", "ftp://api.example.com/x", "/x"} {
		var denied *perdure.EgressError
		_, err := s.Do(t.Context(), transport.Request{Method: "POST", URL: parse(t, raw), Start: true})
		require.ErrorAs(t, err, &denied, raw)
	}
	var denied *perdure.EgressError
	_, err := s.Do(t.Context(), transport.Request{Method: "TRACE", URL: parse(t, "https://api.example.com/x")})
	require.ErrorAs(t, err, &denied)
	var bad *perdure.InputError
	_, err = s.Do(t.Context(), transport.Request{Method: "A B", URL: parse(t, "https://api.example.com/x")})
	require.ErrorAs(t, err, &bad)
}
