package operation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

func TestAwaitStartedAnswersOnceTheStartIsDecided(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer answer
		state  perdure.State
		done   bool
	}{
		{"answered", accepted(time.Minute), perdure.StateRunning, false},
		{"ended at once", completed(func(a *answer) { a.Polls = 0 }), perdure.StateSucceeded, true},
		{"ambiguous", ambiguous(), perdure.StateAmbiguous, false},
		{"rejected", bad(perdure.StateFailed, perdure.ErrorStartRejected, "400", "no"), perdure.StateFailed, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](again(time.Second)), after[startTask](4*time.Second, test.answer)}
			before := []*asked{
				s.updateAt(time.Millisecond, perdure.UpdateAwaitStarted, perdure.UpdateAwaitStarted),
				s.updateAt(2*time.Second, perdure.UpdateAwaitStarted, "an id of its own"),
			}
			if !test.done { // the environment answers who shares an id only while the workflow runs
				before = append(before, s.updateAt(2*time.Second, perdure.UpdateAwaitStarted, perdure.UpdateAwaitStarted))
			}
			var later *asked
			if !test.done {
				s.polls = []act[pollTask]{now[pollTask](completed())}
				later = s.updateAt(30*time.Second, perdure.UpdateAwaitStarted, "later")
				if test.state == perdure.StateAmbiguous {
					s.polls = nil
					s.at(time.Minute, func() { s.env.SignalWorkflow(perdure.SignalCancel, nil) })
				}
			}
			s.run(request())
			for _, u := range before {
				require.NoError(t, u.err)
				require.Equal(t, 5*time.Second, u.at)
				require.Equal(t, test.state, u.status.State)
				require.Equal(t, test.done, u.status.Done)
			}
			if later != nil {
				require.NoError(t, later.err)
				require.Equal(t, 30*time.Second, later.at)
				require.Equal(t, test.state, later.status.State)
			}
		})
	}
}

func TestAwaitStartedIsAnsweredWhenTheStartIsCanceled(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{orElse[startTask](time.Hour, nil, again(time.Second))}
	u := s.updateAt(time.Second, perdure.UpdateAwaitStarted, perdure.UpdateAwaitStarted)
	s.at(2*time.Second, func() { s.env.CancelWorkflow() })
	got := s.run(request()).canceled()
	require.Equal(t, perdure.StateFailed, got.State)
	require.NoError(t, u.err)
	require.Equal(t, got, u.status)
}
