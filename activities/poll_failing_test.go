package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
)

// 408, 429, 500, 502, 503, 504, or none: the same question again. Only the operation's
// own timeout ends this.
//
//rule:later 3 RFC 9110 sections 15.5.9 and 15.6; RFC 6585 section 4
func TestTransientAnswersEndNothing(t *testing.T) {
	done := get(200, finished)
	for _, test := range []struct {
		name string
		step perduretest.Step
		code string
	}{
		{"408", get(408, ``), "408"},
		{"429", get(429, ``), "429"},
		{"500", get(500, `<html>`), "500"},
		{"502", get(502, ``), "502"},
		{"503", get(503, `{"error":{"code":"Busy"}}`), "Busy"},
		{"504", get(504, ``), "504"},
		//rule:openai 2a
		{"409, which this protocol retries", get(409, ``), "409"},
		{"dropped", perduretest.GET("/vector_stores/vs_1").Drop(), "NoAnswer"},
		{"dropped in its body", get(200, finished).DropAfter(3), "NoAnswer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, []perduretest.Step{test.step.Times(8), done}, func(d *desk) {
				t := d.t
				d.options.Watch.Threshold = time.Minute
				task := d.watched(every(1))
				task.Known.Error = &perdure.ServiceError{Code: test.code}
				begin := time.Now()
				a := d.poll(task)
				require.Equal(t, perdure.StateSucceeded, a.State)
				require.Equal(t, 9, a.Polls)
				require.Nil(t, a.LastError)
				at := d.stamps.since(begin)[1:]
				// After an error, or no answer: what the service asks for and at least
				// your interval, else 1 s, doubling to 30 s.
				//
				//rule:wait 7 -
				for i, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} { // its own backoff
					require.GreaterOrEqual(t, at[i+1]-at[i], want*time.Second)
					require.LessOrEqual(t, at[i+1]-at[i], want*time.Second*121/100+100*time.Millisecond) // the pause of a 429 has its own jitter
				}
			})
		})
	}
}

// A service that is down for days is asked at the longest wait, and not at the shortest
// again after each wait that was a timer's.
//
//rule:wait 7
func TestTheWaitAfterFailuresDoesNotBeginAnew(t *testing.T) {
	for _, test := range []struct {
		name      string
		threshold time.Duration
		waited    float64
		want      time.Duration
	}{
		{"after a timer", 20 * time.Second, 0, 30 * time.Second},
		{"after a timer, of a worker that leaves shorter waits to them", 1500 * time.Millisecond, 0, 4 * time.Second},
		{"in the middle of a short wait", time.Second / 2, 0.1, time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, []perduretest.Step{get(503, ``)}, func(d *desk) {
				t := d.t
				d.options.Watch.Threshold = test.threshold
				task := d.watched(every(1))
				task.Known.Error, task.WaitSeconds = &perdure.ServiceError{Code: "503"}, test.waited
				a := d.poll(task)
				require.True(t, a.Durable)
				around(t, test.want, time.Duration(a.WaitSeconds*float64(time.Second)))
			})
		})
	}
}

//rule:later 3
//rule:wait 7
func TestAServiceThatCannotBeAskedIsNewsAfterAWhile(t *testing.T) {
	inBubble(t, []perduretest.Step{get(503, `{"error":{"code":"Busy","message":"later"}}`).Times(3)}, func(d *desk) {
		t := d.t
		begin := time.Now()
		a := d.poll(d.watched(every(1)))
		require.InDelta(t, 5, time.Since(begin).Seconds(), 0.01)
		require.Empty(t, a.State, "nothing was said of the operation")
		require.Empty(t, a.ErrorType)
		require.Equal(t, "Busy", a.LastError.Error.Code)
		require.Equal(t, "later", a.LastError.Error.Message)
		require.Equal(t, 503, a.Response.Status)
		require.Equal(t, 3, a.Polls)
		require.Zero(t, a.AsOf)
	})
	inBubble(t, []perduretest.Step{get(503, ``).Header("Retry-After", "60")}, func(d *desk) {
		t := d.t
		a := d.poll(d.watched(every(1)))
		require.True(t, a.Durable, "too long to wait in process")
		require.GreaterOrEqual(t, a.WaitSeconds, 60.0)
		require.Equal(t, 60.0, a.ServiceWaitSeconds)
		require.NotNil(t, a.LastError)
	})
	inBubble(t, []perduretest.Step{get(200, store("in_progress", 0))}, func(d *desk) {
		t := d.t
		task := d.watched(every(9))
		task.Known.Error = &perdure.ServiceError{Code: "Busy"}
		begin := time.Now()
		a := d.poll(task)
		require.Equal(t, 5*time.Second, time.Since(begin), "so is one that can be asked again")
		require.Nil(t, a.LastError)
		require.Equal(t, perdure.StateRunning, a.State)
	})
}

