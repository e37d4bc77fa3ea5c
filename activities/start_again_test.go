package activities_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
)

func post(status int) perduretest.Step { return perduretest.POST("/vector_stores").Reply(status) }

func withKey(d *desk) { d.service.Idempotency.Header = "Idempotency-Key" }

// 429; 503 with Retry-After; a status that the configuration lists in `notStarted`:
// nothing was started, and it is sent again, after the wait that the service asks for.
//
//rule:start 3 RFC 6585 section 4; RFC 9110 section 15.6.4
func TestAnswersThatSayThatNothingWasStarted(t *testing.T) {
	for _, test := range []struct {
		name   string
		step   perduretest.Step
		config func(*desk)
		code   string
		least  float64 // of the wait
	}{
		{"429", post(429), nil, "429", 1},
		{"429 with Retry-After", post(429).Header("Retry-After", "90"), nil, "429", 90},
		{"429 with milliseconds", post(429).Header("Retry-After-Ms", "2500"), nil, "429", 2.5},
		{"503 with Retry-After", post(503).Header("Retry-After", "3"), nil, "503", 3},
		{"503 with a date", post(503).Header("Retry-After", time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)), nil, "503", 58},
		{"a status of the service's configuration", post(503), func(d *desk) { d.service.NotStarted = []int{502, 503} }, "503", 1},
		{"the caller's floor", post(429).Header("Retry-After", "3"), nil, "429", 40},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, perduretest.NewService(t, test.step))
			if test.config != nil {
				test.config(d)
			}
			a := d.start(createTask(func(task *perdure.StartTask) {
				if test.least == 40 {
					task.Input.Polling = &perdure.Polling{IntervalSeconds: 40}
				}
			}))
			require.Equal(t, perdure.StateStarting, a.State)
			require.Equal(t, test.code, a.LastError.Error.Code)
			require.Zero(t, a.FirstSentAt, "nothing was started")
			require.Equal(t, 1, a.Tries)
			require.GreaterOrEqual(t, a.WaitSeconds, test.least-0.5)
			require.LessOrEqual(t, a.WaitSeconds, 1.1*(test.least+2)) // a date has no fractions
			require.Equal(t, test.least > 20, a.Durable)
			require.Equal(t, []string{perdure.PhaseSending, perdure.PhaseUnsent}, d.phases())
		})
	}
}

// 408, any other 5xx but 501, and no answer where a byte may have left: something may
// have been started. It is sent again under an idempotency key that still counts, or
// for PUT and DELETE; else the start is ambiguous.
//
//rule:start 4 RFC 9110 section 9.2.2: PUT and DELETE are idempotent; - for the rest
func TestAnswersThatLeaveItOpen(t *testing.T) {
	for _, test := range []struct {
		name string
		step perduretest.Step
	}{
		{"500", post(500)},
		{"502", post(502)},
		{"503 without Retry-After", post(503)},
		{"504", post(504)},
		{"408", post(408)},
		// No object is known to honour an idempotency key on create: without one, a
		// lost answer is ambiguous.
		//
		//rule:openai 4 OAI
		{"no answer", perduretest.POST("/vector_stores").Drop()},
		{"not even read", perduretest.POST("/vector_stores").DropUnread()},
		{"half an answer", perduretest.POST("/vector_stores").JSON(200, inProgress).DropAfter(10)},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, perduretest.NewService(t, test.step))
			before := time.Now()
			a := d.start(createTask())
			require.Equal(t, perdure.StateAmbiguous, a.State, "at once: no use in waiting")
			require.WithinRange(t, a.FirstSentAt, before, time.Now())
			require.NotNil(t, a.LastError)
			require.Equal(t, 1, a.Tries)
			require.Equal(t, []string{perdure.PhaseSending}, d.phases(), "and nothing takes it back")
			require.Len(t, d.svc.Requests(), 1)
		})
		t.Run(test.name+" under a live key", func(t *testing.T) {
			d := newDesk(t, perduretest.NewService(t, test.step))
			withKey(d)
			a := d.start(createTask())
			require.Equal(t, perdure.StateStarting, a.State, "to be sent again")
			require.NotZero(t, a.FirstSentAt)
			require.Equal(t, []string{perdure.PhaseSending}, d.phases())
		})
		t.Run(test.name+" of a PUT", func(t *testing.T) {
			step := perduretest.PUT("/vector_stores").JSON(http.StatusOK, finished)
			d := newDesk(t, perduretest.NewService(t, step))
			a := d.start(createTask(method("PUT"), func(task *perdure.StartTask) { task.FirstSentAt = time.Now().Add(-time.Hour) }))
			require.Equal(t, perdure.StateSucceeded, a.State)
		})
	}
}

