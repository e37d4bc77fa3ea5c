package chaos_test

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// size is how much is started, and for how long things go wrong.
type size struct {
	operations, collections, streams int
	// faults is for how long faults are injected, calm how long the rest may take then.
	faults, calm time.Duration
	seed         uint64
}

// What runs in half an hour, of which a shorter run has a part.
const (
	wholeRun        = 30 * time.Minute
	wholeOperations = 2000
)

const workers = 3

// sizeOf is what the environment asks for. The test is skipped where it asks for nothing.
func sizeOf(t *testing.T) size {
	t.Helper()
	given := os.Getenv("PERDURE_CHAOS")
	if given == "" {
		t.Skip("PERDURE_CHAOS says for how long, such as 3m: docs/chaos.md")
	}
	whole, err := time.ParseDuration(given)
	require.NoError(t, err, "PERDURE_CHAOS")
	ends := min(max(whole/3, 90*time.Second), 10*time.Minute)
	require.Greater(t, whole, ends, "PERDURE_CHAOS: longer than %v", ends)
	operations := number(t, "PERDURE_CHAOS_OPERATIONS", uint64(wholeOperations*min(1, whole.Seconds()/wholeRun.Seconds())))
	return size{
		operations: int(operations), collections: max(1, int(operations)/10), streams: max(1, int(operations)/20),
		faults: whole - ends, calm: max(ends, 4*time.Minute), // a busy machine takes longer
		seed: number(t, "PERDURE_CHAOS_SEED", uint64(time.Now().Unix())),
	}
}

// number is that of an environment variable.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	given := os.Getenv(name)
	if given == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(given, 10, 64)
	require.NoError(t, err, name)
	return n
}
