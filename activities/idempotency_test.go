package activities_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/perduretest"
)

var places = []struct {
	name  string
	where activities.Idempotency
	key   func(r perduretest.Request) string
}{
	{"header", activities.Idempotency{Header: "idempotency-key"}, func(r perduretest.Request) string { return r.Header.Get("Idempotency-Key") }},
	{"query", activities.Idempotency{Query: "request_id"}, func(r perduretest.Request) string { return r.URL.Query().Get("request_id") }},
	{"body", activities.Idempotency{Body: "requestId"}, func(r perduretest.Request) string {
		var body struct{ RequestID string }
		_ = json.Unmarshal(r.Body, &body)
		return body.RequestID
	}},
	{"repeatability", activities.Idempotency{Form: activities.FormRepeatability}, func(r perduretest.Request) string { return r.Header.Get("Repeatability-Request-ID") }},
	{"operation id", activities.Idempotency{Form: activities.FormOperationID}, func(r perduretest.Request) string { return r.Header.Get("Operation-Id") }},
}

// The key is of the workflow, and never of the attempt, the task or the run.
func TestTheKeyIsTheWorkflows(t *testing.T) {
	seen := map[string]bool{}
	for _, place := range places {
		t.Run(place.name, func(t *testing.T) {
			svc := perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(http.StatusOK, inProgress).Times(4))
			d := newDesk(t, svc)
			d.service.Idempotency = place.where
			d.start(createTask())
			d.again(perdure.Heartbeat{Phase: perdure.PhaseUnsent, Attempt: 7, Tries: 3}).start(createTask(func(task *perdure.StartTask) { task.Tries = 9 }))
			d.start(createTask(func(task *perdure.StartTask) { task.FirstRunID = "another first run" }))
			d.start(createTask(func(task *perdure.StartTask) { task.Input.IdempotencyKey = "the caller's" }))
			sent := svc.Requests()
			key := place.key(sent[0])
			require.NoError(t, uuid.Validate(key))
			require.Equal(t, key, place.key(sent[1]))
			require.NotEqual(t, key, place.key(sent[2]))
			require.Equal(t, "the caller's", place.key(sent[3]))
			seen[key] = true
		})
	}
	require.Len(t, seen, 1, "the same wherever it is put")
}

func TestTheKeyLeavesTheRequestAsItIs(t *testing.T) {
	t.Run("body", func(t *testing.T) {
		svc := perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(http.StatusOK, inProgress))
		d := newDesk(t, svc)
		d.service.Idempotency.Body = "id"
		d.start(createTask(func(task *perdure.StartTask) { task.Input.IdempotencyKey = `a"b` }))
		require.JSONEq(t, `{"name":"x","n":1.0,"id":"a\"b"}`, string(svc.Requests()[0].Body))
		require.Contains(t, string(svc.Requests()[0].Body), `"n":1.0`)
	})
	t.Run("query", func(t *testing.T) {
		svc := perduretest.NewService(t, perduretest.POST("/vector_stores").JSON(http.StatusOK, inProgress))
		d := newDesk(t, svc)
		d.service.Idempotency.Query = "key"
		d.start(createTask(func(task *perdure.StartTask) {
			task.Input.Request.URL, task.Input.IdempotencyKey = "/vector_stores?b=1&a=x+y", "k&1"
		}))
		require.Equal(t, url.Values{"b": {"1"}, "a": {"x y"}, "key": {"k&1"}}, svc.Requests()[0].URL.Query())
	})
	t.Run("an empty body", func(t *testing.T) {
		svc := perduretest.NewService(t, perduretest.POST("/vector_stores").WantJSON(`{"id":"k"}`).JSON(http.StatusOK, inProgress))
		d := newDesk(t, svc)
		d.service.Idempotency.Body = "id"
		d.start(createTask(func(task *perdure.StartTask) { task.Input.Request.Body, task.Input.IdempotencyKey = nil, "k" }))
	})
}

func TestAKeyThatCannotBeSentIsFoundOutFirst(t *testing.T) {
	t.Run("the service does not know one", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t))
		a := d.start(createTask(func(task *perdure.StartTask) { task.Input.IdempotencyKey = "k" }))
		require.Equal(t, perdure.ErrorInvalidInput, a.ErrorType)
		require.Equal(t, perdure.StateFailed, a.State)
		require.Contains(t, a.Error.Message, "idempotencyKey")
	})
	for _, body := range []*perdure.Body{perdure.TextBody("text"), perdure.JSONBody(json.RawMessage(`[1]`)), perdure.JSONBody(json.RawMessage(`null`)), perdure.BytesBody([]byte{0xff})} {
		d := newDesk(t, perduretest.NewService(t))
		d.service.Idempotency.Body = "id"
		a := d.start(createTask(func(task *perdure.StartTask) { task.Input.Request.Body = body }))
		require.Equal(t, perdure.ErrorInvalidInput, a.ErrorType)
		require.Contains(t, a.Error.Message, "request.body")
		require.Empty(t, d.phases())
	}
}

// The start's headers go on the questions after it too, but for those that speak of
// one request: conditions, ranges, preferences, content and keys.
//
//rule:out 4 -
func TestHeadersOfTheStartThatGoOnQuestions(t *testing.T) {
	svc := perduretest.NewService(t,
		perduretest.POST("/vector_stores").JSON(http.StatusOK, inProgress),
		perduretest.GET("/vector_stores/vs_1").JSON(http.StatusOK, inProgress))
	d := newDesk(t, svc)
	d.service.Idempotency.Header = "X-Key"
	d.config.Headers = http.Header{"X-Beta": {"jobs=v2"}}
	one := []string{"If-Match", "Range", "Prefer", "Content-Language", "Idempotency-Key", "X-Idempotency-Key", "Operation-Id", "Repeatability-Request-Id", "x-key"}
	a := d.start(createTask(func(task *perdure.StartTask) {
		task.Input.Request.Headers = map[string][]string{"x-tenant": {"a", "b"}, "Accept": {"application/x"}}
		for _, name := range one {
			task.Input.Request.Headers[name] = []string{"1"}
		}
	}))
	d.poll(perdure.PollTask{State: a.Sealed, Once: true, Headers: map[string][]string{"X-Trace": {"7"}, "accept": {"application/y"}}})
	start, question := svc.Requests()[0].Header, svc.Requests()[1].Header
	require.Equal(t, "1", start.Get("If-Match"))
	require.NotEqual(t, "1", start.Get("X-Key"), "the key is ours")
	for _, name := range one {
		require.Empty(t, question.Values(name), name)
	}
	require.Equal(t, []string{"a", "b"}, question.Values("X-Tenant"))
	require.Equal(t, []string{"7"}, question.Values("X-Trace"))
	require.Equal(t, []string{"application/y"}, question.Values("Accept"))
	require.Equal(t, []string{"jobs=v2"}, question.Values("X-Beta"))
}
