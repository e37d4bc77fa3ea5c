package worker_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// doesNotGrow: each run carries what the first did, asks and answers as briefly, and
// leaves nothing behind; inTrouble it has so many times to say, at most. What is listed has
// a line for each run, and for each page.
func (l *life) doesNotGrow(t *testing.T, inTrouble int) {
	t.Helper()
	first, last := l.runs[0], l.runs[len(l.runs)-2] // the very last did not continue
	activities := 0
	for i, r := range l.runs[:len(l.runs)-1] {
		activities += r.activities
		require.LessOrEqual(t, r.activities, l.inARun+1)
		require.InDelta(t, first.carried, r.carried, 1024, "run %d, of what happens in trouble", i)
		require.LessOrEqual(t, r.listed, 100*(i+1)+20*activities)
		require.Less(t, r.brief(), inTrouble*first.brief(), "run %d", i)
	}
	t.Logf("%d runs; the first carries %d bytes, the last %d, beside %d of lists; a question and its answer have %d bytes in the first, %d in the last; %d goroutines after the first, %d after the last",
		len(l.runs), first.carried, last.carried, last.listed, first.brief(), last.brief(), first.goroutines, last.goroutines)
	require.InDelta(t, first.carried, last.carried, 64)
	require.InDelta(t, first.brief(), last.brief(), 64)
	require.InDelta(t, first.goroutines, last.goroutines, 5)
}

// brief is how many bytes a question and its answer have.
func (r *lifeRun) brief() int { return r.bytes / max(1, r.activities) }
