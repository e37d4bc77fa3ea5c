package waiter_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
	"github.com/perdure-dev/perdure/activities/protocol/waiter"
)

// templates over a start's answer; "" is a violation.
var templates = []struct{ name, url, start, want string }{
	{"a number", "/jobs/{id}", `{"id":12345678901234567890}`, "/jobs/12345678901234567890"},
	{"a fraction", "/jobs/{id}", `{"id":1.5}`, "/jobs/1.5"},
	{"a boolean", "/jobs/{id}", `{"id":true}`, "/jobs/true"},
	{"nothing to fill in", "/jobs/current", ``, "/jobs/current"},
	{"a path within", "/jobs/{job.ids[0]}/x", `{"job":{"ids":["a"]}}`, "/jobs/a/x"},
	{"braces and quotes within", `/jobs/{{x: id, y: '}'}.join('-', [x, y])}`, `{"id":"a"}`, "/jobs/a-%7D"},
	{"two", "/jobs/{a}/{b}", `{"a":"1","b":"2"}`, "/jobs/1/2"},
	{"escaped in the path", "/jobs/{id}", `{"id":"a/b?c#d%2f ü"}`, "/jobs/a%2Fb%3Fc%23d%252f%20%C3%BC"},
	{"escaped in the query", "/jobs?id={id}&v=1", `{"id":"a&b=c d"}`, "/jobs?id=a%26b%3Dc%20d&v=1"},
	{"a URL of the service's", "{self}", `{"self":"../other/7?x=1"}`, "https://api.example.com/other/7?x=1"},
	{"a URL on another host", "{self}", `{"self":"https://west.example.com/7"}`, "https://west.example.com/7"},
	{"a URL and more", "{self}/status", `{"self":"/v1/jobs/7"}`, "https://api.example.com/v1/jobs/7/status"},
	{"a URL of another scheme", "{self}", `{"self":"file:///etc/passwd"}`, ""},
	{"not there", "/jobs/{id}", `{}`, ""},
	{"null", "/jobs/{id}", `{"id":null}`, ""},
	{"empty", "/jobs/{id}", `{"id":""}`, ""},
	{"an object", "/jobs/{id}", `{"id":{}}`, ""},
	{"no JSON", "/jobs/{id}", `<html>`, ""},
	{"dots", "/jobs/{id}", `{"id":".."}`, ""},
	{"dots within", "/jobs/{id}", `{"id":"x/../../admin"}`, ""},
	{"dots and backslashes", "/jobs/{id}", `{"id":"x\\..\\admin"}`, ""},
	{"too long", "/jobs/{id}", `{"id":"` + strings.Repeat("x", 17000) + `"}`, ""},
}

// An expression in a URL's braces is JMESPath on the start's answer, a string, a
// number or a boolean. It is escaped, and none may stand in the host or be a dot
// segment. A template that begins with one takes a whole URL from the answer, relative
// to the start's.
//
//rule:waiter 2b -
//rule:waiter 2c
func TestStatusTemplate(t *testing.T) {
	for _, tt := range templates {
		t.Run(tt.name, func(t *testing.T) {
			b, err := waiter.Protocol{}.Bind(options(t, map[string]any{"status": map[string]string{"url": tt.url}}))
			require.NoError(t, err)
			step, err := b.Started(protocol.Exchange{Method: "POST", URL: "https://api.example.com/v1/jobs", Status: 201, Body: []byte(tt.start)})
			if tt.want == "" {
				var violation *perdure.ProtocolError
				require.ErrorAs(t, err, &violation)
				return
			}
			require.NoError(t, err)
			ask, err := b.Next(step.State)
			require.NoError(t, err)
			require.Equal(t, protocol.Ask{Method: "GET", URL: tt.want, Option: "status"}, ask)
		})
	}
}

// A status URL that cannot be filled breaks the protocol; where only the one to cancel
// cannot, the operation runs and cannot be canceled.
//
//rule:waiter 2c -
func TestCancelTemplate(t *testing.T) {
	for _, tt := range templates {
		t.Run(tt.name, func(t *testing.T) {
			b, err := waiter.Protocol{}.Bind(options(t, map[string]any{"status": "/x", "cancel": map[string]string{"method": "DELETE", "url": tt.url}}))
			require.NoError(t, err)
			step, err := b.Started(protocol.Exchange{Method: "POST", URL: "https://api.example.com/v1/jobs", Status: 201, Body: []byte(tt.start)})
			require.NoError(t, err)
			ask, supported, err := b.Cancel(step.State)
			require.NoError(t, err)
			require.Equal(t, tt.want != "", supported)
			if supported {
				require.Equal(t, protocol.Ask{Method: "DELETE", URL: tt.want, Option: "cancel"}, ask)
			}
		})
	}
	t.Run("none", func(t *testing.T) {
		b, err := waiter.Protocol{}.Bind(options(t, map[string]any{"status": "/x"}))
		require.NoError(t, err)
		_, supported, err := b.Cancel([]byte(`{"url":"/x"}`))
		require.NoError(t, err)
		require.False(t, supported)
	})
}

func options(t *testing.T, o map[string]any) json.RawMessage {
	t.Helper()
	var acceptors []json.RawMessage
	require.NoError(t, json.Unmarshal([]byte("["+words+"]"), &acceptors))
	o["acceptors"] = acceptors
	raw, err := json.Marshal(o)
	require.NoError(t, err)
	return raw
}

func TestStatusMethod(t *testing.T) {
	b, err := waiter.Protocol{}.Bind(options(t, map[string]any{"status": map[string]string{"method": "POST", "url": "/describe"}}))
	require.NoError(t, err)
	ask, err := b.Next([]byte(`{"url":"/describe"}`))
	require.NoError(t, err)
	require.Equal(t, "POST", ask.Method)
}

//rule:adopt 1
//rule:adopt 2
func TestAdopt(t *testing.T) {
	fixed := `{"status":"/jobs/{id}","cancel":"/stop","acceptors":[` + words + `]}`
	adopt := perdure.Adoption{StatusURL: "https://api.example.com/v1/jobs/9"}
	run(
		t,
		protocoltest.Scenario{
			Name: "by its status URL", Options: fixed, Adopt: &adopt, Start: protocoltest.Turn{Asks: starts, Want: protocoltest.Want{Cancel: "POST /stop"}},
			Then: []protocoltest.Turn{{Asks: "GET " + adopt.StatusURL, Body: `{"state":"DONE"}`, Want: succeeded("DONE", `{"state":"DONE"}`)}},
		},
		protocoltest.Scenario{
			Name: "a cancel that needs the start's answer", Options: described(words, ""), Adopt: &adopt, Start: protocoltest.Turn{Asks: starts},
			Then: []protocoltest.Turn{{Asks: "GET " + adopt.StatusURL, Body: `{"state":"NEW"}`, Want: protocoltest.Want{ServiceStatus: "NEW"}}},
		},
	)
	b, err := waiter.Protocol{}.Bind([]byte(fixed))
	require.NoError(t, err)
	adopter, ok := b.(protocol.Adopter)
	require.True(t, ok)
	for _, a := range []perdure.Adoption{{Operation: "7", Collection: "/jobs"}, {Azcore: "{}"}, {StatusURL: "ftp://h/x"}} {
		_, err := adopter.Adopt(a)
		var bad *perdure.InputError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, "adopt.statusURL", bad.Field)
	}
	step, err := adopter.Adopt(adopt)
	require.NoError(t, err)
	ask, err := b.Next(step.State)
	require.NoError(t, err)
	require.Equal(t, protocol.FromAdoption, ask.Option)
}
