package transport_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/transport"
)

const rebound = "rebound.example.com"

// nameserver has one name, of the addresses that it is told.
type nameserver struct {
	net.PacketConn
	addresses atomic.Pointer[[]string]
	asked     atomic.Int64 // for addresses of the name
}

func newNameserver(t *testing.T) *nameserver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &nameserver{PacketConn: conn}
	served := make(chan struct{})
	go func() { defer close(served); s.serve() }()
	t.Cleanup(func() { _ = conn.Close(); <-served })
	return s
}

func (s *nameserver) resolvesTo(addresses ...string) { s.addresses.Store(&addresses) }

// resolver asks no other server, and keeps nothing.
func (s *nameserver) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", s.LocalAddr().String())
	}}
}

func (s *nameserver) serve() {
	buffer := make([]byte, 4096)
	for {
		n, from, err := s.ReadFrom(buffer)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		reply, err := s.reply(m.ID, m.Questions[0])
		if err == nil {
			_, _ = s.WriteTo(reply, from)
		}
	}
}

func (s *nameserver) reply(id uint16, q dnsmessage.Question) ([]byte, error) {
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id, Response: true, Authoritative: true},
		Questions: []dnsmessage.Question{q},
	}
	switch {
	case q.Name.String() != rebound+".": // with a domain of this machine's after it
		m.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeA:
		s.asked.Add(1)
		for _, a := range *s.addresses.Load() {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class},
				Body:   &dnsmessage.AResource{A: netip.MustParseAddr(a).As4()},
			})
		}
	}
	return m.Pack()
}

// A name is looked up for each connection, and each of its addresses is held against the
// rule as it is dialled: what the name was a moment ago counts for nothing.
func TestANameThatIsRebound(t *testing.T) {
	address, accepted := listen(t, func(net.Conn) {})
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	names := newNameserver(t)
	c := transport.Config{Name: "jobs", BaseURL: "http://" + rebound + ":" + port}
	d := c.Dialer()
	d.Resolver = names.resolver()
	var public []string
	refusePrivate := d.Control
	d.Control = func(network, address string, raw syscall.RawConn) error {
		if err := refusePrivate(network, address, raw); err != nil || strings.HasPrefix(address, "127.") {
			return err
		}
		public = append(public, address)
		return errors.New("a test stays on its machine")
	}
	c.Dial = d.DialContext
	s, err := transport.NewService(c)
	require.NoError(t, err)
	do := func() error {
		_, err := s.Do(t.Context(), transport.Request{Method: http.MethodGet, URL: parse(t, c.BaseURL+"/x")})
		require.Error(t, err)
		return err
	}
	var denied *perdure.EgressError

	names.resolvesTo("8.8.8.8")
	require.NotErrorAs(t, do(), &denied)
	require.Equal(t, []string{"8.8.8.8:" + port}, public, "its address is a public one")

	names.resolvesTo("127.0.0.1")
	require.ErrorAs(t, do(), &denied)
	require.Equal(t, "127.0.0.1", denied.Target)
	require.Len(t, public, 1)

	names.resolvesTo("8.8.8.8", "127.0.0.1")
	_ = do()
	require.Equal(t, []string{"8.8.8.8:" + port, "8.8.8.8:" + port}, public, "the other one is refused")

	require.EqualValues(t, 3, names.asked.Load())
	require.Zero(t, accepted.Load(), "connections")
}
