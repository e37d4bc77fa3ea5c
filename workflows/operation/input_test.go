package operation_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

func TestWrongInputFailsAndNamesTheField(t *testing.T) {
	for _, test := range []struct {
		name  string
		input []any
		want  string // in the message
	}{
		{"none", nil, "request: is missing"},
		{"null", []any{nil}, "request: is missing"},
		{"empty object", raw(`{}`), "request: is missing"},
		{"no object", raw(`"garbage"`), "is a JSON string, want an object"},
		{"no JSON", []any{[]byte("\x00garbage")}, "is not JSON"},
		{"the state of a run before", append(raw(`{"request":{"service":"jobs","method":"POST","url":"/j"}}`), map[string]any{"sealed": "canary"}), "arguments: are two, want one: the input"},
		{"unknown field", raw(`{"request":{"service":"jobs","method":"POST","url":"/j"},"pollling":{}}`), "pollling: unknown field"},
		{"unknown field below", raw(`{"request":{"service":"jobs","method":"POST","url":"/j","verb":"x"}}`), "verb: unknown field"},
		{"wrong kind", raw(`{"request":{"service":"jobs","method":"POST","url":"/j"},"timeoutSeconds":"5"}`), "timeoutSeconds: is a JSON string, want a number"},
		{"request and token", raw(`{"request":{"service":"jobs","method":"POST","url":"/j"},"token":"perdure1_a"}`), "token: is set beside request"},
		{"token and adopt", raw(`{"token":"perdure1_a","adopt":{"operation":"o"}}`), "adopt: is set beside token"},
		{"two adoptions", raw(`{"adopt":{"operation":"o","statusURL":"https://jobs.test/o"}}`), "adopt: is set beside"},
		{"two services", raw(`{"service":"a","request":{"service":"b","method":"POST","url":"/j"}}`), "service: is"},
		{"no method", raw(`{"request":{"service":"jobs","url":"/j"}}`), "request.method: is"},
		{"no url", raw(`{"request":{"service":"jobs","method":"POST"}}`), "request.url: is missing"},
		{"relative url without service", raw(`{"request":{"method":"POST","url":"/j"}}`), "request.service: is missing"},
		{"host without scheme", raw(`{"request":{"service":"jobs","method":"POST","url":"//jobs.test/j"}}`), "request.url: begins with //"},
		{"dot segment", raw(`{"request":{"service":"jobs","method":"POST","url":"/a/%2e%2E/b"}}`), "request.url: has a dot segment"},
		{"another scheme", raw(`{"request":{"service":"jobs","method":"POST","url":"file:/etc/passwd"}}`), "request.url: has another scheme"},
		{"two bodies", raw(`{"request":{"service":"jobs","method":"POST","url":"/j","body":{"json":1,"text":"x"}}}`), "request.body: has more than one kind"},
		{"base64 that is none", raw(`{"request":{"service":"jobs","method":"POST","url":"/j","body":{"base64":"?"}}}`), "request.body.base64: is not"},
		{"credentials", raw(`{"request":{"service":"jobs","method":"POST","url":"/j","headers":{"authorization":["Bearer canary"]}}}`), "request.headers.authorization: is not the caller's to set"},
		{"cookie", raw(`{"request":{"service":"jobs","method":"POST","url":"/j","headers":{"Cookie":["a=canary"]}}}`), "request.headers.Cookie: is not the caller's to set"},
		{"negative interval", raw(`{"request":{"service":"jobs","method":"POST","url":"/j"},"polling":{"intervalSeconds":-1}}`), "polling.intervalSeconds: is -1"},
		{"backoff below one", raw(`{"request":{"service":"jobs","method":"POST","url":"/j"},"polling":{"backoff":0.5}}`), "polling.backoff: is 0.5"},
		{"maximum below interval", raw(`{"request":{"service":"jobs","method":"POST","url":"/j"},"polling":{"intervalSeconds":9,"maxIntervalSeconds":3}}`), "polling.maxIntervalSeconds: is 3"},
		{"negative time-out", raw(`{"request":{"service":"jobs","method":"POST","url":"/j"},"timeoutSeconds":-1}`), "timeoutSeconds: is -1"},
		{"negative grace", raw(`{"request":{"service":"jobs","method":"POST","url":"/j"},"cancel":{"graceSeconds":-1}}`), "cancel.graceSeconds: is -1"},
		{"report without signal", raw(`{"request":{"service":"jobs","method":"POST","url":"/j"},"report":{}}`), "report.signal: is missing"},
		{"reports too often", raw(`{"request":{"service":"jobs","method":"POST","url":"/j"},"report":{"signal":"s","intervalSeconds":0.5}}`), "report.intervalSeconds: is 0.5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.run(test.input...)
			errorType, message, status := s.failed()
			require.Equal(t, perdure.ErrorInvalidInput, errorType)
			require.Contains(t, message, test.want)
			require.NotContains(t, message, "canary")
			require.Equal(t, perdure.StateFailed, status.State)
			require.Equal(t, perdure.ErrorInvalidInput, status.ErrorType)
			require.Equal(t, status.Error.Message, message)
			require.Zero(t, s.elapsed())
			require.Empty(t, s.calls)
		})
	}
}

func raw(input string) []any { return []any{json.RawMessage(input)} }

func TestAwaitStartedIsAnsweredWhenTheInputIsWrong(t *testing.T) {
	s := newStage(t)
	u := s.updateAt(0, perdure.UpdateAwaitStarted, perdure.UpdateAwaitStarted)
	s.run(json.RawMessage(`{"reqest":{}}`))
	require.NoError(t, u.err)
	require.True(t, u.status.Done)
	require.Equal(t, perdure.ErrorInvalidInput, u.status.ErrorType)
	require.Contains(t, u.status.Error.Message, "reqest: unknown field")
}

func TestInputIsHandedToTheStartUntouched(t *testing.T) {
	s := newStage(t)
	s.starts = []act[startTask]{now[startTask](completed())}
	const input = `{"request":{"service":"jobs","method":"POST","url":"/jobs?b=2","headers":{"X-Name":["v"]},"body":{"json":{"n":12345678901234567890,"f":1.0}}},` +
		`"type":"CreateJob","audience":"tenant-a","protocol":{"name":"openai","options":{"statusField":"state"}},"polling":{"intervalSeconds":1.5,"ignoreRetryAfter":false,"notFoundGraceSeconds":0},` +
		`"timeoutSeconds":90.5,"idempotencyKey":"k","cancel":{"graceSeconds":0}}`
	s.run(json.RawMessage(input))
	require.Equal(t, perdure.StateSucceeded, s.succeeded().State)
	task := s.calls[0].start
	got, err := json.Marshal(task.Input)
	require.NoError(t, err)
	require.Equal(t, input, string(got))
	require.Equal(t, epoch, task.StartedAt)
	require.Equal(t, epoch.Add(90500e6), task.Deadline)
	require.Zero(t, task.Tries)
	require.Zero(t, task.FirstSentAt)
	require.Nil(t, task.KnownError)
	status := s.status()
	require.Equal(t, "CreateJob", status.Type)
	require.Equal(t, "jobs", status.Service)
	require.Equal(t, "openai", status.Protocol)
}
