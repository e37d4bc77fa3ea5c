package activities_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/tokens"
)

// affine runs an operation of a service that sets cookies, in a bubble: a 202 with the
// cookie aff=1, and what comes after it.
func affine(t *testing.T, f func(d *desk, a perdure.Answer), steps ...perduretest.Step) {
	t.Helper()
	started := perduretest.POST("/vector_stores").Reply(202).Header("Location", "/jobs/7").Header("Set-Cookie", "aff=1").WantHeader("Cookie", "")
	svc := perduretest.NewService(t, append([]perduretest.Step{started}, steps...)...)
	_ = svc.URL()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, svc)
		d.config.StickyCookies = true
		f(d, d.start(createTask(protocolOf("location", `{"cancel":"delete"}`))))
	})
}

// with is a step whose request has this Cookie header.
func with(cookie string, s perduretest.Step) perduretest.Step { return s.WantHeader("Cookie", cookie) }

func job() perduretest.Step { return perduretest.GET("/jobs/7").Reply(202) }

//rule:out 8
func TestCookiesGoThroughTheOperation(t *testing.T) {
	affine(t, func(d *desk, a perdure.Answer) {
		t := d.t
		once := func(sealed string) perdure.Answer { return d.poll(perdure.PollTask{State: sealed, Once: true}) }
		b := once(once(a.Sealed).Sealed)
		c := once(b.Sealed)
		require.Empty(t, c.Sealed, "it was not changed, and is not sealed anew")
		canceled := d.cancel(b.Sealed)
		require.True(t, *canceled.Accepted)
		end := once(once(canceled.Sealed).Sealed)
		require.Equal(t, perdure.StateSucceeded, end.State)
		require.JSONEq(t, `{"ok":true}`, string(end.Value))
	},
		with("aff=1", job().Reply(503).Header("Set-Cookie", "aff=2; Path=/").Header("Set-Cookie", "short=1; Max-Age=60")),
		with("short=1; aff=2", job().Header("Set-Cookie", "short=; Max-Age=0")),
		with("aff=2", job()),
		with("aff=2", perduretest.DELETE("/jobs/7").Reply(204).Header("Set-Cookie", "stop=1; Path=/")),
		with("aff=2; stop=1", job().Reply(303).Header("Location", "/values/7")),
		with("aff=2; stop=1", perduretest.GET("/values/7").JSON(200, `{"ok":true}`)))
}

func TestCookiesSurviveTheWorker(t *testing.T) {
	affine(t, func(d *desk, a perdure.Answer) {
		t := d.t
		b := d.poll(perdure.PollTask{State: a.Sealed, Once: true})
		hb := perdure.Heartbeat{Phase: perdure.PhaseWatching, Sealed: b.Sealed, Polls: 1}
		require.Equal(t, perdure.StateSucceeded, d.again(hb).poll(perdure.PollTask{State: a.Sealed}).State)
	}, with("aff=1", job().Header("Set-Cookie", "new=1; Path=/")), with("aff=1; new=1", job().JSON(200, `{}`)))
}

func TestCookiesAreInTheToken(t *testing.T) {
	affine(t, func(d *desk, a perdure.Answer) {
		taken := d.start(perdure.StartTask{Input: perdure.OperationInput{Token: a.Sealed}, RunID: runID})
		require.Equal(d.t, perdure.StateSucceeded, d.poll(perdure.PollTask{State: taken.Sealed, Once: true}).State)
	}, with("aff=1", job().JSON(200, `{}`)))
}

func TestACookieExpiresBetweenTwoQuestions(t *testing.T) {
	affine(t, func(d *desk, a perdure.Answer) {
		b := d.poll(perdure.PollTask{State: a.Sealed, Once: true})
		time.Sleep(time.Minute)
		require.Equal(d.t, perdure.StateSucceeded, d.poll(perdure.PollTask{State: b.Sealed, Once: true}).State)
	}, with("aff=1", job().Header("Set-Cookie", "aff=2; Path=/; Max-Age=60")), with("", job().JSON(200, `{}`)))
}

// A cookie that comes with a request to stop which is made again goes with the next.
func TestARepeatedRequestToStopHasItsCookies(t *testing.T) {
	affine(t, func(d *desk, a perdure.Answer) {
		refused := d.cancel(a.Sealed)
		require.Equal(d.t, "409", refused.Error.Code)
		require.NotEmpty(d.t, refused.Sealed)
		require.Empty(d.t, d.cancel(refused.Sealed).Sealed, "as it was")
	},
		with("aff=1", perduretest.DELETE("/jobs/7").Reply(503).Header("Set-Cookie", "stop=1; Path=/")),
		with("aff=1; stop=1", perduretest.DELETE("/jobs/7").Reply(409)),
		with("aff=1; stop=1", perduretest.DELETE("/jobs/7").Reply(204)))
}