// 404, within `notFoundGraceSeconds` (60) of the start's answer, of the adoption, or
// of the operation's end for its value: not there yet. It is asked again after what
// the service asks for, where that counts after an answer, and at least your interval;
// else after the interval and at most 5 s.
//
//rule:later 5 -
func TestNotFoundIsNotThereYetForAWhile(t *testing.T) {
	for _, test := range []struct {
		name    string
		polling perdure.Polling
		asked   string // Retry-After of the 404
		each    time.Duration
		polls   int
	}{
		{"the default", perdure.Polling{IntervalSeconds: 30}, "", 5 * time.Second, 13},
		{"a short interval", perdure.Polling{IntervalSeconds: 2, NotFoundGraceSeconds: new(9.0)}, "", 2 * time.Second, 6},
		{"none", perdure.Polling{IntervalSeconds: 2, NotFoundGraceSeconds: new(0.0)}, "", 0, 1},
		{"the service's word", perdure.Polling{IntervalSeconds: 2, NotFoundGraceSeconds: new(20.0)}, "12", 12 * time.Second, 3},
		{"the service's word, below the caller's floor", perdure.Polling{IntervalSeconds: 9, NotFoundGraceSeconds: new(20.0)}, "3", 9 * time.Second, 4},
		{"the service's word, ignored", perdure.Polling{IntervalSeconds: 2, NotFoundGraceSeconds: new(9.0), IgnoreRetryAfter: new(true)}, "4", 2 * time.Second, 6},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, []perduretest.Step{get(404, `{"code":"NoSuchStore"}`).Header("Retry-After", test.asked).AnyTimes()}, func(d *desk) {
				t := d.t
				task := d.watched(&test.polling)
				task.Known.Error = &perdure.ServiceError{Code: "NoSuchStore"}
				begin := time.Now()
				a := d.poll(task)
				require.Equal(t, perdure.ErrorPollRejected, a.ErrorType)
				require.Empty(t, a.State)
				require.Equal(t, "NoSuchStore", a.Error.Code)
				require.Equal(t, http.StatusNotFound, a.Error.HTTPStatus)
				require.InDelta(t, test.polls, a.Polls, 1.01)
				at := d.stamps.since(begin)[1:]
				for i := range at[1:] {
					around(t, test.each, at[i+1]-at[i])
				}
			})
		})
	}
	t.Run("and then it is there", func(t *testing.T) {
		inBubble(t, []perduretest.Step{get(404, ``).Times(3), get(200, finished)}, func(d *desk) {
			t := d.t
			a := d.poll(d.watched(every(1)))
			require.Equal(t, perdure.StateSucceeded, a.State)
			require.Nil(t, a.LastError)
		})
	})
	t.Run("gone, long after the start", func(t *testing.T) {
		inBubble(t, []perduretest.Step{get(404, ``)}, func(d *desk) {
			t := d.t
			task := d.watched(every(1))
			time.Sleep(time.Minute)
			require.Equal(t, perdure.ErrorPollRejected, d.poll(task).ErrorType)
		})
	})
}

// The grace counts anew for the value, which may be elsewhere.
//
//rule:later 5
//rule:location 1e
func TestAValueThatIsNotThereYet(t *testing.T) {
	svc := perduretest.NewService(t,
		perduretest.POST("/vector_stores").Reply(202).Header("Location", "/jobs/7"),
		perduretest.GET("/jobs/7").Reply(303).Header("Location", "/values/7"),
		perduretest.GET("/values/7").Reply(404).Times(2),
		perduretest.GET("/values/7").JSON(200, `{"n":1.0}`),
		perduretest.GET("/jobs/7").Reply(303).Header("Location", "/values/7"),
		perduretest.GET("/values/7").Reply(403))
	d := newDesk(t, svc)
	a := d.start(createTask(func(task *perdure.StartTask) { task.Input.Polling = every(0.01) }))
	require.Equal(t, "location", a.Protocol)
	task := perdure.PollTask{State: a.Sealed, Polling: every(0.01), Known: perdure.Known{ServiceStatus: a.ServiceStatus, News: a.News}}
	a = d.poll(task)
	require.Equal(t, perdure.StateSucceeded, a.State)
	require.Equal(t, `{"n":1.0}`, string(a.Value))
	require.Equal(t, 4, a.Polls)

	a = d.poll(task)
	require.Equal(t, perdure.ErrorPollRejected, a.ErrorType)
	require.Equal(t, perdure.StateSucceeded, a.State, "the service's word; the value is missing")
	require.Equal(t, "303", a.ServiceStatus)
	require.NotEmpty(t, a.Sealed, "to ask for the value again")
}

func TestAnActivityThatLacksSomethingIsRetried(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(http.StatusOK, store("in_progress", 0))))
	task := d.watched(every(1))
	other := newDesk(t, perduretest.NewService(t))
	for _, test := range []struct {
		name string
		desk *desk
		task perdure.PollTask
		want string
	}{
		{"the key", other, task, "key"},
		{"a state that was changed", d, perdure.PollTask{State: tampered(task.State)}, "open the operation's state"},
		{"no state", d, perdure.PollTask{}, "open the operation's state"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, name := range []string{perdure.ActivityPoll, perdure.ActivityCancel} {
				err := test.desk.run(name, test.task, new(perdure.Answer))
				require.ErrorContains(t, err, test.want)
				require.True(t, retryable(t, err))
			}
		})
	}
	t.Run("the service", func(t *testing.T) {
		d.config.Name = "renamed"
		err := d.runAs("renamed", perdure.ActivityPoll, task, new(perdure.Answer))
		require.ErrorContains(t, err, `service "jobs" is not in this worker's configuration`)
		require.True(t, retryable(t, err))
	})
}
