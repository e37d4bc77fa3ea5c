package operation_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"github.com/perdure-dev/perdure"
)

func yes() perdure.CancelAnswer { return perdure.CancelAnswer{Supported: true, Accepted: new(true)} }

func no() perdure.CancelAnswer {
	return perdure.CancelAnswer{Supported: true, Accepted: new(false), Error: &perdure.ServiceError{Code: "TooLate", HTTPStatus: 409}}
}

// ways to ask for a cancel, and the reason that the status then gives.
var ways = []struct {
	name   string
	ask    func(s *stage)
	reason string
}{
	{"signal", func(s *stage) {
		s.env.SignalWorkflow(perdure.SignalCancel, perdure.CancelSignal{Reason: "no longer needed"})
	}, "no longer needed"},
	{"signal without payload", func(s *stage) { s.env.SignalWorkflow(perdure.SignalCancel, nil) }, ""},
	{"signal with garbage", func(s *stage) { s.env.SignalWorkflow(perdure.SignalCancel, 17) }, ""},
	{"signal with bytes", func(s *stage) { s.env.SignalWorkflow(perdure.SignalCancel, []byte("\xff\x00")) }, ""},
	{"signal that nobody can decode", func(s *stage) {
		s.env.SignalWorkflow(perdure.SignalCancel, converter.NewRawValue(&commonpb.Payload{
			Metadata: map[string][]byte{"encoding": []byte("binary/unheard-of")}, Data: []byte("?"),
		}))
	}, ""},
	{"signal twice", func(s *stage) {
		s.env.SignalWorkflow(perdure.SignalCancel, perdure.CancelSignal{Reason: "first"})
		s.env.SignalWorkflow(perdure.SignalCancel, perdure.CancelSignal{Reason: "second"})
	}, "first"},
	{"workflow", func(s *stage) { s.env.CancelWorkflow() }, "the workflow was canceled"},
	{"workflow, then signal", func(s *stage) { s.env.CancelWorkflow(); s.env.SignalWorkflow(perdure.SignalCancel, nil) }, "the workflow was canceled"},
}

func TestCancelOfARunningOperation(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](accepted(5 * time.Second))}
			s.polls = []act[pollTask]{after[pollTask](10*time.Second, answer{
				State: perdure.StateCanceled, ServiceStatus: "cancelled", Polls: 2,
				Error: &perdure.ServiceError{Code: "cancelled", Details: json.RawMessage(`{"output_file_id":"f"}`)},
			})}
			s.cancels = []act[cancelTask]{after[cancelTask](time.Second, yes())}
			s.at(3*time.Second, func() { way.ask(s) })
			s.at(3500*time.Millisecond, func() { // asked, not answered
				got := s.status()
				require.Equal(t, perdure.StateRunning, got.State)
				require.Equal(t, perdure.CancelStatus{RequestedAt: epoch.Add(3 * time.Second), Reason: way.reason}, *got.Cancel)
			})
			s.at(5*time.Second, func() {
				got := s.status()
				require.Equal(t, perdure.StateCanceling, got.State)
				require.True(t, *got.Cancel.Supported)
				require.True(t, *got.Cancel.Accepted)
				require.False(t, got.Cancel.Confirmed)
			})
			got := s.run(request()).canceled()
			require.Equal(t, perdure.StateCanceled, got.State)
			require.True(t, got.Cancel.Confirmed)
			require.Equal(t, way.reason, got.Cancel.Reason)
			require.JSONEq(t, `{"output_file_id":"f"}`, string(got.Error.Details), "partial results are kept")
			require.Equal(t, "cancelled", got.ServiceStatus)
			require.Equal(t, 2, got.Polls)
			call := s.callsOf(perdure.ActivityCancel)[0]
			require.Equal(t, 3*time.Second, call.at)
			require.Equal(t, "perdure1_a", call.cancel.State)
			require.False(t, s.pollCalls()[0].stopped, "the watcher goes on asking")
		})
	}
}

