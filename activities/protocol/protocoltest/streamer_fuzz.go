package protocoltest

import (
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// FuzzStreamer fuzzes a streamer with bodies at every connection of the scenarios: a body
// means the same however it is cut into reads, and one that breaks off gives the first of
// the whole body's events. Seeds are the scenarios' own bodies and the suite's hostile ones.
func FuzzStreamer(f *testing.F, streamer protocol.Streamer, scenarios ...StreamScenario) {
	f.Helper()
	s := streamerSuite{streamer, scenarios}
	var points []streamPoint
	for _, sc := range scenarios {
		if sc.Refused == "" {
			points = append(points, s.play(f, sc)...)
		}
	}
	require.NotEmpty(f, points, "scenarios")
	for i, p := range points {
		f.Add(uint16(i), uint64(i), []byte(p.connection.Body))
	}
	for i, body := range append(hostileStreams(), hostileBodies()...) {
		f.Add(uint16(i), uint64(i), []byte(body))
	}
	f.Fuzz(func(t *testing.T, at uint16, seed uint64, body []byte) {
		p := points[int(at)%len(points)]
		b := s.bind(t, p.scenario)
		b.attackStream(p, string(body))
		whole := b.events(strings.NewReader(string(body)), p.at)
		split := &randomReader{strings.NewReader(string(body)), rand.New(rand.NewPCG(seed, seed))} //nolint:gosec // the same each time
		require.Equal(t, whole, b.events(split, p.at), "in chunks")
		cut := int(seed % uint64(len(body)+1)) //nolint:gosec // not above the body's length
		events := b.events(io.MultiReader(strings.NewReader(string(body[:cut])), broken{}), p.at).recorded()
		require.True(t, isPrefix(events, whole.recorded()), "broken after byte %d", cut)
	})
}
