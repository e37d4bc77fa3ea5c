package machine_test

import (
	"io/fs"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/bench/internal/machine"
)

func TestWhatAProcessComputes(t *testing.T) {
	t.Parallel()
	var said struct{ Word string }
	p, err := machine.Start(t.Context(), &said, "sh", "-c", `echo '{"word":"ready"}'; while :; do :; done`)
	require.NoError(t, err)
	require.Equal(t, "ready", said.Word)
	require.Eventually(t, func() bool {
		cpu, err := p.CPU()
		require.NoError(t, err)
		return cpu >= 50*time.Millisecond
	}, time.Minute, 10*time.Millisecond)
	rss, err := p.RSS()
	require.NoError(t, err)
	require.Positive(t, rss)

	require.ErrorContains(t, p.Stop(), "signal: terminated")
	_, err = p.CPU()
	require.ErrorContains(t, err, "has ended")
}

func TestAProcessThatIsNeverReady(t *testing.T) {
	t.Parallel()
	var said struct{}
	_, err := machine.Start(t.Context(), &said, "true")
	require.ErrorContains(t, err, "it ended")
	_, err = machine.Start(t.Context(), &said, "echo", "no JSON")
	require.ErrorContains(t, err, "invalid character")
	_, err = machine.Start(t.Context(), &said, "/nonexistent")
	require.ErrorIs(t, err, fs.ErrNotExist)
}
