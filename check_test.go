package perdure_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
)

// Whatever is wrong with an input is said by its field.
func TestInputIsRefusedByField(t *testing.T) {
	t.Parallel()
	const request = `"request":{"service":"jobs","method":"POST","url":"/jobs"}`
	for _, c := range []struct{ name, input, field string }{
		{"empty", ``, ""},
		{"not JSON", `{`, ""},
		{"two documents", `{` + request + `}{}`, ""},
		{"nothing to do", `{}`, "request"},
		{"unknown field", `{` + request + `,"pollng":{}}`, "pollng"},
		{"unknown field below another", `{` + request + `,"polling":{"intervalSecs":1}}`, "polling.intervalSecs"},
		{"a field in another case", `{"Request":{"service":"jobs","method":"POST","url":"/jobs"}}`, "Request"},
		{"a field of another kind", `{"request":{"method":7}}`, "request.method"},
		{"request and token", `{` + request + `,"token":"perdure1_x"}`, "token"},
		{"protocol beside a token", `{"token":"perdure1_x","protocol":{"name":"openai"}}`, "protocol"},
		{"key beside a token", `{"token":"perdure1_x","idempotencyKey":"k"}`, "idempotencyKey"},
		{"adoption of nothing", `{"adopt":{}}`, "adopt"},
		{"adoption in two ways", `{"adopt":{"operation":"1","statusURL":"/x"}}`, "adopt"},
		{"no method", `{"request":{"service":"jobs","url":"/jobs"}}`, "request.method"},
		{"a method with a space", `{"request":{"service":"jobs","method":"PO ST","url":"/jobs"}}`, "request.method"},
		{"no url", `{"request":{"service":"jobs","method":"POST"}}`, "request.url"},
		{"relative without a service", `{"request":{"method":"POST","url":"/jobs"}}`, "request.service"},
		{"host without a scheme", `{"request":{"service":"jobs","method":"POST","url":"//host/jobs"}}`, "request.url"},
		{"another scheme", `{"request":{"service":"jobs","method":"POST","url":"file:///etc/passwd"}}`, "request.url"},
		{"dot segments", `{"request":{"service":"jobs","method":"POST","url":"/a/../b"}}`, "request.url"},
		{"encoded dot segments", `{"request":{"service":"jobs","method":"POST","url":"/a/%2e%2E/b"}}`, "request.url"},
		{"a backslash", `{"request":{"service":"jobs","method":"POST","url":"/a\\b"}}`, "request.url"},
		{"a fragment", `{"request":{"service":"jobs","method":"POST","url":"/a#b"}}`, "request.url"},
		{"a credential", `{"request":{"service":"jobs","method":"POST","url":"/jobs","headers":{"Cookie":["a=b"]}}}`, "request.headers.Cookie"},
		{"the connection's header", `{"request":{"service":"jobs","method":"POST","url":"/jobs","headers":{"Host":["a"]}}}`, "request.headers.Host"},
		{"a header that smuggles", `{"request":{"service":"jobs","method":"POST","url":"/jobs","headers":{"X-A":["a\r\nB: c"]}}}`, "request.headers.X-A"},
		{"a body of two kinds", `{"request":{"service":"jobs","method":"POST","url":"/jobs","body":{"json":1,"base64":"aGk="}}}`, "request.body"},
		{"a body that is no base64", `{"request":{"service":"jobs","method":"POST","url":"/jobs","body":{"base64":"!"}}}`, "request.body.base64"},
		{"two services", `{` + request + `,"service":"other"}`, "service"},
		{"a negative interval", `{` + request + `,"polling":{"intervalSeconds":-1}}`, "polling.intervalSeconds"},
		{"a bound below the interval", `{` + request + `,"polling":{"intervalSeconds":9,"maxIntervalSeconds":3}}`, "polling.maxIntervalSeconds"},
		{"a backoff below one", `{` + request + `,"polling":{"backoff":0.5}}`, "polling.backoff"},
		{"a negative grace", `{` + request + `,"cancel":{"graceSeconds":-1}}`, "cancel.graceSeconds"},
		{"a negative time-out", `{` + request + `,"timeoutSeconds":-1}`, "timeoutSeconds"},
		{"a type with a control character", `{` + request + `,"type":"a\u0000"}`, "type"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var in perdure.OperationInput
			err := perdure.Decode([]byte(c.input), &in)
			if err == nil {
				err = in.Check()
			}
			bad := &perdure.InputError{}
			require.ErrorAs(t, err, &bad)
			require.Equal(t, c.field, bad.Field, "%v", err)
		})
	}
}

