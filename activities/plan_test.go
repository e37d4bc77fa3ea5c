package activities_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
)

func protocolOf(name, options string) func(*perdure.StartTask) {
	return func(task *perdure.StartTask) {
		task.Input.Protocol = &perdure.ProtocolChoice{Name: name, Options: json.RawMessage(options)}
	}
}

func to(url string) func(*perdure.StartTask) {
	return func(task *perdure.StartTask) { task.Input.Request.URL = url }
}

// What only a worker can check is checked before anything is sent.
func TestWhatTheWorkerRefuses(t *testing.T) {
	for _, test := range []struct {
		name      string
		change    func(*perdure.StartTask)
		errorType string
		want      string // in the message
	}{
		{"an unknown service", func(task *perdure.StartTask) { task.Input.Request.Service = "other" }, perdure.ErrorInvalidInput, `"other" is not in the worker's configuration`},
		{"what the service does not allow", to("/users"), perdure.ErrorEgressDenied, "POST /users"},
		{"another method", method("DELETE"), perdure.ErrorEgressDenied, "DELETE /vector_stores"},
		{"another origin", to("https://elsewhere.test/vector_stores"), perdure.ErrorEgressDenied, "https://elsewhere.test"},
		{"a secret header", func(task *perdure.StartTask) {
			task.Input.Request.Headers = map[string][]string{"x-session": {"canary"}}
		}, perdure.ErrorInvalidInput, "request.headers.x-session"},
		{"a header that gets around the allow list", func(task *perdure.StartTask) {
			task.Input.Request.Headers = map[string][]string{"X-HTTP-Method-Override": {"DELETE"}}
		}, perdure.ErrorInvalidInput, "request.headers.X-HTTP-Method-Override"},
		{"an unknown protocol", protocolOf("soap", ``), perdure.ErrorInvalidInput, `protocol.name: "soap" is unknown`},
		{"an unknown option", protocolOf("openai", `{"statusUrl":"/x/{id}"}`), perdure.ErrorInvalidInput, "protocol.options.statusUrl: unknown field"},
		{"an option of the wrong kind", protocolOf("location", `{"prefer":"yes"}`), perdure.ErrorInvalidInput, "protocol.options.prefer"},
		{"options of auto", protocolOf("auto", `{"prefer":true}`), perdure.ErrorInvalidInput, "protocol.options.prefer"},
		{"options that are no object", protocolOf("openai", `[1]`), perdure.ErrorInvalidInput, "protocol.options"},
		{"an input that is wrong", func(task *perdure.StartTask) { task.Input.TimeoutSeconds = -1 }, perdure.ErrorInvalidInput, "timeoutSeconds"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, perduretest.NewService(t))
			d.config.Allow = []string{"POST /vector_stores"}
			d.config.SecretHeaders = []string{"X-Session"}
			d.options.SearchAttributes = func() []string { return []string{perdure.SearchAttributeState} }
			a := d.start(createTask(test.change))
			require.Equal(t, perdure.StateFailed, a.State)
			require.Equal(t, test.errorType, a.ErrorType)
			require.Contains(t, a.Error.Message, test.want)
			require.NotContains(t, a.Error.Message, "canary")
			require.Equal(t, []string{perdure.SearchAttributeState}, a.SearchAttributes)
			require.Zero(t, a.Tries)
			require.Empty(t, d.phases())
		})
	}
}

func TestTheServiceIsFoundByTheURL(t *testing.T) {
	svc := perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(200, inProgress))
	d := newDesk(t, svc)
	a := d.start(createTask(to(svc.URL()+"/vector_stores"), func(task *perdure.StartTask) { task.Input.Request.Service = "" }))
	require.Equal(t, "jobs", a.Service)
	require.Equal(t, perdure.StateRunning, a.State)
}

