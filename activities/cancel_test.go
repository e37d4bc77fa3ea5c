package activities_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
)

// grace is how long the service is asked to stop.
const grace = 10 * time.Minute

const batch = `{"id":"b/1","object":"batch","status":"in_progress"}`

func (d *desk) cancel(sealed string) perdure.CancelAnswer {
	d.t.Helper()
	var a perdure.CancelAnswer
	require.NoError(d.t, d.run(perdure.ActivityCancel, perdure.CancelTask{State: sealed, GraceSeconds: grace.Seconds()}, &a))
	return a
}

// canceling runs an operation that can be canceled, in a bubble.
func canceling(t *testing.T, f func(d *desk, sealed string), steps ...perduretest.Step) {
	t.Helper()
	svc := perduretest.NewService(t, append([]perduretest.Step{perduretest.POST("/batches").JSON(200, batch)}, steps...)...)
	_ = svc.URL()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, svc)
		a := d.start(createTask(to("/batches"), func(task *perdure.StartTask) {
			task.Input.Request.Headers = map[string][]string{"X-Tenant": {"a"}}
		}))
		require.Equal(t, perdure.StateRunning, a.State)
		f(d, a.Sealed)
	})
}

func stop() perduretest.Step {
	return perduretest.POST("/batches/b%2F1/cancel").WantHeader("X-Tenant", "a")
}

func TestCancelIsAccepted(t *testing.T) {
	for _, step := range []perduretest.Step{stop().JSON(200, batch), stop().Reply(202), stop().Reply(204)} {
		canceling(t, func(d *desk, sealed string) {
			t := d.t
			require.Equal(t, perdure.CancelAnswer{Supported: true, Accepted: new(true)}, d.cancel(sealed))
		}, step)
	}
}

//rule:location 2
func TestCancelIsNotSupported(t *testing.T) {
	t.Run("by the object", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(http.StatusOK, inProgress)))
		require.Equal(t, perdure.CancelAnswer{}, d.cancel(d.start(createTask()).Sealed))
	})
	t.Run("by the protocol without its option", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t, perduretest.POST("/vector_stores").Reply(202).Header("Location", "/jobs/7")))
		require.Equal(t, perdure.CancelAnswer{}, d.cancel(d.start(createTask()).Sealed))
	})
	t.Run("by a state that names nothing", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(200, `{"plain":1}`)))
		require.Equal(t, perdure.CancelAnswer{}, d.cancel(d.start(createTask()).Sealed))
	})
	t.Run("with its option it is", func(t *testing.T) {
		svc := perduretest.NewService(t, perduretest.POST("/vector_stores").Reply(202).Header("Location", "/jobs/7"), perduretest.DELETE("/jobs/7").Reply(204))
		d := newDesk(t, svc)
		require.True(t, *d.cancel(d.start(createTask(protocolOf("location", `{"cancel":"delete"}`))).Sealed).Accepted)
	})
}

// A caller who names what is to be deleted, or that it is to be, has to be allowed to.
//
//rule:location 2
func TestCancelIsHeldAgainstTheAllowList(t *testing.T) {
	const byOption = `{"cancel":"delete"}`
	started := createTask(protocolOf("location", byOption))
	configured := createTask()
	adopted := adoptTask(perdure.Adoption{StatusURL: "/jobs/7"}, protocolOf("location", ``))
	for _, test := range []struct {
		name     string
		task     perdure.StartTask
		services bool // the option is the service's own
		allow    []string
		accepted bool
	}{
		{"by the caller's option", started, false, nil, false},
		{"by the caller's option, and allowed", started, false, []string{"DELETE /jobs/*"}, true},
		{"by the service's option", configured, true, nil, true},
		{"of what the caller named", adopted, true, nil, false},
		{"of what the caller named, and allowed", adopted, true, []string{"DELETE /jobs/*"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var script []perduretest.Step
			if test.task.Input.Adopt == nil {
				script = append(script, perduretest.POST("/vector_stores").Reply(202).Header("Location", "/jobs/7"))
			}
			if test.accepted {
				script = append(script, perduretest.DELETE("/jobs/7").Reply(204))
			}
			d := newDesk(t, perduretest.NewService(t, script...))
			d.config.Allow = append([]string{"POST /vector_stores", "GET /jobs/*"}, test.allow...)
			if test.services {
				d.service.Protocol = choice("location", byOption)
			}
			a := d.cancel(d.start(test.task).Sealed)
			if test.accepted {
				require.True(t, *a.Accepted)
				return
			}
			require.Nil(t, a.Accepted, "the service was not asked")
			require.Equal(t, perdure.ErrorEgressDenied, a.Error.Code)
		})
	}
}