func TestInputsThatAreRight(t *testing.T) {
	t.Parallel()
	for _, input := range []string{
		`{"request":{"service":"jobs","method":"POST","url":"/jobs?a=../b"}}`,
		`{"request":{"method":"PUT","url":"https://jobs.example.com/v1/x"}}`,
		`{"request":{"method":"POST","url":"/jobs"},"service":"jobs"}`,
		`{"token":"perdure1_x","type":"T","audience":"A","polling":{"intervalSeconds":0.5,"backoff":2}}`,
		`{"adopt":{"statusURL":"https://jobs.example.com/operations/7"},"service":"jobs"}`,
		`{"request":{"method":"POST","url":"/jobs"},"service":"jobs","protocol":{"options":{"statusField":"state"}}}`,
	} {
		var in perdure.OperationInput
		require.NoError(t, perdure.Decode([]byte(input), &in), input)
		require.NoError(t, in.Check(), input)
	}
}

func TestWholeNumbersAreWantedWhole(t *testing.T) {
	t.Parallel()
	var in perdure.CollectionInput
	err := perdure.Decode([]byte(`{"maxPages":1.5}`), &in)
	require.Equal(t, &perdure.InputError{Field: "maxPages", Message: "is 1.5, want a whole number"}, err)
}

func TestStreamsNameTheirProtocol(t *testing.T) {
	t.Parallel()
	for input, field := range map[string]string{`{}`: "protocol", `{"protocol":{"options":{"json":true}}}`: "protocol.name"} {
		in := perdure.StreamInput{Request: &perdure.Request{Service: "jobs", Method: "GET", URL: "/feed"}}
		require.NoError(t, perdure.Decode([]byte(input), &in))
		var bad *perdure.InputError
		require.ErrorAs(t, in.Check(), &bad)
		require.Equal(t, field, bad.Field)
	}
}

// Numbers of callers and services keep every digit on the way through our types.
func TestJSONKeepsItsDigits(t *testing.T) {
	t.Parallel()
	const body = `{"big":12345678901234567890,"small":1.10,"exp":1e400}`
	var in perdure.OperationInput
	require.NoError(t, perdure.Decode([]byte(`{"request":{"service":"jobs","method":"POST","url":"/jobs","body":{"json":`+body+`}}}`), &in))
	out, err := json.Marshal(in)
	require.NoError(t, err)
	require.Contains(t, string(out), body)
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"request":{"service":"jobs","method":"POST","url":"/jobs","headers":{"A":["b"]},"body":{"json":1}}}`))
	f.Add([]byte(`{"token":"x","polling":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var in perdure.OperationInput
		if perdure.Decode(raw, &in) != nil || in.Check() != nil {
			return
		}
		again, err := json.Marshal(in)
		require.NoError(t, err)
		var same perdure.OperationInput
		require.NoError(t, perdure.Decode(again, &same))
		require.NoError(t, same.Check(), "what was right stays right")
	})
}

func TestRequestThatTemporalDoesNotRecord(t *testing.T) {
	var none *perdure.Request
	require.NoError(t, none.CheckRecorded())
	for length, fits := range map[int]bool{0: true, 200_000: true, 300_000: false} {
		r := &perdure.Request{Body: &perdure.Body{Text: new(strings.Repeat("<", length))}}
		err := r.CheckRecorded()
		require.Equal(t, fits, err == nil, "%d", length)
		if !fits {
			require.ErrorContains(t, err, "request.body: takes 1800011 bytes as JSON, where <, > and & take six, want at most 1500000")
		}
	}
}