//rule:out 8
func TestCookiesAreNotShared(t *testing.T) {
	started := perduretest.POST("/vector_stores").JSON(http.StatusOK, inProgress).Header("Set-Cookie", "aff=1")
	t.Run("between operations", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t, with("", started).Times(2), with("aff=1", get(200, finished))))
		d.config.StickyCookies = true
		d.start(createTask())
		a := d.start(createTask())
		d.poll(perdure.PollTask{State: a.Sealed, Once: true})
	})
	t.Run("with an operation that others started", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t, with("", get(200, store("in_progress", 0)).Header("Set-Cookie", "aff=1")), with("aff=1", get(200, finished))))
		d.config.StickyCookies = true
		a := d.start(adoptTask(perdure.Adoption{Operation: "vs_1", Collection: "/vector_stores"}))
		a = d.poll(perdure.PollTask{State: a.Sealed, Once: true})
		d.poll(perdure.PollTask{State: a.Sealed, Once: true})
	})
	t.Run("where they are not sticky", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t, with("", started), with("", get(200, store("in_progress", 0))), with("", get(200, finished))))
		a := d.start(createTask())
		_, plain, err := d.options.Keyset.OpenState(a.Sealed)
		require.NoError(t, err)
		require.NotContains(t, string(plain), "aff")
		d.poll(perdure.PollTask{State: a.Sealed, Once: true})
		d.poll(perdure.PollTask{State: a.Sealed, Once: true})
	})
	t.Run("where they are not sticky any more", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t, started, with("", get(200, finished))))
		d.config.StickyCookies = true
		a := d.start(createTask())
		d.config.StickyCookies = false
		d.poll(perdure.PollTask{State: a.Sealed, Once: true})
	})
}

// An answer that starts nothing may set a cookie: it goes with the request that is sent
// again, whoever sends that.
func TestCookiesOfAStartThatIsSentAgain(t *testing.T) {
	busy := post(429).Header("Set-Cookie", "aff=1").Header("Retry-After-Ms", "10")
	started := perduretest.POST("/vector_stores").JSON(http.StatusOK, inProgress)
	known := func(task *perdure.StartTask) { task.KnownError = &perdure.ServiceError{Code: "429"} }
	for _, test := range []struct {
		name  string
		steps []perduretest.Step
		play  func(d *desk) perdure.Answer
	}{
		{"by the same activity", []perduretest.Step{with("", busy), with("aff=1", started)}, func(d *desk) perdure.Answer {
			return d.start(createTask(known))
		}},
		{"by the workflow's next", []perduretest.Step{with("", busy), with("aff=1", started)}, func(d *desk) perdure.Answer {
			a := d.start(createTask())
			require.Equal(d.t, perdure.StateStarting, a.State)
			return d.start(createTask(func(task *perdure.StartTask) { task.Sealed = a.Sealed }))
		}},
		{"by one who takes over from a worker that died", []perduretest.Step{with("", busy), with("aff=1", started)}, func(d *desk) perdure.Answer {
			d.start(createTask())
			require.Equal(d.t, perdure.PhaseUnsent, d.recorded[1].Phase)
			return d.again(d.recorded[1]).start(createTask())
		}},
		{"by one who takes over a repeat under a key", []perduretest.Step{with("", post(500).Header("Set-Cookie", "aff=1")), with("aff=1", post(500).Header("Retry-After-Ms", "10")), with("aff=1", started)}, func(d *desk) perdure.Answer {
			withKey(d)
			a := d.start(createTask())
			again := createTask(known, func(task *perdure.StartTask) {
				task.FirstSentAt, task.Tries, task.Sealed = a.FirstSentAt, a.Tries, a.Sealed
			})
			b := d.start(again)
			require.Empty(d.t, b.Sealed, "as the task has it")
			return d.again(d.recorded[len(d.recorded)-1]).start(again)
		}},
		{"after a person's word", []perduretest.Step{with("", post(500).Header("Set-Cookie", "aff=1")), with("aff=1", started)}, func(d *desk) perdure.Answer {
			a := d.start(createTask())
			require.Equal(d.t, perdure.StateAmbiguous, a.State)
			return d.start(createTask(func(task *perdure.StartTask) { task.Again, task.Sealed = true, a.Sealed }))
		}},
		{"and taken back", []perduretest.Step{with("", busy), with("aff=1", busy.Header("Set-Cookie", "aff=; Max-Age=0")), with("", started.Header("Set-Cookie", "aff=1"))}, func(d *desk) perdure.Answer {
			a := d.start(createTask())
			b := d.start(createTask(func(task *perdure.StartTask) { task.Sealed = a.Sealed }))
			require.NotEmpty(d.t, b.Sealed, "that there are none")
			return d.start(createTask(func(task *perdure.StartTask) { task.Sealed = b.Sealed }))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			svc := perduretest.NewService(t, append(slices.Clone(test.steps), with("aff=1", get(200, finished)))...)
			_ = svc.URL()
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, svc)
				d.config.StickyCookies = true
				a := test.play(d)
				require.Equal(t, perdure.StateRunning, a.State)
				require.Equal(t, perdure.StateSucceeded, d.again(nil).poll(perdure.PollTask{State: a.Sealed, Once: true}).State)
			})
		})
	}
}

