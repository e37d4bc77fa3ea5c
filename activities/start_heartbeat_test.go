package activities_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
)

func TestSendingIsRecordedBeforeTheRequestArrives(t *testing.T) {
	svc := perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(http.StatusOK, inProgress))
	d := newDesk(t, svc)
	d.record = func(hb perdure.Heartbeat) error {
		if hb.Phase == perdure.PhaseSending {
			require.Empty(t, svc.Requests())
		}
		return nil
	}
	before := time.Now()
	d.start(createTask())
	require.Equal(t, []string{perdure.PhaseSending}, d.phases())
	hb := d.recorded[0]
	require.Equal(t, int32(1), hb.Attempt)
	require.Equal(t, 1, hb.Tries)
	require.WithinRange(t, hb.FirstSentAt, before, time.Now())
	require.Len(t, svc.Requests(), 1)
}

func TestNothingIsSentWithoutTheHeartbeat(t *testing.T) {
	t.Run("the server is away", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t))
		d.record = func(perdure.Heartbeat) error { return errors.New("unavailable") }
		err := d.run(perdure.ActivityStart, createTask(), new(perdure.Answer))
		require.True(t, retryable(t, err))
		require.ErrorContains(t, err, "unavailable")
	})
	t.Run("the server may have it all the same", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t))
		d.record = func(hb perdure.Heartbeat) error {
			if hb.Phase == perdure.PhaseSending {
				return context.DeadlineExceeded
			}
			return nil
		}
		require.Error(t, d.run(perdure.ActivityStart, createTask(), new(perdure.Answer)))
		require.Equal(t, []string{perdure.PhaseUnsent}, d.phases(), "what it may have is taken back")
	})
	t.Run("the workflow says to stop", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t))
		d.record = func(hb perdure.Heartbeat) error {
			if hb.Phase == perdure.PhaseSending {
				return temporal.NewCanceledError()
			}
			return nil
		}
		a := d.start(createTask())
		require.Equal(t, perdure.StateStarting, a.State)
		require.Zero(t, a.FirstSentAt)
		require.Equal(t, []string{perdure.PhaseUnsent}, d.phases())
	})
	t.Run("the workflow has said so before", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		d.under(ctx)
		require.Equal(t, perdure.StateStarting, d.start(createTask()).State)
		require.Empty(t, d.phases())
	})
	t.Run("the worker drains", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t))
		close(d.drained())
		require.Equal(t, perdure.StateStarting, d.start(createTask()).State)
		require.Empty(t, d.phases())
	})
}

// A request under way is not cut off: that would make its outcome unknown.
func TestACanceledStartWaitsForItsAnswer(t *testing.T) {
	release := make(chan struct{})
	svc := perduretest.NewService(t, perduretest.POST("/vector_stores").Hold(release).JSON(http.StatusOK, inProgress))
	d := newDesk(t, svc)
	ctx, cancel := context.WithCancel(t.Context())
	d.under(ctx)
	go func() {
		_ = svc.WaitFor(t.Context(), 1)
		cancel()
		close(release)
	}()
	a := d.start(createTask())
	require.Equal(t, perdure.StateRunning, a.State)
	require.NotEmpty(t, a.Sealed)
}

// No answer, and it is certain that no byte left (no connection came about): sent
// again.
//
//rule:start 7 -
func TestWhatProvablyDidNotLeaveIsSentAgain(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())

	d := newDesk(t, perduretest.NewService(t))
	d.config.BaseURL = "http://" + address
	a := d.start(createTask())
	require.Equal(t, perdure.StateStarting, a.State)
	require.Equal(t, 1, a.Tries)
	require.Zero(t, a.FirstSentAt, "nothing was sent")
	require.Equal(t, "NotSent", a.LastError.Error.Code)
	require.Contains(t, a.LastError.Error.Message, "refused")
	require.Positive(t, a.WaitSeconds)
	require.LessOrEqual(t, a.WaitSeconds, 1.1)
	require.Equal(t, []string{perdure.PhaseSending, perdure.PhaseUnsent}, d.phases())
	unsent := d.recorded[1]
	require.Zero(t, unsent.FirstSentAt)
	require.Equal(t, "NotSent", unsent.LastError.Error.Code)

	// The next attempt reads that, and sends.
	svc := perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(http.StatusOK, inProgress))
	d.config.BaseURL = svc.URL()
	a = d.again(unsent).start(createTask())
	require.Equal(t, perdure.StateRunning, a.State)
	require.Equal(t, 2, a.Tries)
	require.Nil(t, a.LastError)
}

