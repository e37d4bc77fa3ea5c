package waiter_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/waiter"
)

// The wait is random between `minDelaySeconds` and the same doubled with each
// question, up to `maxDelaySeconds`.
//
//rule:waiter 1k SMI
func TestPace(t *testing.T) {
	tests := []struct {
		name, options string
		n             int
		least, most   time.Duration
	}{
		{"defaults, first", "", 1, 2 * time.Second, 2 * time.Second},
		{"defaults, second", "", 2, 2 * time.Second, 4 * time.Second},
		{"defaults, sixth", "", 6, 2 * time.Second, 64 * time.Second},
		{"defaults, seventh", "", 7, 2 * time.Second, 120 * time.Second},
		{"defaults, later", "", 1000, 2 * time.Second, 120 * time.Second},
		{"before the first", "", 0, 2 * time.Second, 2 * time.Second},
		{"given", `,"minDelaySeconds":0.5,"maxDelaySeconds":3`, 3, 500 * time.Millisecond, 2 * time.Second},
		{"given, later", `,"minDelaySeconds":0.5,"maxDelaySeconds":3`, 4, 500 * time.Millisecond, 3 * time.Second},
		{"always the same", `,"minDelaySeconds":5,"maxDelaySeconds":5`, 9, 5 * time.Second, 5 * time.Second},
		{"a least delay above the default bound", `,"minDelaySeconds":300`, 9, 300 * time.Second, 300 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := waiter.Protocol{}.Bind([]byte(described(words, tt.options)))
			require.NoError(t, err)
			pacer, ok := b.(protocol.Pacer)
			require.True(t, ok)
			require.Equal(t, tt.least, pacer.Pace(tt.n, 0))
			require.InDelta(t, tt.most, pacer.Pace(tt.n, math.Nextafter(1, 0)), 2)
			require.InDelta(t, (tt.least+tt.most)/2, pacer.Pace(tt.n, 0.5), 2)
		})
	}
}