func TestCancelEndsADurableWait(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(time.Hour))}
	s.polls = []act[pollTask]{now[pollTask](running(10 * time.Second)), after[pollTask](10*time.Second, answer{State: perdure.StateCanceled, Polls: 1})}
	s.cancels = []act[cancelTask]{after[cancelTask](time.Second, yes())}
	s.at(time.Minute, s.env.CancelWorkflow)
	s.run(request()).canceled()
	calls := s.pollCalls()
	require.Equal(t, 61*time.Second, calls[0].at, "as soon as the service has taken it")
	require.Equal(t, 71*time.Second, s.elapsed())
}

func TestCancelThatTheServiceDoesNotKnow(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(5 * time.Second))}
	s.polls = []act[pollTask]{never[pollTask]()}
	s.cancels = []act[cancelTask]{after[cancelTask](time.Second, perdure.CancelAnswer{})}
	s.at(time.Second, s.env.CancelWorkflow)
	got := s.run(request()).canceled()
	require.Equal(t, 2*time.Second, s.elapsed(), "it closes at once")
	require.Equal(t, perdure.StateUnknown, got.State)
	require.False(t, *got.Cancel.Supported)
	require.Nil(t, got.Cancel.Accepted)
	require.False(t, got.Cancel.Confirmed)
	require.Equal(t, "in_progress", got.ServiceStatus)
}

func TestCancelThatTheServiceDoesNotAccept(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(5 * time.Second))}
	s.polls = []act[pollTask]{never[pollTask]()}
	s.cancels = []act[cancelTask]{now[cancelTask](no())}
	s.at(time.Second, s.env.CancelWorkflow)
	s.at(2*time.Second, func() {
		got := s.status()
		require.Equal(t, perdure.StateRunning, got.State, "the service goes on with it")
		require.True(t, *got.Cancel.Supported)
		require.False(t, *got.Cancel.Accepted)
		require.Equal(t, "TooLate", got.LastError.Error.Code)
	})
	got := s.run(request()).canceled()
	require.Equal(t, 601*time.Second, s.elapsed(), "the grace, 10 minutes by default")
	require.Equal(t, perdure.StateUnknown, got.State)
	require.False(t, got.Cancel.Confirmed)
}

func TestCancelThatTheServiceDoesNotAnswer(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(5 * time.Second))}
	s.polls = []act[pollTask]{never[pollTask]()}
	s.cancels = []act[cancelTask]{after[cancelTask](580*time.Second, perdure.CancelAnswer{Supported: true, Error: &perdure.ServiceError{Code: "503", HTTPStatus: 503}})}
	s.at(time.Second, s.env.CancelWorkflow)
	got := s.run(request()).canceled()
	require.Equal(t, 600.0, s.callsOf(perdure.ActivityCancel)[0].cancel.GraceSeconds, "it is asked for as long as its end is awaited")
	require.Equal(t, 601*time.Second, s.elapsed())
	require.Equal(t, perdure.StateUnknown, got.State)
	require.True(t, *got.Cancel.Supported)
	require.Nil(t, got.Cancel.Accepted)
	require.Equal(t, "503", got.LastError.Error.Code)
}

