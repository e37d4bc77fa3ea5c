package transport

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"github.com/perdure-dev/perdure"
)

// maxResponseHeaderBytes passes headers of 64 KiB with room for the rest.
const maxResponseHeaderBytes = 128 << 10

const (
	dialTimeout   = 10 * time.Second
	dialKeepAlive = 30 * time.Second
)

// roundTripper is over a transport of the service's own certificates and proxy.
func (c Config) roundTripper(shape func(*http.Transport)) (http.RoundTripper, error) {
	proxy, err := parseProxy(c.Proxy)
	if err != nil {
		return nil, err
	}
	build := func(certificates *tls.Config) *http.Transport {
		t := newTransport(c, c.Limits.withDefaults().Concurrency)
		t.TLSClientConfig = certificates
		if proxy != nil {
			c.viaProxy(t, proxy)
		}
		shape(t)
		return t
	}
	if c.TLS == (TLS{}) {
		return build(nil), nil
	}
	if err := c.TLS.check(); err != nil {
		return nil, err
	}
	return &reloaded{service: c.Name, tls: c.TLS, build: build}, nil
}

// newTransport dials addresses that are allowed, and no proxy: the environment's
// HTTP_PROXY is not for a worker that holds credentials.
func newTransport(c Config, concurrency int) *http.Transport {
	dial := c.Dial
	if dial == nil {
		dial = c.dialer().DialContext
	}
	return &http.Transport{
		DialContext:            dial,
		TLSHandshakeTimeout:    10 * time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           concurrency,
		MaxIdleConnsPerHost:    concurrency,
		MaxResponseHeaderBytes: maxResponseHeaderBytes,
	}
}

func (c Config) dialer() *net.Dialer {
	d := &net.Dialer{Timeout: dialTimeout, KeepAlive: dialKeepAlive}
	if !c.AllowPrivateNetwork {
		d.Control = refusePrivate
	}
	return d
}

// refusePrivate is asked after resolution, with the address that is dialled: a name
// that resolves to something else a moment later gains nothing.
func refusePrivate(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return &perdure.EgressError{Target: address, Message: "is no IP address and port"}
	}
	if name, private := privateRange(ap.Addr()); private {
		return &perdure.EgressError{Target: ap.Addr().String(), Message: fmt.Sprintf("is a %s address; set the service's allowPrivateNetwork to allow it", name)}
	}
	return nil
}

// special ranges beside those that netip knows (IANA special-purpose registries).
var special = []struct {
	prefix netip.Prefix
	name   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this-network"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared"},
	{netip.MustParsePrefix("192.0.0.0/24"), "protocol-assignment"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},
	{netip.MustParsePrefix("168.63.129.16/32"), "metadata"}, // Azure's platform, from within its machines
	{netip.MustParsePrefix("64:ff9b:1::/48"), "NAT64"},
	{netip.MustParsePrefix("100::/64"), "discard-only"},
	{netip.MustParsePrefix("2001::/23"), "protocol-assignment"},
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
	{netip.MustParsePrefix("3fff::/20"), "documentation"},
	{netip.MustParsePrefix("5f00::/16"), "segment-routing"},
	{netip.MustParsePrefix("::ffff:0:0:0/96"), "IPv4-translated"},
	{netip.MustParsePrefix("2002::/16"), "6to4"},
	{netip.MustParsePrefix("::/96"), "IPv4-compatible"},
	{netip.MustParsePrefix("fec0::/10"), "site-local"},
}

// nat64 addresses stand for an IPv4 address, their last four bytes: in networks of
// IPv6 only, every service has one (RFC 6052).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

func privateRange(a netip.Addr) (name string, private bool) {
	a = a.Unmap().WithZone("")
	if nat64.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	switch {
	case a.IsLoopback():
		return "loopback", true
	case a.IsPrivate():
		return "private", true
	case a.IsLinkLocalUnicast(), a.IsLinkLocalMulticast():
		return "link-local", true
	case a.IsUnspecified():
		return "unspecified", true
	case a.IsMulticast(), a.IsInterfaceLocalMulticast():
		return "multicast", true
	}
	for _, s := range special {
		if s.prefix.Contains(a) {
			return s.name, true
		}
	}
	return "", false
}