func TestCancelIsRefused(t *testing.T) {
	for _, test := range []struct {
		name string
		step perduretest.Step
		code string
	}{
		{"409", stop().JSON(409, `{"error":{"code":"TooLate"}}`), "TooLate"},
		{"404, after its grace", stop().Reply(404), "404"},
		{"401", stop().Reply(401), "401"},
		{"redirect", stop().Reply(307).Header("Location", "/elsewhere"), "307"},
	} {
		t.Run(test.name, func(t *testing.T) {
			canceling(t, func(d *desk, sealed string) {
				t := d.t
				time.Sleep(time.Minute)
				begin := time.Now()
				a := d.cancel(sealed)
				require.True(t, a.Supported)
				require.False(t, *a.Accepted)
				require.Equal(t, test.code, a.Error.Code)
				require.Zero(t, time.Since(begin), "it is not asked again")
			}, test.step)
		})
	}
}

func TestCancelIsAskedAgainWhereThatMayHelp(t *testing.T) {
	for _, test := range []struct {
		name string
		step perduretest.Step
		code string
	}{
		{"503", stop().Reply(503), "503"},
		{"500", stop().Reply(500), "500"},
		{"no answer", stop().Drop(), "NoAnswer"},
	} {
		t.Run(test.name+", accepted at last", func(t *testing.T) {
			canceling(t, func(d *desk, sealed string) {
				t := d.t
				begin := time.Now()
				require.True(t, *d.cancel(sealed).Accepted)
				at := d.stamps.since(begin)[1:]
				around(t, time.Second, at[1])
				around(t, 2*time.Second, at[2]-at[1])
			}, test.step.Times(2), stop().Reply(200))
		})
		t.Run(test.name+", until the grace is over", func(t *testing.T) {
			canceling(t, func(d *desk, sealed string) {
				t := d.t
				begin := time.Now()
				a := d.cancel(sealed)
				require.True(t, a.Supported)
				require.Nil(t, a.Accepted, "the service has not said")
				require.Equal(t, test.code, a.Error.Code)
				require.LessOrEqual(t, time.Since(begin), grace)
				require.Greater(t, time.Since(begin), grace-34*time.Second, "until no request fits in")
			}, test.step.AnyTimes())
		})
	}
	t.Run("404, within its grace", func(t *testing.T) {
		canceling(t, func(d *desk, sealed string) {
			t := d.t
			begin := time.Now()
			require.True(t, *d.cancel(sealed).Accepted)
			at := d.stamps.since(begin)[1:]
			around(t, 5*time.Second, at[1])
			around(t, 5*time.Second, at[2]-at[1])
		}, stop().Reply(404).Times(2), stop().Reply(200))
	})
	t.Run("404, until its grace is over", func(t *testing.T) {
		canceling(t, func(d *desk, sealed string) {
			t := d.t
			begin := time.Now()
			require.False(t, *d.cancel(sealed).Accepted)
			require.InDelta(t, time.Minute.Seconds(), time.Since(begin).Seconds(), 6)
		}, stop().Reply(404).AnyTimes())
	})
	t.Run("as long as the service asks for", func(t *testing.T) {
		canceling(t, func(d *desk, sealed string) {
			t := d.t
			begin := time.Now()
			require.True(t, *d.cancel(sealed).Accepted)
			around(t, 40*time.Second, d.stamps.since(begin)[2])
		}, stop().Reply(503).Header("Retry-After", "40"), stop().Reply(200))
	})
}

