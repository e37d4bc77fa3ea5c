package collection_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

func TestCancelClosesTheCollection(t *testing.T) {
	for _, test := range []struct {
		name   string
		cancel func(s *stage, at time.Duration)
	}{
		{"by signal", func(s *stage, at time.Duration) { s.cancelAt(at) }},
		{"by a signal without anything", func(s *stage, at time.Duration) {
			s.at(at, func() { s.env.SignalWorkflow(perdure.SignalCancel, nil) })
		}},
		{"by a signal with nonsense", func(s *stage, at time.Duration) {
			s.at(at, func() { s.env.SignalWorkflow(perdure.SignalCancel, "nonsense") })
		}},
		{"by Temporal", func(s *stage, at time.Duration) { s.at(at, s.env.CancelWorkflow) }},
		{"by both", func(s *stage, at time.Duration) {
			s.cancelAt(at)
			s.at(at, s.env.CancelWorkflow)
		}},
	} {
		t.Run(test.name+" while a page is fetched", func(t *testing.T) {
			s := newStage(t, now(full(0)), never())
			test.cancel(s, time.Minute)
			waits := []*asked{s.waitAt(time.Second, index(1)), s.waitAt(time.Second, within(9, 300))}
			s.run(request())
			status := s.canceled()
			require.Equal(t, time.Minute, s.elapsed())
			require.Equal(t, 1, status.Pages)
			require.Equal(t, sealed(1), status.NextPageToken, "its tokens still work")
			for _, u := range waits {
				require.Equal(t, status, u.answered(time.Minute))
			}
			require.Equal(t, sealed(1), s.token())
			require.Equal(t, `[{"n":0.0},"b"]`, string(s.page(0).Values), "its pages stay readable")
			require.Equal(t, perdure.ErrorNotFetched, s.noPage(index(1)).Type())
		})
		t.Run(test.name+" while nothing is asked for", func(t *testing.T) {
			s := newStage(t, now(full(0)))
			test.cancel(s, time.Minute)
			s.run(request())
			s.canceled()
			require.Equal(t, time.Minute, s.elapsed())
		})
		t.Run(test.name+" before the first page", func(t *testing.T) {
			s := newStage(t, never())
			u := s.waitAt(0, index(0))
			test.cancel(s, time.Second)
			s.run(request())
			status := s.canceled()
			require.Zero(t, status.Pages)
			require.Equal(t, status, u.answered(time.Second))
		})
	}
}

// A cancel that comes with the last page comes too late.
func TestCancelAfterTheEndIsNothing(t *testing.T) {
	s := newStage(t, after(time.Second, last(0)))
	s.cancelAt(time.Second + time.Nanosecond)
	s.run(request())
	s.succeeded()
}
