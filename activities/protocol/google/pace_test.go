package google_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/google"
)

// The wait is random, up to 1 s at first, doubling to 60 s.
//
//rule:google 3 gax
func TestPace(t *testing.T) {
	b, err := google.Protocol{}.Bind(nil)
	require.NoError(t, err)
	pacer, ok := b.(protocol.Pacer)
	require.True(t, ok)
	for n, most := range map[int]time.Duration{
		0: time.Second, 1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 4: 8 * time.Second, 6: 32 * time.Second, 7: time.Minute, 1000: time.Minute,
	} {
		require.Equal(t, time.Duration(1), pacer.Pace(n, 0), "full jitter begins at nothing, question %d", n)
		require.InDelta(t, most/2, pacer.Pace(n, 0.5), 2, "question %d", n)
		require.InDelta(t, most, pacer.Pace(n, math.Nextafter(1, 0)), 2, "question %d", n)
	}
}
