package activities_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/perduretest"
)

// lost runs a start whose answer is lost, at a service where it can be looked up.
func lost(t *testing.T, found string, f func(d *desk), steps ...perduretest.Step) {
	t.Helper()
	known(t, found, f, append([]perduretest.Step{perduretest.POST("/vector_stores").Drop()}, steps...)...)
}

// known runs f at a service where a start can be looked up.
func known(t *testing.T, found string, f func(d *desk), steps ...perduretest.Step) {
	t.Helper()
	svc := perduretest.NewService(t, steps...)
	_ = svc.URL()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, svc)
		d.service.Lookup = &activities.Lookup{Method: "GET", URL: "/vector_stores?tag={key}", Found: found, Body: "metadata.perdure"}
		require.NoError(t, d.service.Lookup.Check())
		d.service.Protocol = choice("openai", `{}`)
		f(d)
	})
}

func look() perduretest.Step {
	return perduretest.GET("/vector_stores").Want(func(r perduretest.Request) error {
		if r.URL.Query().Get("tag") == "" {
			return errors.New("no key")
		}
		return nil
	})
}

// A lost start is found by the `lookup` of the service's configuration, where the
// object takes a tag, such as an entry of its `metadata`.
//
//rule:openai 4a -
func TestALostStartIsFound(t *testing.T) {
	for _, test := range []struct{ name, answer, found, id, question string }{
		{"by its id", `{"data":[{"id":"vs_1"}]}`, "data[0].id", "vs_1", "/vector_stores/vs_1"},
		{"by a number", `{"data":[{"id":1234567890}]}`, "data[0].id", "1234567890", "/vector_stores/1234567890"},
		{"by its status monitor", `{"data":[{"self":"/vector_stores/vs_1"}]}`, "data[0].self", "vs_1", "/vector_stores/vs_1"},
		{"by the key in the answer", `[{"id":"a","key":"other"},{"id":"b","key":"k\\'1"}]`, "[?key=='{key}'].id | [0]", "b", "/vector_stores/b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			lost(t, test.found, func(d *desk) {
				t := d.t
				a := d.start(createTask(func(task *perdure.StartTask) { task.Input.IdempotencyKey = `k\'1` }))
				require.Equal(t, perdure.StateRunning, a.State)
				require.Equal(t, test.id, a.RemoteID)
				require.Nil(t, a.LastError)
				require.Equal(t, 1, a.Tries)
				sent := d.svc.Requests()
				require.JSONEq(t, `{"name":"x","n":1.0,"metadata":{"perdure":"k\\'1"}}`, string(sent[0].Body))
				require.Equal(t, `k\'1`, sent[1].URL.Query().Get("tag"))
				d.poll(perdure.PollTask{State: a.Sealed, Once: true})
			}, look().JSON(200, test.answer), perduretest.GET(test.question).JSON(200, finished))
		})
	}
}

// What is found is the service's word, as in the start's answer: no caller asked for it.
func TestWhatIsFoundIsNotHeldAgainstTheAllowList(t *testing.T) {
	lost(t, "found", func(d *desk) {
		t := d.t
		d.config.Allow = []string{"POST /vector_stores"}
		a := d.start(createTask())
		require.Equal(t, perdure.StateRunning, a.State)
		require.Equal(t, perdure.StateSucceeded, d.poll(perdure.PollTask{State: a.Sealed, Once: true}).State)
	}, look().JSON(200, `{"found":"/operations/7"}`), perduretest.GET("/operations/7").JSON(200, finished))
	t.Run("but for what a caller's option makes of it", func(t *testing.T) {
		lost(t, "found", func(d *desk) {
			t := d.t
			d.config.Allow = []string{"POST /vector_stores"}
			a := d.start(createTask(protocolOf("openai", `{"statusURL":"/users/{id}"}`)))
			require.Equal(t, perdure.StateAmbiguous, a.State)
			require.Equal(t, perdure.ErrorEgressDenied, a.LastError.Error.Code)
		}, look().JSON(200, `{"found":"vs_1"}`))
	})
}

