package activities_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/perdure-dev/perdure/perduretest"
)

func openAIProtocol() openai.Protocol { return openai.Protocol{} }

// moving is an operation by Location whose monitor moves on with each answer.
func moving(t *testing.T, f func(d *desk, task perdure.PollTask), steps ...perduretest.Step) {
	t.Helper()
	svc := perduretest.NewService(t, append([]perduretest.Step{perduretest.POST("/vector_stores").Reply(202).Header("Location", "/jobs/1")}, steps...)...)
	_ = svc.URL()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, svc)
		a := d.start(createTask(func(task *perdure.StartTask) { task.Input.Polling = every(2) }))
		f(d, perdure.PollTask{State: a.Sealed, Polling: every(2), Known: perdure.Known{ServiceStatus: a.ServiceStatus, News: a.News, Body: a.BodyDigest}})
	})
}

func accepted(n string) perduretest.Step {
	return perduretest.GET("/jobs/" + n).Reply(202)
}

func TestAHeartbeatIsTakenUp(t *testing.T) {
	moving(t, func(d *desk, task perdure.PollTask) {
		t := d.t
		stop := d.drained()
		time.AfterFunc(3*time.Second, func() { close(stop) }) // between two questions
		a := d.poll(task)
		require.NotEqual(t, task.State, a.Sealed)
		require.NotEmpty(t, a.Sealed)

		// The worker died, and the last heartbeat said this:
		hb := perdure.Heartbeat{
			Phase: perdure.PhaseWatching, Sealed: a.Sealed, Polls: a.Polls, NextPollAt: time.Now().Add(1500 * time.Millisecond).UTC(),
			LastPolledAt: a.LastPolledAt,
		}
		d.again(hb)
		begin := time.Now()
		b := d.poll(task)
		require.Equal(t, perdure.StateSucceeded, b.State)
		require.Equal(t, a.Polls+1, b.Polls, "counted on")
		require.Equal(t, 1500*time.Millisecond, time.Since(begin))
		require.NotEmpty(t, b.Sealed, "the workflow has the older state still")
	}, accepted("1").Header("Location", "/jobs/2"), accepted("2"), perduretest.GET("/jobs/2").JSON(200, `1`))
}

func TestAHeartbeatOfAnotherAttempt(t *testing.T) {
	failing := perdure.TimedError{At: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), Error: perdure.ServiceError{Code: "503"}}
	for _, test := range []struct {
		name string
		hb   any
		wait time.Duration
	}{
		{"with its next question in the past", perdure.Heartbeat{Phase: perdure.PhaseWatching, Polls: 4, NextPollAt: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)}, 0},
		{"with its next question far away", perdure.Heartbeat{Phase: perdure.PhaseWatching, Polls: 4, NextPollAt: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)}, 20 * time.Second},
		{"without", perdure.Heartbeat{Phase: perdure.PhaseWatching, Polls: 4}, 9 * time.Second},
		{"that nobody can read", "garbage", 9 * time.Second},
		{"of something else", perdure.Heartbeat{Phase: perdure.PhaseUnsent, Polls: 4}, 9 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, []perduretest.Step{get(200, finished)}, func(d *desk) {
				t := d.t
				task := d.watched(every(2))
				task.WaitSeconds = 9
				begin := time.Now()
				a := d.again(test.hb).poll(task)
				require.Equal(t, test.wait, time.Since(begin))
				want := 1
				if hb, ok := test.hb.(perdure.Heartbeat); ok && hb.Phase == perdure.PhaseWatching {
					want += hb.Polls
				}
				require.Equal(t, want, a.Polls)
			})
		})
	}
	t.Run("that drains before it asks", func(t *testing.T) {
		inBubble(t, nil, func(d *desk) {
			t := d.t
			task := d.watched(every(2))
			d.again(perdure.Heartbeat{Phase: perdure.PhaseWatching, Polls: 4, LastError: &failing})
			close(d.drained())
			a := d.poll(task)
			require.Equal(t, 4, a.Polls)
			require.Equal(t, failing, *a.LastError)
		})
	})
}

