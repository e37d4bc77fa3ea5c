package azure_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/azure"
)

// resource is where starts go.
const resource = "https://h.test/r/1?api-version=7"

// reply is a service's answer.
type reply struct {
	status int
	header map[string]string
	body   string
}

func (r reply) to(method, url string) protocol.Exchange {
	e := protocol.Exchange{Method: method, URL: url, Status: r.status, Header: http.Header{}, Body: []byte(r.body)}
	for name, value := range r.header {
		e.Header.Set(name, value)
	}
	return e
}

func bind(t *testing.T, options string) protocol.Bound {
	t.Helper()
	b, err := azure.Protocol{}.Bind(json.RawMessage(options))
	require.NoError(t, err)
	return b
}

// course is how an operation went: the requests after the start, and the last step.
type course struct {
	asks []string
	step protocol.Step
	// end: the operation or its question ended badly, "violation" or "refused".
	end string
}

// play plays answers to a start, for as long as there is something to ask.
func play(t *testing.T, options, method string, answers ...reply) course {
	t.Helper()
	b := bind(t, options)
	step, err := b.Started(answers[0].to(method, resource))
	return goOn(t, b, step, err, answers[1:])
}

func goOn(t *testing.T, b protocol.Bound, step protocol.Step, err error, answers []reply) course {
	t.Helper()
	c := course{}
	for {
		if err != nil {
			var violation *perdure.ProtocolError
			require.ErrorAs(t, err, &violation)
			c.end = "violation"
			return c
		}
		c.step = step
		if step.Ended() || len(answers) == 0 {
			require.Empty(t, answers, "answers to questions that were not asked")
			return c
		}
		ask, nextErr := b.Next(step.State)
		require.NoError(t, nextErr)
		c.asks = append(c.asks, ask.Method+" "+strings.TrimPrefix(ask.URL, "https://h.test"))
		e := answers[0].to(ask.Method, ask.URL)
		answers = answers[1:]
		if e.Status < http.StatusBadRequest {
			step, err = b.Answered(step.State, e)
			continue
		}
		var end bool
		if step, end = refused(t, b, step.State, e); !end {
			c.end = "refused"
			return c
		}
	}
}

func refused(t *testing.T, b protocol.Bound, state json.RawMessage, e protocol.Exchange) (protocol.Step, bool) {
	t.Helper()
	refuser, ok := b.(protocol.Refuser)
	require.True(t, ok)
	return refuser.Refused(state, e)
}

func adopt(t *testing.T, b protocol.Bound, a perdure.Adoption) (protocol.Step, error) {
	t.Helper()
	adopter, ok := b.(protocol.Adopter)
	require.True(t, ok)
	return adopter.Adopt(a)
}

// value is a step's value as text.
func (c course) value() string { return string(c.step.Value) }

func async(to string) map[string]string   { return map[string]string{"Azure-AsyncOperation": to} }
func opLoc(to string) map[string]string   { return map[string]string{"Operation-Location": to} }
func located(to string) map[string]string { return map[string]string{"Location": to} }

func and(all ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

const (
	running   = `{"status":"Running"}`
	succeeded = `{"status":"Succeeded"}`
)

func provisioning(state string) string {
	return `{"id":"/r/1","properties":{"provisioningState":"` + state + `"}}`
}
