package devserver_test

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/devserver"
)

// Every refusal comes before anything is started.
func TestOptionsRefused(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	port := portOf(t, taken)

	text := filepath.Join(t.TempDir(), "text.db")
	require.NoError(t, os.WriteFile(text, []byte("This is not a database, whatever its name says."), 0o600))

	tests := []struct {
		name string
		opts devserver.Options
		want string
	}{
		{"not an address", devserver.Options{IP: "localhost"}, `IP "localhost" is not an IP address`},
		{"port out of range", devserver.Options{Port: 65536}, "Port 65536: not between 0 and 65535"},
		{"UI port out of range", devserver.Options{UIPort: -1}, "UIPort -1: not between 0 and 65535"},
		{"port taken", devserver.Options{Port: port}, "address already in use"},
		{"UI port taken", devserver.Options{UIPort: port}, "address already in use"},
		{"one port for both", devserver.Options{Port: 19997, UIPort: 19997}, "UIPort 19997: "},
		{"namespace without a name", devserver.Options{Namespaces: []string{""}}, "a namespace without a name"},
		{"retention too short", devserver.Options{Retention: time.Millisecond}, "Retention 1ms is less than a second"},
		{"unknown setting", devserver.Options{DynamicConfig: map[string]any{"frontend.nope": 1}}, `unregistered key "frontend.nope"`},
		{"setting of another type", devserver.Options{DynamicConfig: map[string]any{"frontend.rps": "many"}}, `DynamicConfig "frontend.rps"`},
		{"directory missing", devserver.Options{DBFilename: filepath.Join(t.TempDir(), "missing", "temporal.db")}, "unable to open database file"},
		{"not a database", devserver.Options{DBFilename: text}, "file is not a database"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := devserver.Start(t.Context(), test.opts)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestPortErrorNamesTheOption(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	port := portOf(t, taken)

	_, err = devserver.Start(t.Context(), devserver.Options{UIPort: port})
	var refused *devserver.PortError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "UIPort", refused.Option)
	require.Equal(t, port, refused.Port)
}

func portOf(t *testing.T, l net.Listener) int {
	t.Helper()
	address, err := netip.ParseAddrPort(l.Addr().String())
	require.NoError(t, err)
	return int(address.Port())
}
