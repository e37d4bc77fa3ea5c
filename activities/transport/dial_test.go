package transport_test

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/transport"
)

func public(c *transport.Config) { c.AllowPrivateNetwork = false }

//rule:out 2
func TestPrivateRanges(t *testing.T) {
	tests := []struct{ address, want string }{
		{"127.0.0.1", "loopback"},
		{"127.255.255.255", "loopback"},
		{"::1", "loopback"},
		{"::ffff:127.0.0.1", "loopback"},
		{"10.0.0.1", "private"},
		{"10.255.255.255", "private"},
		{"172.16.0.1", "private"},
		{"172.31.255.255", "private"},
		{"172.32.0.0", ""},
		{"192.168.0.1", "private"},
		{"::ffff:192.168.0.1", "private"},
		{"fc00::1", "private"},
		{"fd00:ec2::254", "private"}, // metadata of AWS
		{"169.254.169.254", "link-local"},
		{"::ffff:169.254.169.254", "link-local"},
		{"fe80::1", "link-local"},
		{"fe80::1%eth0", "link-local"},
		{"100.64.0.1", "shared"},
		{"100.100.100.200", "shared"}, // metadata of Alibaba Cloud
		{"100.128.0.0", ""},
		{"168.63.129.16", "metadata"}, // of Azure
		{"192.0.0.192", "protocol-assignment"},
		{"0.0.0.0", "unspecified"},
		{"0.1.2.3", "this-network"},
		{"::", "unspecified"},
		{"224.0.0.1", "link-local"},
		{"239.1.2.3", "multicast"},
		{"ff02::1", "link-local"},
		{"ff0e::1", "multicast"},
		{"240.0.0.1", "reserved"},
		{"255.255.255.255", "reserved"},
		{"192.0.2.1", "documentation"},
		{"198.51.100.1", "documentation"},
		{"203.0.113.1", "documentation"},
		{"2001:db8::1", "documentation"},
		{"3fff::1", "documentation"},
		{"198.18.0.1", "benchmarking"},
		{"198.19.255.255", "benchmarking"},
		{"::127.0.0.1", "IPv4-compatible"},
		{"::ffff:0:127.0.0.1", "IPv4-translated"},
		{"64:ff9b::7f00:1", "loopback"},
		{"64:ff9b::a9fe:a9fe", "link-local"},
		{"64:ff9b::808:808", ""},
		{"64:ff9b:1::1", "NAT64"},
		{"100::1", "discard-only"},
		{"2001::1", "protocol-assignment"}, // Teredo
		{"2002:7f00:1::", "6to4"},
		{"5f00::1", "segment-routing"},
		{"fec0::1", "site-local"},
		{"8.8.8.8", ""},
		{"1.1.1.1", ""},
		{"::ffff:8.8.8.8", ""},
		{"2606:4700:4700::1111", ""},
		{"2a00:1450:4001::1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.address, func(t *testing.T) {
			name, private := transport.PrivateRange(netip.MustParseAddr(tt.address))
			require.Equal(t, tt.want, name)
			require.Equal(t, tt.want != "", private)
		})
	}
}

// refuses sends a start to a URL, and reports with what it was refused: nothing may
// have been delivered, in whatever way the host is spelled.
func refuses(t *testing.T, rawURL string) error {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		return err
	}
	s, err := transport.NewService(transport.Config{Name: "jobs", BaseURL: rawURL})
	if err != nil {
		return err
	}
	_, err = s.Do(t.Context(), transport.Request{Method: http.MethodPost, URL: u, Start: true})
	require.Error(t, err)
	return err
}

// They go to public addresses unless `allowPrivateNetwork`, and never over a proxy
// from the environment.
//
//rule:out 2 -
func TestPrivateAddressesAreNotReached(t *testing.T) {
	address, accepted := listen(t, func(net.Conn) {})
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	for _, host := range []string{"127.0.0.1", "127.0.0.2", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:0001]", "[::127.0.0.1]", "0.0.0.0", "[::]", "localhost", "LocalHost"} {
		t.Run(host, func(t *testing.T) {
			var denied *perdure.EgressError
			require.ErrorAs(t, refuses(t, "http://"+host+":"+port), &denied)
			require.Contains(t, denied.Message, "allowPrivateNetwork")
		})
	}
	// Some resolvers read these as addresses, others as names that do not exist.
	for _, host := range []string{"127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "localhost.", "%31%32%37.0.0.1", "[::1%25lo]", "127。0。0。1", "①②⑦.0.0.1"} {
		t.Run(host, func(t *testing.T) {
			err := refuses(t, "http://"+host+":"+port)
			if failure, ok := errors.AsType[*transport.SendError](err); ok {
				require.True(t, failure.Unsent)
			}
		})
	}
	require.Zero(t, accepted.Load(), "connections")
}

func TestPrivateLiteralsAreNotDialled(t *testing.T) {
	for _, host := range []string{"10.1.2.3", "169.254.169.254", "192.168.1.1", "100.100.100.200", "168.63.129.16", "[fd00:ec2::254]", "[fe80::1]", "[64:ff9b::a9fe:a9fe]", "255.255.255.255"} {
		t.Run(host, func(t *testing.T) {
			var denied *perdure.EgressError
			require.ErrorAs(t, refuses(t, "http://"+host), &denied)
		})
	}
}

//rule:out 2
func TestAPrivateAddressThatTheServiceNames(t *testing.T) {
	address, accepted := listen(t, func(net.Conn) {})
	s := newService(t, "https://api.example.com", public, func(c *transport.Config) { c.AllowedOrigins = []string{"http://" + address} })
	s2 := newService(t, "http://"+address, public)
	for _, s := range []*transport.Service{s, s2} {
		var denied *perdure.EgressError
		_, err := s.Do(t.Context(), get(t, "http://"+address+"/x?token=s3cret"))
		require.ErrorAs(t, err, &denied)
		require.NotContains(t, err.Error(), "s3cret")
	}
	require.Zero(t, accepted.Load())
}

//rule:out 2
func TestNoProxyOfTheEnvironment(t *testing.T) {
	for _, base := range []string{"http://jobs.invalid", "https://jobs.invalid"} {
		s := newService(t, base, func(c *transport.Config) { c.Limits.RequestTimeout = 10 * time.Second })
		_, err := s.Do(t.Context(), get(t, base+"/x"))
		var failure *transport.SendError
		require.ErrorAs(t, err, &failure)
		require.True(t, failure.Unsent)
	}
	require.Zero(t, proxied.Load())
}
