package transport_test

import (
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/transport"
)

// proxy is one that resolves every name to one server.
type proxy struct {
	*httptest.Server
	to     string // its address
	status atomic.Int64

	mu    sync.Mutex
	asked []string // "CONNECT host:port", or method and URL
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	p := &proxy{to: to}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

func (p *proxy) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.RequestURI)
	p.mu.Unlock()
	if status := int(p.status.Load()); status != 0 {
		w.WriteHeader(status)
		return
	}
	if r.Method != http.MethodConnect {
		p.forward(w, r)
		return
	}
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = server.Close() }()
	w.WriteHeader(http.StatusOK)
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = client.Close() }()
	var one sync.WaitGroup
	one.Go(func() { _, _ = io.Copy(server, buffered); _ = server.Close() })
	_, _ = io.Copy(client, server)
	_ = client.Close()
	one.Wait()
}

func (p *proxy) forward(w http.ResponseWriter, r *http.Request) {
	onward := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, p.to)
	}}
	out := r.Clone(r.Context())
	out.RequestURI = ""
	resp, err := onward.RoundTrip(out)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	maps.Copy(w.Header(), resp.Header)
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body)
}

func (p *proxy) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

func viaProxy(p *proxy) func(*transport.Config) {
	return func(c *transport.Config) { c.Proxy, c.AllowPrivateNetwork = p.URL, false }
}

// A service at a private address, behind a proxy that alone can resolve it.
func TestProxy(t *testing.T) {
	t.Setenv("TEST_JOBS_TOKEN", "s3cret")
	var got []string
	s := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = append(got, r.Method+" "+r.Host+" "+r.Header.Get("Authorization"))
	}))
	t.Cleanup(s.Close)
	p := newProxy(t, s.Listener.Addr().String())
	service := newService(t, "https://example.com", viaProxy(p), with(auth.Bearer("jobs", auth.Secret{Env: "TEST_JOBS_TOKEN"})))
	require.NoError(t, ask(t, service, "https://example.com/x", false))
	require.NoError(t, ask(t, service, "https://example.com/y", true))
	require.Equal(t, []string{"GET example.com Bearer s3cret", "POST example.com Bearer s3cret"}, got)
	require.Equal(t, []string{"CONNECT example.com:443", "CONNECT example.com:443"}, p.seen(), "the start has a tunnel of its own")
	require.Zero(t, proxied.Load(), "the environment's")
}

func TestProxyInClear(t *testing.T) {
	p := newProxy(t, closedPort(t))
	service := newService(t, "http://jobs.invalid", viaProxy(p))
	resp, err := service.Do(t.Context(), get(t, "http://jobs.invalid/x"))
	require.NoError(t, err)
	require.Equal(t, http.StatusBadGateway, resp.Status)
	require.Equal(t, []string{"GET http://jobs.invalid/x"}, p.seen())
	require.Zero(t, proxied.Load())
}

func TestProxyThatRefuses(t *testing.T) {
	p := newProxy(t, closedPort(t))
	for _, status := range []int{http.StatusProxyAuthRequired, http.StatusForbidden, 0} {
		p.status.Store(int64(status))
		var failure *transport.SendError
		require.ErrorAs(t, ask(t, newService(t, "https://example.com", viaProxy(p)), "https://example.com", true), &failure)
		require.True(t, failure.Unsent, "no tunnel, no request")
	}
	p.Close()
	var failure *transport.SendError
	require.ErrorAs(t, ask(t, newService(t, "https://example.com", viaProxy(p)), "https://example.com", true), &failure)
	require.True(t, failure.Unsent)
}

// What is written as an address that is not public is no proxy's to resolve.
//
//rule:out 2
func TestProxyIsNotAskedForPrivateAddresses(t *testing.T) {
	p := newProxy(t, closedPort(t))
	for _, host := range []string{
		"127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "0.0.0.0", "10.1.2.3", "192.168.1.1",
		"169.254.169.254", "100.100.100.200", "168.63.129.16", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[fd00:ec2::254]", "[fe80::1]",
		"[64:ff9b::a9fe:a9fe]", "localhost", "LocalHost", "localhost.", "a.localhost", "127。0。0。1", "①②⑦.0.0.1", "%31%32%37.0.0.1", "[::1%25lo]", "0x7f.0x0.0x0.0x1", "1", "a..", "exa_mple.123",
	} {
		for _, scheme := range []string{"http", "https"} {
			t.Run(scheme+" "+host, func(t *testing.T) {
				c := transport.Config{Name: "jobs", BaseURL: "https://jobs.invalid", AllowedOrigins: []string{scheme + "://" + host}, Proxy: p.URL}
				s, err := transport.NewService(c)
				if err != nil {
					return // not even a configuration
				}
				var denied *perdure.EgressError
				require.ErrorAs(t, ask(t, s, scheme+"://"+host+"/x", true), &denied)
			})
		}
	}
	require.Empty(t, p.seen())

	allowed := newService(t, "http://10.1.2.3", viaProxy(p), func(c *transport.Config) { c.AllowPrivateNetwork = true })
	_, err := allowed.Do(t.Context(), get(t, "http://10.1.2.3/"))
	require.NoError(t, err)
	require.Equal(t, []string{"GET http://10.1.2.3/"}, p.seen())
}

func TestIssuerOverTheProxy(t *testing.T) {
	issuer := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			w.Header().Set("Location", "http://other.invalid/")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	})
	p := newProxy(t, strings.TrimPrefix(issuer.URL, "http://"))
	client, err := transport.IssuerClient(transport.Config{Proxy: p.URL})
	require.NoError(t, err)
	for _, target := range []string{issuer.URL, "http://issuer.invalid/token", "http://issuer.invalid/elsewhere"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, nil)
		require.NoError(t, err)
		resp, err := client.Do(r)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
	require.Equal(t, []string{"POST http://issuer.invalid/token", "POST http://issuer.invalid/elsewhere"}, p.seen(), "the platform's addresses are asked directly, redirects not at all")
	require.Zero(t, proxied.Load())
}

func TestProxyOfTheConfiguration(t *testing.T) {
	for _, raw := range []string{"p:3128", "//p:3128", "socks5://p", "http://u:s3cret@p", "http://p/x", "http://p?x", "http://%zz", "http://:3128"} {
		_, err := transport.NewService(transport.Config{BaseURL: "https://h", Proxy: raw})
		require.ErrorContains(t, err, "proxy: ", raw)
		require.NotContains(t, err.Error(), "s3cret")
	}
}