// Any other 4xx, or 501, to a repeat of what may have been delivered before says
// nothing of the first: ambiguous.
//
//rule:start 5 -
func TestAnswersToARepeatThatMayHaveBeenDeliveredBefore(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		want   perdure.State
	}{
		{"not found", 404, perdure.StateAmbiguous},
		{"conflict", 409, perdure.StateAmbiguous},
		{"gone", 410, perdure.StateAmbiguous},
		{"precondition failed", 412, perdure.StateAmbiguous},
		{"unauthorized", 401, perdure.StateAmbiguous},
		{"forbidden", 403, perdure.StateAmbiguous},
		{"bad request", 400, perdure.StateAmbiguous},
		{"not implemented", 501, perdure.StateAmbiguous},
		{"too many requests", 429, perdure.StateStarting},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, perduretest.NewService(t, perduretest.PUT("/vector_stores").JSON(test.status, `{"code":"Said","message":"so"}`)))
			sent := time.Now().Add(-time.Minute).UTC()
			a := d.start(createTask(method("PUT"), func(task *perdure.StartTask) { task.FirstSentAt, task.Tries = sent, 1 }))
			require.Equal(t, test.want, a.State)
			require.Equal(t, sent, a.FirstSentAt, "that one stays open")
			require.Equal(t, "Said", a.LastError.Error.Code)
			if test.want == perdure.StateAmbiguous {
				require.Equal(t, test.status, a.Response.Status)
			}
			for _, phase := range d.phases() {
				require.Equal(t, perdure.PhaseSending, phase, "a 429 to the repeat does not take the first back")
			}
		})
	}
	t.Run("refused on our side", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t))
		d.config.AllowPrivateNetwork = false
		a := d.start(createTask(method("PUT"), func(task *perdure.StartTask) { task.FirstSentAt = time.Now() }))
		require.Equal(t, perdure.StateAmbiguous, a.State)
		require.Equal(t, perdure.ErrorEgressDenied, a.LastError.Error.Code)
	})
}

func TestARequestThatIsRefusedOnOurSide(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t))
	d.config.AllowPrivateNetwork = false
	a := d.start(createTask())
	require.Equal(t, perdure.StateFailed, a.State)
	require.Equal(t, perdure.ErrorEgressDenied, a.ErrorType)
	require.Equal(t, []string{perdure.PhaseSending, perdure.PhaseUnsent}, d.phases())
}

