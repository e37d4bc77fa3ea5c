package transport

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/perdure-dev/perdure"
)

// parseProxy reads a service's proxy; nil: there is none.
func parseProxy(raw string) (*url.URL, error) {
	if raw == "" {
		return nil, nil //nolint:nilnil // as in http.Transport
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errors.New("proxy: is malformed")
	case u.User != nil:
		return nil, errors.New("proxy: has a user in it, and no secret is written into the configuration")
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.TrimSuffix(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("proxy: want http://HOST:PORT or https://HOST:PORT")
	}
	return u, nil
}

// viaProxy makes a transport go through a proxy, which may be at any address: the
// configuration names it. It resolves by itself what it is asked for.
func (c Config) viaProxy(t *http.Transport, proxy *url.URL) {
	t.Proxy = http.ProxyURL(proxy)
	if c.Dial == nil {
		t.DialContext = (&net.Dialer{Timeout: dialTimeout, KeepAlive: dialKeepAlive}).DialContext
	}
}

// checkName refuses what a proxy would take for an address that is not public, as far
// as its spelling tells.
func checkName(u *url.URL) error {
	host := originOf(u).host
	refused := &perdure.EgressError{Target: host}
	if a, err := netip.ParseAddr(host); err == nil {
		name, private := privateRange(a)
		if !private {
			return nil
		}
		refused.Message = "is a " + name + " address; set the service's allowPrivateNetwork to allow it"
		return refused
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	switch {
	case strings.ContainsFunc(host, func(r rune) bool { return !isNameByte(r) }):
		refused.Message = "is no name of a host, want letters, digits, hyphens and dots"
	case last == "" || last[0] >= '0' && last[0] <= '9':
		refused.Message = "is a number that may be read as an address, want a name, or an address as it is usually written"
	case last == "localhost":
		refused.Message = "is a loopback name; set the service's allowPrivateNetwork to allow it"
	default:
		return nil
	}
	return refused
}

func isNameByte(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_'
}
