package google

import (
	"time"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// The delays of Google's client for Go: 1 s, doubling to 60 s, with full jitter
// (cloud.google.com/go/longrunning, Operation.Wait; gax.Backoff.Pause).
const (
	minPace = time.Second
	maxPace = time.Minute
)

var _ protocol.Pacer = bound{}

// Pace is a random part of the delay, and never nothing.
func (bound) Pace(n int, random float64) time.Duration {
	delay := minPace
	for i := 1; i < n && delay < maxPace; i++ {
		delay *= 2
	}
	return 1 + time.Duration(random*float64(min(delay, maxPace)))
}
