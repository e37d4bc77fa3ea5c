package activities_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
)

const (
	inProgress = `{"id":"vs_1","object":"vector_store","status":"in_progress"}`
	finished   = `{"id":"vs_1","object":"vector_store","status":"completed","n":1.0}`
)

// createTask is the task to create a vector store.
func createTask(change ...func(*perdure.StartTask)) perdure.StartTask {
	task := perdure.StartTask{
		Input: perdure.OperationInput{Request: &perdure.Request{
			Service: "jobs", Method: "POST", URL: "/vector_stores", Body: perdure.JSONBody(json.RawMessage(`{"name":"x","n":1.0}`)),
		}},
		RunID: runID, FirstRunID: "first-run",
	}
	for _, c := range change {
		c(&task)
	}
	return task
}

func method(m string) func(*perdure.StartTask) {
	return func(task *perdure.StartTask) { task.Input.Request.Method = m }
}

// 2xx: the protocol reads it.
//
//rule:start 1 RFC 9110 section 15.3
//rule:auto 2
func TestStartSendsAndReadsTheAnswer(t *testing.T) {
	svc := perduretest.NewService(t, perduretest.POST("/vector_stores").
		WantBody(`{"name":"x","n":1.0}`).WantHeader("Content-Type", "application/json").WantHeader("X-Name", "v").WantHeader("Prefer", "").
		JSON(http.StatusOK, inProgress).Header("Retry-After", "7"))
	d := newDesk(t, svc)
	d.options.SearchAttributes = func() []string { return []string{perdure.SearchAttributeState} }
	a := d.start(createTask(func(task *perdure.StartTask) {
		task.Input.Request.Headers = map[string][]string{"X-Name": {"v"}}
		task.Input.Polling = &perdure.Polling{IntervalSeconds: 2}
	}))
	require.Equal(t, perdure.StateRunning, a.State)
	require.Equal(t, "jobs", a.Service)
	require.Equal(t, "openai", a.Protocol, "auto has decided")
	require.Equal(t, "vs_1", a.RemoteID)
	require.Equal(t, "in_progress", a.ServiceStatus)
	require.Equal(t, 1, a.Tries)
	require.Zero(t, a.Polls)
	require.Zero(t, a.FirstSentAt, "it was answered")
	require.Nil(t, a.LastError)
	require.Equal(t, 7.0, a.ServiceWaitSeconds)
	require.GreaterOrEqual(t, a.WaitSeconds, 7.0)
	require.LessOrEqual(t, a.WaitSeconds, 7.7)
	require.False(t, a.Durable)
	require.Equal(t, []string{perdure.SearchAttributeState}, a.SearchAttributes)
	require.Equal(t, http.StatusOK, a.Response.Status)
	require.JSONEq(t, inProgress, string(a.Response.Body.JSON))
	require.NotEmpty(t, a.BodyDigest)
	require.Equal(t, a.AsOf, a.Response.ReceivedAt)
	require.True(t, strings.HasPrefix(a.Sealed, "perdure1_"))
	header, _, err := d.options.Keyset.OpenState(a.Sealed)
	require.NoError(t, err)
	require.Equal(t, workflowID, header.WorkflowID)
	require.Equal(t, "openai", header.Protocol)
	require.Equal(t, "jobs", header.Service)
}