//rule:start 4
//rule:azure 12
func TestAnAttemptThatDied(t *testing.T) {
	sending := perdure.Heartbeat{Phase: perdure.PhaseSending, Attempt: 1, Tries: 1, FirstSentAt: time.Now().Add(-time.Minute).UTC()}
	old := sending
	old.FirstSentAt = time.Now().Add(-25 * time.Hour).UTC()
	key := func(d *desk) { d.service.Idempotency.Header = "Idempotency-Key" }
	repeatability := func(d *desk) { d.service.Idempotency.Form = "repeatability" }
	oldRepeatability := sending
	oldRepeatability.FirstSentAt = time.Now().Add(-6 * time.Minute).UTC()
	window := func(d *desk) { key(d); d.service.Idempotency.Window = 30 * time.Second }
	for _, test := range []struct {
		name   string
		method string
		hb     any
		config func(*desk)
		sent   bool
	}{
		{"before it was sending", "POST", perdure.Heartbeat{}, nil, true},
		{"after it had said that nothing left", "POST", perdure.Heartbeat{Phase: perdure.PhaseUnsent, Tries: 1}, nil, true},
		{"while sending", "POST", sending, nil, false},
		{"while sending, and nobody can read what it said", "POST", "garbage", nil, false},
		{"while sending a PATCH", "PATCH", sending, nil, false},
		{"while sending a PUT", "PUT", sending, nil, true},
		{"while sending a DELETE", "DELETE", sending, nil, true},
		{"while sending under a live key", "POST", sending, key, true},
		{"while sending under a key of its own window", "POST", sending, window, false},
		{"while sending, longer ago than the key lives", "POST", old, key, false},
		{"while sending under repeatability", "POST", sending, repeatability, true},
		{"while sending, longer ago than repeatability promises", "POST", oldRepeatability, repeatability, false},
		{"while sending a PUT, longer ago than the key lives", "PUT", old, key, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var steps []perduretest.Step
			if test.sent {
				steps = append(steps, perduretest.On(test.method, "/vector_stores").JSON(http.StatusOK, inProgress))
			}
			d := newDesk(t, perduretest.NewService(t, steps...))
			if test.config != nil {
				test.config(d)
			}
			a := d.again(test.hb).start(createTask(method(test.method)))
			if test.sent {
				require.Equal(t, perdure.StateRunning, a.State)
				return
			}
			require.Equal(t, perdure.StateAmbiguous, a.State)
			require.Equal(t, perdure.ErrorStartAmbiguous, a.Error.Code)
			require.Empty(t, a.ErrorType, "nothing has ended")
			require.Empty(t, a.Sealed)
			if hb, ok := test.hb.(perdure.Heartbeat); ok {
				require.Equal(t, hb.FirstSentAt, a.FirstSentAt)
				require.Equal(t, 1, a.Tries)
			}
		})
	}
}

func TestAResetRunIsAmbiguous(t *testing.T) {
	for _, test := range []struct {
		name, method string
		config       func(*desk)
	}{
		{"POST", "POST", nil},
		{"PUT", "PUT", nil},
		{"under a key, which may be too old by now", "POST", func(d *desk) { d.service.Idempotency.Header = "Idempotency-Key" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, perduretest.NewService(t))
			if test.config != nil {
				test.config(d)
			}
			a := d.start(createTask(method(test.method), func(task *perdure.StartTask) { task.RunID = "the run before" }))
			require.Equal(t, perdure.StateAmbiguous, a.State)
			require.Empty(t, d.phases())
		})
	}
}

// A task says what became of the requests of the tasks before it.
func TestATaskOfARequestThatMayHaveBeenDelivered(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t))
	a := d.start(createTask(func(task *perdure.StartTask) { task.FirstSentAt, task.Tries = time.Now().Add(-time.Minute), 3 }))
	require.Equal(t, perdure.StateAmbiguous, a.State)
	require.Equal(t, 3, a.Tries)
}

// What another worker may have sent does not fail because this one cannot send it.
func TestAWorkerThatCannotSendWhatAnotherMayHaveSent(t *testing.T) {
	wrong := func(task *perdure.StartTask) { task.Input.Request.Service = "of another worker" }
	sending := perdure.Heartbeat{Phase: perdure.PhaseSending, Tries: 1, FirstSentAt: time.Now().UTC()}
	d := newDesk(t, perduretest.NewService(t))
	a := d.again(sending).start(createTask(wrong))
	require.Equal(t, perdure.StateAmbiguous, a.State)
	require.Empty(t, a.ErrorType)
	require.Contains(t, a.Error.Message, "of another worker")
	require.Equal(t, sending.FirstSentAt, a.FirstSentAt)

	a = d.again(nil).start(createTask(wrong))
	require.Equal(t, perdure.StateFailed, a.State)
	require.Equal(t, perdure.ErrorInvalidInput, a.ErrorType)
}