// A start does not wait for a worker that can read its cookies.
func TestAStartGoesWithoutCookiesThatCannotBeRead(t *testing.T) {
	started := perduretest.POST("/vector_stores").JSON(http.StatusOK, inProgress)
	left := func(t *testing.T, step perduretest.Step) (*desk, perdure.StartTask) {
		t.Helper()
		d := newDesk(t, perduretest.NewService(t, post(429).Header("Set-Cookie", "aff=1").Header("Retry-After-Ms", "10"), step))
		d.config.StickyCookies = true
		return d, createTask(func(task *perdure.StartTask) { task.Sealed = d.start(*task).Sealed })
	}
	t.Run("here", func(t *testing.T) {
		d, task := left(t, with("", started))
		keyset, err := tokens.NewKeyset()
		require.NoError(t, err)
		d.options.Keyset = keyset
		require.Equal(t, perdure.StateRunning, d.start(task).State)
	})
	t.Run("of another service", func(t *testing.T) {
		d, task := left(t, with("", started))
		d.config.Name, task.Input.Request.Service = "renamed", "renamed"
		var a perdure.Answer
		require.NoError(t, d.runAs("renamed", perdure.ActivityStart, task, &a))
		require.Equal(t, perdure.StateRunning, a.State)
	})
	t.Run("that are none", func(t *testing.T) {
		d, task := left(t, with("", started))
		task.Sealed = "perdure1_"
		require.Equal(t, perdure.StateRunning, d.start(task).State)
	})
}

func TestCookiesOfALostStart(t *testing.T) {
	lost := post(500).Header("Set-Cookie", "aff=1")
	t.Run("that is looked up", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t, lost,
			with("aff=1", look().JSON(200, `{"data":[{"id":"vs_1"}]}`).Header("Set-Cookie", "found=1")), with("aff=1; found=1", get(200, finished))))
		d.config.StickyCookies = true
		d.service.Lookup = &activities.Lookup{Method: "GET", URL: "/vector_stores?tag={key}", Found: "data[0].id", Body: "metadata.perdure"}
		d.service.Protocol = choice("openai", `{}`)
		a := d.start(createTask())
		require.Equal(t, perdure.StateSucceeded, d.poll(perdure.PollTask{State: a.Sealed, Once: true}).State)
	})
	t.Run("that a person found", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t, lost, with("aff=1", get(200, finished))))
		d.config.StickyCookies = true
		a := d.start(createTask(protocolOf("openai", `{}`)))
		require.Equal(t, perdure.StateAmbiguous, a.State)
		a = d.start(createTask(protocolOf("openai", `{}`), func(task *perdure.StartTask) {
			task.Adopt, task.Sealed = &perdure.Adoption{Operation: "vs_1", Collection: "/vector_stores"}, a.Sealed
		}))
		require.Equal(t, perdure.StateSucceeded, d.poll(perdure.PollTask{State: a.Sealed, Once: true}).State)
	})
}

// Whatever sets it, a cookie's value is in nothing that goes to the server.
func TestCookiesAreSealed(t *testing.T) {
	canary := func(s perduretest.Step) perduretest.Step { return s.Header("Set-Cookie", "aff=canary; Path=/") }
	affine(t, func(d *desk, a perdure.Answer) {
		t := d.t
		d.recorded, d.beats = nil, nil
		said := []any{a}
		for _, code := range []string{"", "429"} {
			said = append(said, d.start(createTask(func(task *perdure.StartTask) { task.KnownError = &perdure.ServiceError{Code: code} })))
		}
		b := d.poll(perdure.PollTask{State: a.Sealed, Once: true})
		said = append(said, b, d.cancel(b.Sealed), d.poll(perdure.PollTask{State: b.Sealed, Polling: every(1)}))
		for _, hb := range append(d.recorded, d.beats...) {
			said = append(said, hb)
		}
		sealed := 0
		for _, what := range said {
			raw, err := json.Marshal(what)
			require.NoError(t, err)
			require.NotContains(t, string(raw), "canary", "%T", what)
			sealed += strings.Count(string(raw), "perdure1_")
		}
		require.GreaterOrEqual(t, sealed, 5, "it is there, sealed")
	},
		canary(post(429).Header("Retry-After-Ms", "10")), canary(post(500)),
		canary(job()), canary(perduretest.DELETE("/jobs/7").Reply(204)), canary(job().JSON(403, `{}`)))
}
