package activities_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/google"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/tokens"
)

// Nobody opens a token before the time at which it was issued, so one of a clock that was
// ahead is sealed anew by the next worker whose clock is right.
func TestWhatAClockThatWasAheadHasSealedIsSealedAnew(t *testing.T) {
	for _, test := range []struct {
		name  string
		ahead time.Duration
		anew  bool
	}{
		{"by hours", 5 * time.Hour, true},
		{"by as much as clocks may differ", tokens.MaxSkew - time.Minute, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			keys, err := tokens.NewKeyset()
			require.NoError(t, err)
			svc := perduretest.NewService(t,
				perduretest.POST("/vector_stores").JSON(http.StatusOK, store("in_progress", 0)),
				get(200, store("in_progress", 0)).Header("Retry-After", "60"))
			_ = svc.URL() // listens outside of the bubbles
			var task perdure.PollTask
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(test.ahead)
				d := newDesk(t, svc)
				d.options.Keyset, d.options.TokenLifetime = keys, 24*time.Hour
				task = d.watched(every(1))
			})
			synctest.Test(t, func(t *testing.T) { // begins when the one before began
				d := newDesk(t, svc)
				d.options.Keyset, d.options.TokenLifetime = keys, 24*time.Hour
				a := d.poll(task)
				require.Equal(t, test.anew, a.Sealed != "")
				if test.anew {
					header, _, err := keys.OpenState(a.Sealed)
					require.NoError(t, err)
					require.WithinDuration(t, time.Now(), header.IssuedAt, time.Second)
				}
			})
		})
	}
}

// Progress is told in time, also when it was told last by a clock that was ahead.
func TestProgressDoesNotWaitForAClockThatWasAhead(t *testing.T) {
	inBubble(t, []perduretest.Step{get(200, store("in_progress", 1)).AnyTimes()}, func(d *desk) {
		t := d.t
		task := d.watched(every(1))
		task.Known.ProgressAt = time.Now().Add(2 * time.Hour)
		begin := time.Now()
		a := d.poll(task)
		require.InDelta(t, 5, time.Since(begin).Seconds(), 0.5)
		require.Equal(t, 10.0, *a.Percent)
	})
}

// A key that was sent first by a clock that was ahead may be older than it seems: whether
// it still counts is not guessed.
func TestAKeyThatWasSentInTheFuture(t *testing.T) {
	for _, test := range []struct {
		name  string
		key   func(*desk)
		ahead time.Duration
		sent  int
		state perdure.State
	}{
		{"by an hour", withKey, time.Hour, 0, perdure.StateAmbiguous},
		{"by as much as clocks may differ", withKey, time.Minute, 1, perdure.StateRunning},
		{"the protocol's own, by an hour", withRequestID, time.Hour, 0, perdure.StateAmbiguous},
		{"the protocol's own, by as much as clocks may differ", withRequestID, time.Minute, 1, perdure.StateRunning},
	} {
		t.Run(test.name, func(t *testing.T) {
			var steps []perduretest.Step
			if test.sent > 0 {
				steps = append(steps, perduretest.POST("/vector_stores").JSON(http.StatusOK, `{"id":"vs_1","object":"vector_store","status":"in_progress","name":"operations/1"}`))
			}
			d := newDesk(t, perduretest.NewService(t, steps...))
			test.key(d)
			a := d.start(createTask(func(task *perdure.StartTask) { task.FirstSentAt, task.Tries = time.Now().Add(test.ahead), 1 }))
			require.Equal(t, test.state, a.State)
			require.Len(t, d.requests(), test.sent)
		})
	}
}

// withRequestID has the protocol's own form of the key.
func withRequestID(d *desk) {
	var err error
	d.options.Protocols, err = protocol.NewRegistry(google.Protocol{})
	require.NoError(d.t, err)
	d.service.Protocol = choice(google.Name, `{"requestIdField":"requestId"}`)
}
