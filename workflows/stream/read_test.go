package stream_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

func TestAnyMaxIsABound(t *testing.T) {
	p := newPlay(t).at(time.Second, ending(batch(1, 0, 3), "")).run()
	require.NoError(t, p.env.GetWorkflowError())
	for most, want := range map[int]int{0: 2, 1: 1, math.MaxInt: 2} {
		got, err := p.read(perdure.ReadRequest{Offset: 1, Max: most})
		require.NoError(t, err)
		require.Len(t, got.Events, want, "max %d", most)
	}
}

// JSON takes six bytes for some: an answer is below Temporal's 2 MB all the same.
func TestAnAnswerFitsWhateverIDsTheServiceChose(t *testing.T) {
	id := strings.Repeat("<", 16<<10)
	p := newPlay(t)
	for i := range 3 { // few enough that the run goes on
		b := batch(1, 20*i, 20)
		for j := range b.Events {
			b.Events[j].ID, b.Events[j].Type = id, id
		}
		p.at(time.Duration(i+1)*time.Second, b)
	}
	p.at(2*time.Minute, ending(batch(1, 60, 0), "")).run()
	require.NoError(t, p.env.GetWorkflowError())
	read := 0
	for read < 60 {
		got, err := p.read(perdure.ReadRequest{Offset: read})
		require.NoError(t, err)
		raw, err := json.Marshal(got)
		require.NoError(t, err)
		require.Less(t, len(raw), 1_200_000)
		require.Greater(t, got.Next, read)
		read = got.Next
	}
}