// Where cancel deletes what is asked for, that it is gone is how the operation ends.
//
//rule:location 2a
func TestCancelByDeletion(t *testing.T) {
	gone := func(a *answer) {
		refused(a)
		a.Error, a.Gone = &perdure.ServiceError{Code: "410", HTTPStatus: 410}, true
	}
	for _, test := range []struct {
		name      string
		cancel    act[cancelTask]
		state     perdure.State
		confirmed bool
	}{
		{"accepted", now[cancelTask](yes()), perdure.StateCanceled, true},
		{"refused", now[cancelTask](no()), perdure.StateUnknown, false},
		{"not answered yet", never[cancelTask](), perdure.StateUnknown, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](accepted(5 * time.Second))}
			s.polls = []act[pollTask]{after[pollTask](10*time.Second, running(0, gone))}
			s.cancels = []act[cancelTask]{test.cancel}
			s.at(time.Second, s.env.CancelWorkflow)
			got := s.run(request()).canceled()
			require.Equal(t, 10*time.Second, s.elapsed(), "at once")
			require.Equal(t, test.state, got.State)
			require.Equal(t, test.confirmed, got.Cancel.Confirmed)
			require.Equal(t, test.confirmed, got.Error == nil)
		})
	}
	t.Run("found by a question beside", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{now[startTask](accepted(time.Hour))}
		s.polls = []act[pollTask]{now[pollTask](running(time.Hour)), now[pollTask](running(0, gone)), now[pollTask](running(0, gone))}
		s.cancels = []act[cancelTask]{now[cancelTask](yes())}
		s.at(time.Second, s.env.CancelWorkflow)
		u := s.updateAt(2*time.Second, perdure.UpdateUpdateStatus, "")
		got := s.run(request()).canceled()
		require.NoError(t, u.err)
		require.Equal(t, perdure.StateCanceled, got.State)
	})
	t.Run("nobody asked", func(t *testing.T) {
		s := newStage(t)
		s.starts = []act[startTask]{now[startTask](accepted(5 * time.Second))}
		s.polls = []act[pollTask]{after[pollTask](10*time.Second, running(0, gone))}
		errorType, _, got := s.run(request()).failed()
		require.Equal(t, perdure.ErrorPollRejected, errorType)
		require.Equal(t, perdure.StateUnknown, got.State)
	})
}

//rule:google 3a
func TestCancelThatComesTooLateEndsWithTheValue(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(5 * time.Second))}
	s.polls = []act[pollTask]{after[pollTask](10*time.Second, completed())}
	s.cancels = []act[cancelTask]{now[cancelTask](yes())}
	s.at(time.Second, s.env.CancelWorkflow)
	s.run(request())
	require.JSONEq(t, `{"id":"job_1"}`, string(s.succeeded().Value))
	got := s.status()
	require.Equal(t, perdure.StateSucceeded, got.State)
	require.True(t, *got.Cancel.Accepted)
	require.False(t, got.Cancel.Confirmed)
}

func TestGraceIsHowLongTheEndIsAwaited(t *testing.T) {
	for _, test := range []struct {
		name   string
		grace  float64
		cancel act[cancelTask]
		want   time.Duration // after the request, which comes at 1 s
	}{
		{"given", 30, now[cancelTask](yes()), 30 * time.Second},
		{"none, and the request is made all the same", 0, after[cancelTask](2*time.Second, yes()), 2 * time.Second},
		{"shorter than the request", 1, after[cancelTask](5*time.Second, yes()), 5 * time.Second},
		{"a request that is never answered has a minute", 1, never[cancelTask](), time.Minute},
		{"or the grace where that is longer", 90, never[cancelTask](), 90 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.starts = []act[startTask]{now[startTask](accepted(5 * time.Second))}
			s.polls = []act[pollTask]{never[pollTask]()}
			s.cancels = []act[cancelTask]{test.cancel}
			s.at(time.Second, s.env.CancelWorkflow)
			got := s.run(request(grace(test.grace))).canceled()
			require.Equal(t, time.Second+test.want, s.elapsed())
			require.Equal(t, max(60, test.grace), s.callsOf(perdure.ActivityCancel)[0].cancel.GraceSeconds)
			require.Equal(t, perdure.StateUnknown, got.State)
			require.False(t, got.Cancel.Confirmed)
			require.Nil(t, got.Error)
		})
	}
}

func TestCancelThatCannotBeAskedIsShown(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](accepted(5 * time.Second))}
	s.polls = []act[pollTask]{never[pollTask]()}
	s.cancels = []act[cancelTask]{fails[cancelTask](time.Second, "key retired")}
	s.at(time.Second, s.env.CancelWorkflow)
	got := s.run(request(grace(100))).canceled()
	require.Equal(t, 101*time.Second, s.elapsed())
	require.Nil(t, got.Cancel.Supported)
	require.Equal(t, "key retired", got.LastError.Error.Message)
}