//rule:answers 2
//rule:start 1
func TestStartThatHasEndedAtOnce(t *testing.T) {
	for _, test := range []struct {
		name    string
		step    perduretest.Step
		options string // of the location protocol; "": auto
		want    perdure.Answer
	}{
		{"completed", perduretest.POST("/vector_stores").JSON(200, finished), "", perdure.Answer{State: perdure.StateSucceeded, ServiceStatus: "completed", Value: json.RawMessage(finished)}},
		{"plain value", perduretest.POST("/vector_stores").JSON(201, `{"id":7}`), "", perdure.Answer{State: perdure.StateSucceeded, Value: json.RawMessage(`{"id":7}`)}},
		{"plain value that is not JSON", perduretest.POST("/vector_stores").Reply(200).Body("done"), "", perdure.Answer{State: perdure.StateSucceeded, ValueBody: perdure.TextBody("done")}},
		{"no content", perduretest.POST("/vector_stores").Reply(204), "", perdure.Answer{State: perdure.StateSucceeded}},
		{"failed", perduretest.POST("/vector_stores").JSON(200, `{"id":"b","object":"batch","status":"failed","errors":{"data":[{"code":"bad","message":"line 1"}]}}`), "", perdure.Answer{State: perdure.StateFailed, ServiceStatus: "failed", ErrorType: perdure.ErrorOperationFailed}},
		{"canceled", perduretest.POST("/vector_stores").JSON(200, `{"id":"b","object":"batch","status":"cancelled"}`), "", perdure.Answer{State: perdure.StateCanceled, ServiceStatus: "cancelled"}},
		{"its value is elsewhere", perduretest.POST("/vector_stores").Reply(303).Header("Location", "/values/7"), `{}`, perdure.Answer{State: perdure.StateRunning, ServiceStatus: "303"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, perduretest.NewService(t, test.step))
			a := d.start(createTask(func(task *perdure.StartTask) {
				if test.options != "" {
					task.Input.Protocol = &perdure.ProtocolChoice{Name: "location", Options: json.RawMessage(test.options)}
				}
			}))
			require.Equal(t, test.want.State, a.State)
			require.Equal(t, test.want.ServiceStatus, a.ServiceStatus)
			require.Equal(t, string(test.want.Value), string(a.Value))
			require.Equal(t, test.want.ValueBody, a.ValueBody)
			require.Equal(t, test.want.ErrorType, a.ErrorType)
			require.Zero(t, a.WaitSeconds)
			require.False(t, a.Durable)
		})
	}
}

// Any other is `StartRejected`, whatever its headers name.
//
//rule:start 6 -
//rule:start 2
func TestStartThatIsRejected(t *testing.T) {
	for _, test := range []struct {
		name string
		step perduretest.Step
		want perdure.ServiceError
	}{
		{"400", perduretest.POST("/vector_stores").JSON(400, `{"error":{"code":"bad_name","message":"x is taken"}}`), perdure.ServiceError{Code: "bad_name", Message: "x is taken", HTTPStatus: 400}},
		{"409 with polling headers", perduretest.POST("/vector_stores").JSON(409, inProgress).Header("Location", "/vector_stores/vs_1").Header("Operation-Location", "/vector_stores/vs_1").Header("Retry-After", "1"), perdure.ServiceError{Code: "409", Message: "Conflict", HTTPStatus: 409}},
		{"401", perduretest.POST("/vector_stores").Reply(401), perdure.ServiceError{Code: "401", Message: "Unauthorized", HTTPStatus: 401}},
		{"404", perduretest.POST("/vector_stores").Reply(404), perdure.ServiceError{Code: "404", Message: "Not Found", HTTPStatus: 404}},
		{"412", perduretest.POST("/vector_stores").Reply(412), perdure.ServiceError{Code: "412", Message: "Precondition Failed", HTTPStatus: 412}},
		{"501", perduretest.POST("/vector_stores").Reply(501), perdure.ServiceError{Code: "501", Message: "Not Implemented", HTTPStatus: 501}},
		{"redirect", perduretest.POST("/vector_stores").Reply(307).Header("Location", "/elsewhere"), perdure.ServiceError{HTTPStatus: 307}},
		{"see other, to a protocol that does not know it", perduretest.POST("/vector_stores").Reply(303).Header("Location", "/elsewhere"), perdure.ServiceError{HTTPStatus: 303}},
		{"redirect with an object", perduretest.POST("/vector_stores").JSON(302, inProgress).Header("Location", "/elsewhere"), perdure.ServiceError{HTTPStatus: 302}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, perduretest.NewService(t, test.step))
			a := d.start(createTask())
			require.Equal(t, perdure.StateFailed, a.State)
			require.Equal(t, perdure.ErrorStartRejected, a.ErrorType)
			require.Equal(t, test.want.HTTPStatus, a.Error.HTTPStatus)
			if test.want.Code != "" {
				require.Equal(t, test.want.Code, a.Error.Code)
				require.Equal(t, test.want.Message, a.Error.Message)
			}
			require.Equal(t, test.want.HTTPStatus, a.Response.Status)
			require.Empty(t, a.Sealed)
		})
	}
}

