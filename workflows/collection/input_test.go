package collection_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

// wrong are inputs that name the field which is wrong.
var wrong = []struct {
	name      string
	arguments []any
	want      string
}{
	{"nothing", nil, "request: is missing: the workflow was started without input"},
	{"null", []any{nil}, "request: is missing: the workflow was started without input"},
	{"neither", []any{map[string]any{}}, "request: is missing, want exactly one of request and token"},
	{"both", []any{request(func(in *perdure.CollectionInput) { in.Token = "perdure1_t" })}, "token: is set beside request, want exactly one of request and token"},
	{"an unknown field", []any{map[string]any{"token": "perdure1_t", "idleTimeout": 5}}, "idleTimeout: unknown field"},
	{"an unknown field below", []any{map[string]any{"request": map[string]any{"method": "GET", "uri": "/"}}}, "request.uri: unknown field"},
	{"an operation's field", []any{map[string]any{"token": "perdure1_t", "polling": map[string]any{}}}, "polling: unknown field"},
	{"a negative number of pages", []any{request(maxPages(-1))}, "maxPages: is negative, want 0 for no bound, or more"},
	{"a negative time", []any{request(idle(-1))}, "idleTimeoutSeconds: is -1, want seconds from 0 to 3162240000"},
	{"a credential", []any{request(func(in *perdure.CollectionInput) {
		in.Request.Headers = map[string][]string{"authorization": {"x"}}
	})}, "request.headers.authorization: is not the caller's to set: credentials are the worker's, configured under the service's auth"},
	{"a protocol beside a token", []any{perdure.CollectionInput{Token: "perdure1_t", Protocol: &perdure.ProtocolChoice{Name: "auto"}}}, "protocol: is set beside token, which has its own"},
	{"no object", []any{"x"}, "is a JSON string, want an object"},
}

func TestAWrongInputNamesTheField(t *testing.T) {
	for _, test := range wrong {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t)
			s.run(test.arguments...)
			errorType, message, status := s.failed()
			require.Equal(t, perdure.ErrorInvalidInput, errorType)
			require.Equal(t, test.want, message)
			require.Equal(t, &perdure.ServiceError{Code: perdure.ErrorInvalidInput, Message: test.want}, status.Error)
			require.Zero(t, s.elapsed())
		})
	}
}

// What one run hands to the next is no caller's to send.
func TestTheStateOfARunBeforeIsRefused(t *testing.T) {
	s := newStage(t)
	s.run(request(), map[string]any{"next": "canary"})
	errorType, message, status := s.failed()
	require.Equal(t, perdure.ErrorInvalidInput, errorType)
	require.Equal(t, "arguments: are two, want one: the input", message)
	require.Zero(t, status.Pages)
}

// Who starts a collection and waits in one call is told in so many words.
func TestWhoWaitsForACollectionWithAWrongInput(t *testing.T) {
	s := newStage(t)
	u := s.waitAt(0, index(0))
	s.run(map[string]any{})
	_, _, status := s.failed()
	errorType, told := u.failed(0)
	require.Equal(t, perdure.ErrorInvalidInput, errorType)
	require.Equal(t, status, told)
}