// The caller's options go over the service's where both mean the same protocol.
func TestProtocolsOptionsAreMerged(t *testing.T) {
	for _, test := range []struct {
		name    string
		service *perdure.ProtocolChoice
		callers *perdure.ProtocolChoice
		answer  string
		next    string // the question that follows
	}{
		{"the service's", choice("openai", `{"statusURL":"/s/{id}","statusField":"state"}`), nil, `{"id":"1","state":"queued"}`, "GET /s/1"},
		{"the caller's over it", choice("openai", `{"statusURL":"/s/{id}","statusField":"state"}`), choice("openai", `{"statusURL":"/c/{id}"}`), `{"id":"1","state":"queued"}`, "GET /c/1"},
		{"the caller's options alone", choice("openai", `{"statusURL":"/s/{id}","statusField":"state"}`), choice("", `{"statusURL":"/c/{id}"}`), `{"id":"1","state":"queued"}`, "GET /c/1"},
		{"neither of them", choice("openai", `{"statusURL":"/s/{id}"}`), choice("", ``), `{"id":"1","status":"queued"}`, "GET /s/1"},
		{"the caller's without options", choice("openai", `{"statusURL":"/s/{id}"}`), choice("openai", ``), `{"id":"1","status":"queued"}`, "GET /s/1"},
		{"the caller's alone", nil, choice("openai", `{"statusURL":"/c/{id}"}`), `{"id":"1","status":"queued"}`, "GET /c/1"},
		{"another protocol of the caller's", choice("location", `{"prefer":true}`), choice("openai", ``), `{"id":"1","status":"queued"}`, "GET /vector_stores/1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, path, _ := strings.Cut(test.next, " ")
			svc := perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(200, test.answer), perduretest.GET(path).JSON(200, test.answer))
			d := newDesk(t, svc)
			d.service.Protocol = test.service
			a := d.start(createTask(func(task *perdure.StartTask) { task.Input.Protocol = test.callers }))
			require.Equal(t, "openai", a.Protocol)
			require.Equal(t, perdure.StateRunning, a.State)
			d.poll(perdure.PollTask{State: a.Sealed, Once: true})
			require.Equal(t, test.next, d.requests()[1])
		})
	}
}

func choice(name, options string) *perdure.ProtocolChoice {
	return &perdure.ProtocolChoice{Name: name, Options: json.RawMessage(options)}
}

// A URL that comes from an option of the caller's, or from an adoption, is held
// against `allow`; one that the service names is not.
//
//rule:out 5 -
func TestAURLInACallersOptionIsHeldAgainstTheAllowList(t *testing.T) {
	allow := []string{"POST /vector_stores", "GET /vector_stores/*", "POST /vector_stores/*/cancel"}
	t.Run("the status URL", func(t *testing.T) {
		svc := perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(200, inProgress))
		d := newDesk(t, svc)
		d.config.Allow = allow
		a := d.start(createTask(protocolOf("openai", `{"statusURL":"/users/{id}"}`)))
		require.Equal(t, perdure.StateRunning, a.State)
		a = d.poll(perdure.PollTask{State: a.Sealed, Once: true})
		require.Equal(t, perdure.ErrorEgressDenied, a.ErrorType)
		require.Contains(t, a.Error.Message, "GET /users/vs_1")
	})
	t.Run("the cancel URL", func(t *testing.T) {
		svc := perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(200, inProgress))
		d := newDesk(t, svc)
		d.config.Allow = allow
		a := d.start(createTask(protocolOf("openai", `{"cancelURL":"/users/{id}"}`)))
		var c perdure.CancelAnswer
		require.NoError(t, d.run(perdure.ActivityCancel, perdure.CancelTask{State: a.Sealed}, &c))
		require.True(t, c.Supported)
		require.Nil(t, c.Accepted, "the service was not asked")
		require.Equal(t, perdure.ErrorEgressDenied, c.Error.Code)
	})
	t.Run("the service's own option is the configuration's word", func(t *testing.T) {
		svc := perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(200, inProgress), perduretest.GET("/users/vs_1").JSON(200, finished))
		d := newDesk(t, svc)
		d.config.Allow = allow
		d.service.Protocol = choice("openai", `{"statusURL":"/users/{id}"}`)
		a := d.start(createTask(protocolOf("openai", `{"cancelURL":"/vector_stores/{id}/cancel"}`)))
		require.Equal(t, perdure.StateSucceeded, d.poll(perdure.PollTask{State: a.Sealed, Once: true}).State)
	})
}

// What the service names itself is held against its origins.
//
//rule:out 1
func TestAMonitorElsewhereIsNotFollowed(t *testing.T) {
	svc := perduretest.NewService(t, perduretest.POST("/vector_stores").Reply(202).Header("Location", "https://169.254.169.254/latest"))
	d := newDesk(t, svc)
	a := d.start(createTask())
	require.Equal(t, perdure.StateRunning, a.State)
	a = d.poll(perdure.PollTask{State: a.Sealed})
	require.Equal(t, perdure.ErrorEgressDenied, a.ErrorType)
	require.Empty(t, a.State)
	require.Contains(t, a.Error.Message, "169.254.169.254")
}