// Once a failure is known to the workflow, the activity goes on by itself.
//
//rule:start 3
func TestAStartIsSentAgainInProcess(t *testing.T) {
	svc := perduretest.NewService(t,
		post(429).Header("Retry-After", "10"), post(503).Header("Retry-After", "10"), // the pause of the whole service passes with it
		perduretest.POST("/vector_stores").JSON(http.StatusOK, inProgress))
	_ = svc.URL()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, svc)
		begin := time.Now()
		known := func(code string) func(*perdure.StartTask) {
			return func(task *perdure.StartTask) { task.KnownError = &perdure.ServiceError{Code: code} }
		}
		a := d.start(createTask(known("429")))
		require.Equal(t, perdure.StateStarting, a.State, "503 is news")
		require.Equal(t, 2, a.Tries)
		require.Equal(t, []string{perdure.PhaseSending, perdure.PhaseUnsent, perdure.PhaseSending, perdure.PhaseUnsent}, d.phases())
		require.NotEqual(t, d.recorded[0].FirstSentAt, d.recorded[2].FirstSentAt, "nothing was sent before")
		at := d.stamps.since(begin)
		require.Zero(t, at[0])
		require.GreaterOrEqual(t, at[1], 10*time.Second)
		require.LessOrEqual(t, at[1], 11*time.Second)

		a = d.again(d.recorded[3]).start(createTask(known("503")))
		require.Equal(t, perdure.StateRunning, a.State)
		require.Equal(t, 3, a.Tries)
	})
}

//rule:start 4
func TestARepeatUnderAKeyIsTheSameRequest(t *testing.T) {
	svc := perduretest.NewService(t,
		perduretest.POST("/vector_stores").Drop(), perduretest.POST("/vector_stores").Drop(),
		perduretest.POST("/vector_stores").JSON(http.StatusOK, inProgress))
	_ = svc.URL()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, svc)
		d.service.Idempotency.Form = "repeatability"
		begin := time.Now()
		a := d.start(createTask(func(task *perdure.StartTask) { task.KnownError = &perdure.ServiceError{Code: "NoAnswer"} }))
		require.Equal(t, perdure.StateRunning, a.State)
		require.Equal(t, 3, a.Tries)
		at := d.stamps.since(begin)
		require.GreaterOrEqual(t, at[1], time.Second)
		require.LessOrEqual(t, at[1], 1100*time.Millisecond)
		require.GreaterOrEqual(t, at[2]-at[1], 2*time.Second)
		require.LessOrEqual(t, at[2]-at[1], 2200*time.Millisecond)
		for _, r := range svc.Requests() {
			require.Equal(t, svc.Requests()[0].Header, r.Header, "the first sending included")
			require.Equal(t, svc.Requests()[0].Body, r.Body)
		}
		require.Equal(t, []string{perdure.PhaseSending, perdure.PhaseSending, perdure.PhaseSending}, d.phases())
		require.Equal(t, begin.UTC(), d.recorded[2].FirstSentAt)
	})
}

// A key whose window passes while the start is repeated counts as none.
//
//rule:start 4
func TestARepeatEndsWithTheKeysWindow(t *testing.T) {
	svc := perduretest.NewService(t, post(500).AnyTimes())
	_ = svc.URL()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, svc)
		withKey(d)
		d.service.Idempotency.Window = time.Minute
		d.options.Watch.Threshold = time.Hour
		begin := time.Now()
		a := d.start(createTask(func(task *perdure.StartTask) { task.KnownError = &perdure.ServiceError{Code: "500"} }))
		require.Equal(t, perdure.StateAmbiguous, a.State)
		at := d.stamps.since(begin)
		require.Less(t, at[len(at)-1], time.Minute)
		require.Greater(t, len(at), 3)
		require.Equal(t, begin.UTC(), a.FirstSentAt)
	})
}

// Waiting for the service's turn counts too: a key may die meanwhile.
//
//rule:start 4
func TestAKeyThatDiesWhileTheTurnIsAwaitedIsNotUsed(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t, perduretest.POST("/vector_stores").Drop()))
	d.config.Limits.RequestsPerSecond = 0.5 // the second turn comes after 2 s
	withKey(d)
	d.service.Idempotency.Window = 1500 * time.Millisecond
	a := d.start(createTask(func(task *perdure.StartTask) {
		task.KnownError = &perdure.ServiceError{Code: "NoAnswer"} // no news: it is sent again in process
	}))
	require.Equal(t, perdure.StateAmbiguous, a.State)
	require.Len(t, d.svc.Requests(), 1)
}