// What was not answered yet must not look like an answer: the zero answer says that the
// service knows no cancel, which ends the operation.
func TestCancelThatIsBrokenOffIsNoAnswer(t *testing.T) {
	t.Run("the worker drains", func(t *testing.T) {
		canceling(t, func(d *desk, sealed string) {
			t := d.t
			done := d.drained()
			time.AfterFunc(500*time.Millisecond, func() { close(done) })
			err := d.run(perdure.ActivityCancel, perdure.CancelTask{State: sealed}, new(perdure.CancelAnswer))
			require.Error(t, err)
			require.True(t, retryable(t, err), "another worker asks")
		}, stop().Reply(503))
	})
	t.Run("the workflow says to stop", func(t *testing.T) {
		canceling(t, func(d *desk, sealed string) {
			t := d.t
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(500*time.Millisecond, cancel)
			d.under(ctx)
			err := d.run(perdure.ActivityCancel, perdure.CancelTask{State: sealed}, new(perdure.CancelAnswer))
			require.ErrorContains(t, err, context.Canceled.Error(), "it is canceled, and has not failed")
		}, stop().Reply(503))
	})
	t.Run("the workflow has named no grace", func(t *testing.T) {
		canceling(t, func(d *desk, sealed string) {
			t := d.t
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			d.under(ctx)
			begin := time.Now()
			require.Error(t, d.run(perdure.ActivityCancel, perdure.CancelTask{State: sealed}, new(perdure.CancelAnswer)))
			require.Equal(t, 5*time.Minute, time.Since(begin))
		}, stop().Reply(503).AnyTimes())
	})
}

// After a cancel was asked for, 410 from the monitor, or 404 after its grace, is the end:
// the operation is canceled where the DELETE was accepted, else nobody knows.
//
//rule:location 2a RFC 9110 section 9.3.5
func TestAMonitorThatIsGone(t *testing.T) {
	const byDelete = `{"cancel":"delete"}`
	gone := func(status int) []perduretest.Step {
		return []perduretest.Step{perduretest.GET("/jobs/7").Reply(status)}
	}
	for _, test := range []struct {
		name    string
		options string
		polls   []perduretest.Step
		want    bool
	}{
		{"410", byDelete, gone(410), true},
		{"404", byDelete, gone(404), true},
		{"another refusal", byDelete, gone(403), false},
		{"without the option", ``, gone(410), false},
		{"of the value", byDelete, []perduretest.Step{
			perduretest.GET("/jobs/7").Reply(303).Header("Location", "/values/7"), perduretest.GET("/values/7").Reply(410),
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			started := perduretest.POST("/vector_stores").Reply(202).Header("Location", "/jobs/7")
			d := newDesk(t, perduretest.NewService(t, append([]perduretest.Step{started}, test.polls...)...))
			a := d.start(createTask(protocolOf("location", test.options), func(task *perdure.StartTask) {
				task.Input.Polling = &perdure.Polling{IntervalSeconds: 0.01, NotFoundGraceSeconds: new(0.0)}
			}))
			a = d.poll(perdure.PollTask{State: a.Sealed, Known: perdure.Known{ServiceStatus: a.ServiceStatus, News: a.News}})
			require.Equal(t, perdure.ErrorPollRejected, a.ErrorType)
			require.Equal(t, test.want, a.Gone)
		})
	}
	t.Run("where cancel is another request", func(t *testing.T) {
		canceling(t, func(d *desk, sealed string) {
			a := d.poll(perdure.PollTask{State: sealed})
			require.Equal(d.t, perdure.ErrorPollRejected, a.ErrorType)
			require.False(d.t, a.Gone)
		}, perduretest.GET("/batches/b%2F1").Reply(410))
	})
}