// A URL of another service of the configuration does not get that one asked.
func TestWhatIsFoundStaysAtItsService(t *testing.T) {
	other := perduretest.NewService(t)
	lost(t, "found", func(d *desk) {
		t := d.t
		s, err := transport.NewService(transport.Config{Name: "other", BaseURL: other.URL(), AllowPrivateNetwork: true})
		require.NoError(t, err)
		d.others = map[string]*activities.Service{"other": {Service: s, Protocol: choice("openai", `{}`)}}
		a := d.start(createTask(func(task *perdure.StartTask) {
			task.Input.Request.Service, task.Input.Request.URL = "", d.svc.URL()+"/vector_stores"
		}))
		a = d.poll(perdure.PollTask{State: a.Sealed, Once: true})
		require.Equal(t, perdure.ErrorEgressDenied, a.ErrorType)
		require.Empty(t, other.Requests())
	}, look().JSON(200, `{"found":"`+other.URL()+`/operations/7"}`))
}

func TestAKeyThatLeadsElsewhere(t *testing.T) {
	for _, key := range []string{".", ".."} {
		d := newDesk(t, perduretest.NewService(t))
		d.service.Lookup = &activities.Lookup{Method: "GET", URL: "/starts/{key}", Found: "id", Body: "metadata.perdure"}
		require.NoError(t, d.service.Lookup.Check())
		a := d.start(createTask(func(task *perdure.StartTask) { task.Input.IdempotencyKey = key }))
		require.Equal(t, perdure.ErrorInvalidInput, a.ErrorType)
		require.Contains(t, a.Error.Message, "idempotencyKey: has a dot segment")
		require.Zero(t, a.Tries)
	}
}

func TestALostStartThatIsNotThereIsSentAgain(t *testing.T) {
	for _, answer := range []perduretest.Step{look().JSON(200, `{"data":[]}`), look().JSON(200, `{"data":null}`), look().Reply(404)} {
		lost(t, "data[0].id", func(d *desk) {
			t := d.t
			begin := time.Now()
			a := d.start(createTask())
			require.Equal(t, perdure.StateRunning, a.State)
			require.Equal(t, 2, a.Tries)
			at := d.stamps.since(begin)
			again := at[len(at)-1]
			require.GreaterOrEqual(t, again, time.Minute, "services are eventually consistent")
			require.LessOrEqual(t, again, 66*time.Second)
			require.Equal(t, d.svc.Requests()[0].Body, d.svc.Requests()[len(at)-1].Body)
		}, answer.AnyTimes(), perduretest.POST("/vector_stores").JSON(http.StatusOK, inProgress))
	}
}

// What was asked within the grace says nothing of what is there after it, however late
// the answer is.
func TestALookUpThatIsAnsweredAfterTheGrace(t *testing.T) {
	lost(t, "data[0].id", func(d *desk) {
		t := d.t
		d.config.Credential = slow{d.stamps}
		a := d.start(createTask(func(task *perdure.StartTask) {
			task.Input.Polling = &perdure.Polling{NotFoundGraceSeconds: new(20.0)}
		}))
		require.Equal(t, perdure.StateRunning, a.State)
		require.Equal(t, "vs_1", a.RemoteID)
		require.Equal(t, 1, a.Tries)
	}, look().JSON(200, `{"data":[]}`), look().JSON(200, `{"data":[{"id":"vs_1"}]}`))
}

