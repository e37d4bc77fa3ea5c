package e2e_test

import (
	"strconv"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// link is a TCP connection to Temporal that can be frozen: what is sent goes nowhere,
// and nothing is closed.
type link struct {
	t       *testing.T
	proxy   *toxiproxy.Proxy
	address string
}

func newLink(t *testing.T, upstream string) *link {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l := &link{t: t, proxy: toxiproxy.NewProxy(server, t.Name(), "127.0.0.1:0", upstream)}
	require.NoError(t, l.proxy.Start())
	t.Cleanup(l.proxy.Stop)
	l.address = l.proxy.Listen
	return l
}

// freeze stops what goes upstream.
func (l *link) freeze() {
	l.t.Helper()
	_, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(`{"name":"freeze","type":"timeout","stream":"upstream","attributes":{"timeout":0}}`))
	require.NoError(l.t, err)
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}
