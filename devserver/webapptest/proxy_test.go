package webapptest_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
)

// proxy gives each request to the next instance, and to the one after that where it
// cannot be reached. No request is told from another: nobody is sent back to the instance
// that served before.
type proxy struct {
	server *httptest.Server

	mu     sync.Mutex
	behind []*url.URL
	turn   int
	served map[string]int // pages, not files, by the instance's host
	heard  []hearing
}

// hearing is a request for events that was answered.
type hearing struct{ host, lastEventID string }

func newProxy(t *testing.T) *proxy {
	t.Helper()
	p := &proxy{served: map[string]int{}}
	p.server = httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.Out.URL.Scheme = "http" },
		Transport:    p,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	})
	t.Cleanup(func() { p.server.CloseClientConnections(); p.server.Close() })
	return p
}

func (p *proxy) url() string { return p.server.URL }

func (p *proxy) add(instance *url.URL) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behind = append(p.behind, instance)
}

// pick is the next instance; of how many there are, all may be tried.
func (p *proxy) pick() (host string, of int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.behind) == 0 {
		return "", 0
	}
	p.turn++
	return p.behind[p.turn%len(p.behind)].Host, len(p.behind)
}

// RoundTrip implements [http.RoundTripper].
func (p *proxy) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := bytesOf(r)
	if err != nil {
		return nil, err
	}
	host, tries := p.pick()
	err = errors.New("no instance")
	for range tries {
		r.URL.Host, r.Body = host, io.NopCloser(bytes.NewReader(body))
		var response *http.Response
		if response, err = http.DefaultTransport.RoundTrip(r); err == nil {
			p.note(host, r)
			return response, nil
		}
		if unreached, ok := errors.AsType[*net.OpError](err); !ok || unreached.Op != "dial" {
			break
		}
		host, _ = p.pick()
	}
	return nil, err
}

// bytesOf reads the body, which may be sent more than once.
func bytesOf(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	return io.ReadAll(r.Body)
}

func (p *proxy) note(host string, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch r.URL.Path {
	case "/items", "/indexes":
		p.served[host]++
	case "/chat/events":
		p.heard = append(p.heard, hearing{host, r.Header.Get("Last-Event-ID")})
	}
}

// lastHeard is the last request for events.
func (p *proxy) lastHeard() hearing {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.heard) == 0 {
		return hearing{}
	}
	return p.heard[len(p.heard)-1]
}

// pagesOf is how many pages an instance has served.
func (p *proxy) pagesOf(i *instance) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.served[i.url.Host]
}