// What the look-up cannot tell is not "it did not arrive".
func TestALookUpThatTellsNothing(t *testing.T) {
	for _, test := range []struct {
		name string
		step perduretest.Step
	}{
		{"refused", look().Reply(403)},
		{"not JSON", look().Reply(200).Body("<html>")},
		{"something else than an id", look().JSON(200, `{"data":[{"id":{}}]}`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			lost(t, "data[0].id", func(d *desk) {
				t := d.t
				a := d.start(createTask())
				require.Equal(t, perdure.StateAmbiguous, a.State)
				require.NotNil(t, a.LastError)
				require.NotZero(t, a.FirstSentAt)
			}, test.step)
		})
	}
	t.Run("the service is away", func(t *testing.T) {
		lost(t, "data[0].id", func(d *desk) {
			t := d.t
			stop := d.drained()
			time.AfterFunc(5*time.Minute, func() { close(stop) })
			a := d.start(createTask())
			require.Equal(t, perdure.StateStarting, a.State, "for as long as it takes")
			require.NotZero(t, a.FirstSentAt)
			require.Equal(t, "503", a.LastError.Error.Code)
			require.Equal(t, 1, a.Tries)
		}, look().Reply(503).AnyTimes())
	})
	t.Run("no credential for a while", func(t *testing.T) {
		lost(t, "data[0].id", func(d *desk) {
			t := d.t
			begin := time.Now()
			d.config.Credential = flaky{d.stamps, begin.Add(time.Millisecond), begin.Add(5 * time.Minute)}
			a := d.start(createTask())
			require.Equal(t, perdure.StateRunning, a.State)
			require.Equal(t, "vs_1", a.RemoteID)
			require.GreaterOrEqual(t, time.Since(begin), 5*time.Minute)
		}, look().JSON(200, `{"data":[{"id":"vs_1"}]}`))
	})
}

// A repeat that is refused says nothing of the request before it. What may have been
// delivered is looked up, where the service can be asked.
func TestARefusedRepeatIsLookedUp(t *testing.T) {
	repeat := func(task *perdure.StartTask) { task.FirstSentAt, task.Tries = time.Now(), 1 }
	put := func(status int) perduretest.Step {
		return perduretest.PUT("/vector_stores").JSON(status, `{"code":"Said"}`)
	}
	t.Run("and found", func(t *testing.T) {
		known(t, "data[0].id", func(d *desk) {
			t := d.t
			a := d.start(createTask(method("PUT"), repeat))
			require.Equal(t, perdure.StateRunning, a.State)
			require.Equal(t, "vs_1", a.RemoteID)
		}, put(409), look().JSON(200, `{"data":[{"id":"vs_1"}]}`))
	})
	t.Run("and is not there: what is refused then was refused before", func(t *testing.T) {
		known(t, "data[0].id", func(d *desk) {
			t := d.t
			a := d.start(createTask(method("PUT"), repeat, func(task *perdure.StartTask) {
				task.KnownError = &perdure.ServiceError{Code: "Said"} // no news: it is sent again in process
			}))
			require.Equal(t, perdure.StateFailed, a.State)
			require.Equal(t, perdure.ErrorStartRejected, a.ErrorType)
			require.Equal(t, "Said", a.Error.Code)
		}, put(409), look().JSON(200, `{"data":[]}`).AnyTimes(), put(409))
	})
	t.Run("and cannot be told", func(t *testing.T) {
		known(t, "data[0].id", func(d *desk) {
			t := d.t
			a := d.start(createTask(method("PUT"), repeat))
			require.Equal(t, perdure.StateAmbiguous, a.State)
			require.Equal(t, 409, a.Response.Status, "what the service said last of the start")
		}, put(409), look().Reply(403))
	})
}

// flaky is a credential that cannot be had for a while, for a reason of its own.
type flaky struct {
	*stamps
	from, to time.Time
}

func (f flaky) Apply(ctx context.Context, r *http.Request) error {
	if now := time.Now(); now.After(f.from) && now.Before(f.to) || r.Method == http.MethodGet && now.Before(f.to) {
		return errors.New("the token endpoint is away")
	}
	return f.stamps.Apply(ctx, r)
}

// slow is a credential that takes its time for a look-up.
type slow struct{ *stamps }

func (s slow) Apply(ctx context.Context, r *http.Request) error {
	if r.Method == http.MethodGet {
		time.Sleep(30 * time.Second) // of the bubble
	}
	return s.stamps.Apply(ctx, r)
}
