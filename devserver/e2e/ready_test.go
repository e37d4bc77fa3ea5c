package e2e_test

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A container without a shell knows by the command itself whether its worker is ready.
func TestReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	config, err := os.ReadFile(w.config)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listening := strings.Replace(string(config), "worker: {", fmt.Sprintf("worker: {listen: %q, ", l.Addr()), 1)
	require.NoError(t, l.Close())
	require.NoError(t, os.WriteFile(w.config, []byte(listening), 0o600))

	_, said, exit := w.perdure(w.server, "", "ready")
	require.Equal(t, 1, exit)
	require.Contains(t, said, "does not answer")
	p := w.worker()
	eventually(patient(t), t, "it is ready", func() bool {
		out, _, exit := w.perdure(w.server, "", "ready", "--output", "json")
		return exit == 0 && strings.TrimSpace(out) == `{"ready":true}`
	})
	p.stop()
	_, _, exit = w.perdure(w.server, "", "ready")
	require.Equal(t, 1, exit)
}
