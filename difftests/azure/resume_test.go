package azure_test

import (
	"context"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol/azure"
	"github.com/perdure-dev/perdure/difftests/internal/ours"
)

// TestResumeTokens: a token that azcore's poller makes in the middle of an operation is
// adopted, and we end with the value with which azcore ends.
//
//rule:azure 15
func TestResumeTokens(t *testing.T) {
	polls := []reply{stillRunning[0], stillRunning[1], stillRunning[2], lastPolls[1]}
	value := reply{200, nil, `{"v":12345678901234567890}`}
	accepted := func(header int) reply { return reply{202, headers[header], ``} }
	for _, x := range []exchange{
		{name: "async, PUT", method: "PUT", start: reply{201, headers[1], ps("Creating")}},
		{name: "async, PATCH", method: "PATCH", start: accepted(1)},
		{name: "async, POST", method: "POST", start: accepted(1)},
		{name: "async, POST with a Location", method: "POST", start: accepted(2)},
		{name: "async, POST, via azure-async-operation", method: "POST", start: accepted(2), via: "azure-async-operation"},
		{name: "async, POST, via original-uri", method: "POST", start: accepted(2), via: "original-uri"},
		{name: "op, PUT", method: "PUT", start: accepted(3)},
		{name: "op, PUT, via location", method: "PUT", start: accepted(4), via: "location"},
		{name: "op, POST", method: "POST", start: accepted(3)},
		{name: "op, POST, with a result", method: "POST", start: accepted(3), resultPath: "result"},
		{name: "op, POST, with a result that is not there", method: "POST", start: accepted(3), resultPath: "no-such-result"},
		{name: "op, POST with a Location", method: "POST", start: accepted(4)},
		{name: "op, DELETE, with a resourceLocation", method: "DELETE", start: accepted(3), polls: []reply{stillRunning[0], stillRunning[1], lastPolls[4]}},
		{name: "loc, POST", method: "POST", start: accepted(5)},
		{name: "loc, DELETE", method: "DELETE", start: accepted(5)},
		{name: "loc, PUT, that moves", method: "PUT", start: accepted(5), polls: []reply{stillRunning[6], stillRunning[3], lastPolls[0]}},
		{name: "body, PUT", method: "PUT", start: reply{201, nil, ps("Creating")}},
		{name: "body, PATCH", method: "PATCH", start: reply{202, nil, ``}},
	} {
		t.Run(x.name, func(t *testing.T) {
			x.value = value
			if x.polls == nil {
				x.polls = polls
			}
			svc := newService(t)
			pl := pipeline(svc.Client())
			poller, err := begin(t, pl, x, svc.stage("it", x.script()))
			require.NoError(t, err)
			_, err = poller.Poll(t.Context()) //nolint:bodyclose // the pipeline has read it
			require.NoError(t, err)
			token, err := poller.ResumeToken()
			require.NoError(t, err)
			require.Contains(t, token, `"type":"payload"`)

			// From here on both go their own way, through the same answers.
			rest := x
			rest.polls = x.polls[1:]
			svc.stage("it", rest.script())
			theirs := resumed(t, pl, token)
			requests := svc.requests("it")

			svc.stage("it", rest.script())
			r := ours.Run(t, ours.Operation{
				Protocol: azure.Protocol{}, URL: svc.URL, Adopt: &perdure.Adoption{Azcore: token},
				Polling: perdure.Polling{IntervalSeconds: 0.001}, Timeout: patience,
			})
			require.Empty(t, r.ErrorType, "%v", r.Status.Error)
			require.True(t, sameJSON(theirs, notNull(r.Value)), "azcore: %s, perdure: %s", theirs, r.Value)
			require.Equal(t, requests, svc.requests("it"))
		})
	}
}

// resumed is the value with which azcore ends, from its token.
func resumed(t *testing.T, pl runtime.Pipeline, token string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	poller, err := runtime.NewPollerFromResumeToken[payload](token, pl, nil)
	require.NoError(t, err)
	value, err := poller.PollUntilDone(ctx, &runtime.PollUntilDoneOptions{Frequency: time.Millisecond})
	require.NoError(t, err)
	return notNull(value.raw)
}
