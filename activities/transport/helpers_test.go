package transport_test

import (
	"bufio"
	"context"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/transport"
)

// proxied counts what came to the proxy that the environment names.
var proxied atomic.Int64

// TestMain makes the certificate of httptest's servers one that is trusted: it is for
// 127.0.0.1 and example.com, and not for localhost. The environment names a proxy,
// which net/http reads once in a process.
func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	dir, err := os.MkdirTemp("", "transport")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		panic(err)
	}
	if err := os.Setenv("SSL_CERT_FILE", file); err != nil {
		panic(err)
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { proxied.Add(1) }))
	defer proxy.Close()
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"} {
		if err := os.Setenv(name, proxy.URL); err != nil {
			panic(err)
		}
	}
	return m.Run()
}

// newService is a service that may reach loopback, unless change says otherwise.
func newService(t *testing.T, baseURL string, change ...func(*transport.Config)) *transport.Service {
	t.Helper()
	c := transport.Config{Name: "jobs", BaseURL: baseURL, AllowPrivateNetwork: true}
	for _, f := range change {
		f(&c)
	}
	s, err := transport.NewService(c)
	require.NoError(t, err)
	return s
}

// serve runs a server for the test.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// listen runs a server of raw connections for the test, and counts them.
func listen(t *testing.T, handle func(net.Conn)) (address string, accepted *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	accepted = new(atomic.Int64)
	var open []net.Conn
	var accepting, running sync.WaitGroup
	accepting.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			open = append(open, c)
			running.Go(func() { handle(c); _ = c.Close() })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		accepting.Wait()
		for _, c := range open {
			_ = c.Close()
		}
		running.Wait()
	})
	return l.Addr().String(), accepted
}

// readRequest reads a request and its body.
func readRequest(c net.Conn) (*http.Request, []byte, error) {
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(r.Body)
	return r, body, err
}

// neverDial fails the test when a service dials.
func neverDial(t *testing.T, s *transport.Service) {
	t.Helper()
	s.SetDial(func(_ context.Context, _, address string) (net.Conn, error) {
		t.Errorf("dialled %s", address)
		return nil, errors.New("not dialled")
	})
}

func parse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	require.NoError(t, err)
	return u
}

func get(t *testing.T, rawURL string) transport.Request {
	t.Helper()
	return transport.Request{Method: http.MethodGet, URL: parse(t, rawURL)}
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// write writes a secret's file.
func write(t *testing.T, file, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
}

// quiet is a log for servers that are meant to see errors.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
