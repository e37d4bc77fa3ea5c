package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

var getEvents = []string{"stream", "GET", "/events", "--service", "jobs", "--protocol", "openai", "--quiet"}

// eventLines reads events as they are printed, one a line, the first at an offset.
func eventLines(t *testing.T, from int, lines ...string) {
	t.Helper()
	for i, line := range lines {
		var e perdure.Event
		require.NoError(t, perdure.Decode([]byte(line), &e), "line %d: %s", i, line)
		require.Equal(t, from+i, e.Offset)
		require.JSONEq(t, fmt.Sprintf("%q", fmt.Sprintf("event %d → ünï", from+i)), string(e.Data))
	}
}

// Events are printed as they come; an interrupt says where to go on, and going on there
// gives exactly the rest.
func TestEventsAreLinesAndGoOnAfterAnInterrupt(t *testing.T) {
	t.Parallel()
	src := newSource(t, true)
	w := newWorld(t, settings{url: src.URL})
	w.worker()
	p := w.printing(with(getEvents, "--id", w.queue, "--output", "json")...)
	src.send(5)
	eventLines(t, 0, p.next(5)...)
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	stdout, exit := p.rest()
	require.Equal(t, 1, exit)
	var last struct {
		Error printedError `json:"error"`
		Next  int          `json:"next"`
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &last), "one line more: %s", stdout)
	require.Equal(t, "Stopped", last.Error.Type)
	require.Equal(t, 5, last.Next)

	src.send(4)
	src.end()
	stdout, stderr, exit := w.perdure(w.server, "", "stream", "--id", w.queue, "--from", strconv.Itoa(last.Next), "--output", "json", "--quiet")
	require.Zero(t, exit, stderr)
	lines := linesOf(stdout)
	require.Len(t, lines, 4)
	eventLines(t, 5, lines...)
	text, _, exit := w.perdure(w.server, "", "stream", "--id", w.queue, "--quiet")
	require.Zero(t, exit)
	require.Equal(t, "event 8 → ünï", linesOf(text)[8])
	stdout, _, exit = w.perdure(w.server, "", "status", w.queue, "--output", "json")
	require.Zero(t, exit)
	var status perdure.StreamStatus
	require.NoError(t, json.Unmarshal([]byte(stdout), &status))
	require.Equal(t, perdure.StateSucceeded, status.State)
	require.Len(t, src.asked(), 1)
}