func TestTheStateIsSealedAnewOnlyWhereItMust(t *testing.T) {
	running := get(200, store("in_progress", 0))
	once := func(task perdure.PollTask) perdure.PollTask { task.Once = true; return task }
	t.Run("not for nothing", func(t *testing.T) {
		inBubble(t, []perduretest.Step{running}, func(d *desk) {
			t := d.t
			require.Empty(t, d.poll(once(d.watched(every(2)))).Sealed)
		})
	})
	t.Run("when the polling was replaced", func(t *testing.T) {
		inBubble(t, []perduretest.Step{running.Times(2)}, func(d *desk) {
			t := d.t
			task := once(d.watched(every(2)))
			task.Polling = every(3)
			a := d.poll(task)
			require.NotEmpty(t, a.Sealed)
			task.State = a.Sealed
			require.Empty(t, d.poll(task).Sealed)
		})
	})
	t.Run("when a quarter of the lifetime has passed", func(t *testing.T) {
		inBubble(t, []perduretest.Step{running.Times(3)}, func(d *desk) {
			t := d.t
			d.options.TokenLifetime = 40 * time.Minute
			task := once(d.watched(every(2)))
			time.Sleep(10 * time.Minute)
			require.Empty(t, d.poll(task).Sealed)
			time.Sleep(2 * time.Second)
			a := d.poll(task)
			require.NotEmpty(t, a.Sealed)
			header, _, err := d.options.Keyset.OpenState(a.Sealed)
			require.NoError(t, err)
			require.Equal(t, time.Now().Unix(), header.IssuedAt.Unix())
			task.State = a.Sealed
			require.Empty(t, d.poll(task).Sealed)
		})
	})
	t.Run("when the key has rotated", func(t *testing.T) {
		inBubble(t, []perduretest.Step{running.Times(2)}, func(d *desk) {
			t := d.t
			task := once(d.watched(every(2)))
			id, err := d.options.Keyset.Rotate()
			require.NoError(t, err)
			a := d.poll(task)
			header, _, err := d.options.Keyset.OpenState(a.Sealed)
			require.NoError(t, err)
			require.Equal(t, id, header.KeyID)
			task.State = a.Sealed
			require.Empty(t, d.poll(task).Sealed)
		})
	})
	t.Run("when the service says where else to ask", func(t *testing.T) {
		moving(t, func(d *desk, task perdure.PollTask) {
			t := d.t
			a := d.poll(once(task))
			require.NotEmpty(t, a.Sealed)
			task.State = a.Sealed
			require.Empty(t, d.poll(once(task)).Sealed)
		}, accepted("1").Header("Location", "/jobs/2"), accepted("2"))
	})
}

func TestABodyThatTheWorkflowHasIsLeftOut(t *testing.T) {
	inBubble(t, []perduretest.Step{get(200, store("in_progress", 0)).Times(2), get(202, store("in_progress", 0)), get(200, store("in_progress", 1))}, func(d *desk) {
		t := d.t
		task := d.watched(every(2))
		task.Once, task.Known.Body = true, ""
		a := d.poll(task)
		require.False(t, a.SameBody)
		require.NotNil(t, a.Response.Body)

		task.Known.Body = a.BodyDigest
		a = d.poll(task)
		require.True(t, a.SameBody)
		require.Nil(t, a.Response.Body)
		require.Equal(t, http.StatusOK, a.Response.Status, "the rest is told")
		require.Equal(t, task.Known.Body, a.BodyDigest)

		require.False(t, d.poll(task).SameBody, "another status")
		require.False(t, d.poll(task).SameBody, "another body")
	})
}

// A status longer than what is told of it is not news each time.
func TestALongStatusIsNotNewsEachTime(t *testing.T) {
	long := store(strings.Repeat("x", 300), 0)
	inBubble(t, []perduretest.Step{get(200, long), get(200, long).Times(3), get(200, finished)}, func(d *desk) {
		t := d.t
		task := d.watched(every(1))
		a := d.poll(task)
		require.Len(t, a.ServiceStatus, 255)
		task.Known.ServiceStatus, task.Known.News = a.ServiceStatus, a.News
		require.Equal(t, perdure.StateSucceeded, d.poll(task).State)
	})
}