// A name that is given wins always: what that protocol cannot read is not tried with
// another.
//
//rule:auto 7 -
func TestStartWhoseAnswerNobodyCanRead(t *testing.T) {
	for _, test := range []struct {
		name, protocol string
		step           perduretest.Step
	}{
		{"not JSON", "openai", perduretest.POST("/vector_stores").Reply(200).Body("<html>")},
		{"no id", "openai", perduretest.POST("/vector_stores").JSON(200, `{"object":"vector_store","status":"in_progress"}`)},
		{"no status", "openai", perduretest.POST("/vector_stores").JSON(200, `{"object":"vector_store","id":"vs_1"}`)},
		{"empty", "openai", perduretest.POST("/vector_stores").Reply(200)},
		{"202 and nowhere to ask", "auto", perduretest.POST("/vector_stores").Reply(202)},
		{"202 without Location", "location", perduretest.POST("/vector_stores").Reply(202)},
		{"a Location that is no URL", "location", perduretest.POST("/vector_stores").Reply(202).Header("Location", "http://[::1")},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, perduretest.NewService(t, test.step))
			a := d.start(createTask(func(task *perdure.StartTask) { task.Input.Protocol = &perdure.ProtocolChoice{Name: test.protocol} }))
			require.Equal(t, perdure.ErrorProtocolViolation, a.ErrorType)
			require.Empty(t, a.State, "it may well run")
			require.NotNil(t, a.Response)
		})
	}
}

func TestStartWhoseAnswerIsTooLarge(t *testing.T) {
	large := `{"x":"` + strings.Repeat("x", 10<<20) + `"}`
	t.Run("for a workflow", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(200, large)))
		a := d.start(createTask())
		require.Equal(t, perdure.StateSucceeded, a.State)
		require.Equal(t, perdure.ErrorResponseTooLarge, a.ErrorType)
		require.Contains(t, a.Error.Message, "1900000")
		require.Contains(t, a.Error.Message, "storage", "what to set")
		require.Empty(t, a.Value)
		require.True(t, a.Response.Truncated)
		require.NotEmpty(t, a.Sealed)
	})
	t.Run("to be read", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(200, large)))
		d.config.Limits.MaxResponseBytes = 1 << 20
		a := d.start(createTask())
		require.Empty(t, a.State, "it may well run")
		require.Equal(t, perdure.ErrorResponseTooLarge, a.ErrorType)
		require.Contains(t, a.Error.Message, "1048576 bytes")
		require.Contains(t, a.Error.Message, "maxResponseBytes")
	})
}

//rule:location 1
func TestStartPrefersAsTheOptionSays(t *testing.T) {
	svc := perduretest.NewService(t,
		perduretest.POST("/vector_stores").WantHeader("Prefer", "respond-async").Reply(202).Header("Location", "jobs/7?sig=1"),
		perduretest.GET("/jobs/7?sig=1").WantHeader("Prefer", "").Reply(202))
	d := newDesk(t, svc)
	a := d.start(createTask(func(task *perdure.StartTask) {
		task.Input.Protocol = &perdure.ProtocolChoice{Name: "location", Options: json.RawMessage(`{"prefer":true}`)}
	}))
	require.Equal(t, perdure.StateRunning, a.State)
	require.Equal(t, perdure.StateRunning, d.poll(perdure.PollTask{State: a.Sealed, Once: true}).State)
}
