package e2e_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// Input in any language reaches the workflow as JSON. Whatever is wrong with it ends
// the workflow with a failure that names the field: no workflow task fails for ever.
func TestBadInputFailsTheWorkflowByName(t *testing.T) {
	t.Parallel()
	service := perduretest.NewService(t) // not a single request
	w := newWorld(t, settings{url: service.URL(), extra: "    allow: [\"POST /jobs\"]\n    auth: {type: bearer, env: NOWHERE_TO_BE_FOUND}\n"})
	w.worker()
	base := service.URL()
	for _, c := range []struct{ name, input, errorType, names string }{
		{"nothing", `null`, perdure.ErrorInvalidInput, "request"},
		{"unknown field", `{"request":{"service":"jobs","method":"POST","url":"/jobs"},"pollng":{}}`, perdure.ErrorInvalidInput, "pollng"},
		{"field of another kind", `{"request":{"service":"jobs","method":"POST","url":7}}`, perdure.ErrorInvalidInput, "request.url"},
		{"both request and token", `{"request":{"service":"jobs","method":"POST","url":"/jobs"},"token":"perdure1_x"}`, perdure.ErrorInvalidInput, "token"},
		{"relative URL without a service", `{"request":{"method":"POST","url":"/jobs"}}`, perdure.ErrorInvalidInput, "request.service"},
		{"unknown service", `{"request":{"service":"nobody","method":"POST","url":"/jobs"}}`, perdure.ErrorInvalidInput, "nobody"},
		{"host that no service names", `{"request":{"method":"POST","url":"https://elsewhere.example/jobs"}}`, perdure.ErrorEgressDenied, "elsewhere.example"},
		{"another host under a service's name", `{"request":{"service":"jobs","method":"POST","url":"https://elsewhere.example/jobs"}}`, perdure.ErrorEgressDenied, "elsewhere.example"},
		{"path that is not allowed", `{"request":{"service":"jobs","method":"POST","url":"/admin"}}`, perdure.ErrorEgressDenied, "/admin"},
		{"dot segments", `{"request":{"service":"jobs","method":"POST","url":"/jobs/%2e%2e/admin"}}`, perdure.ErrorInvalidInput, "request.url"},
		{"credential in the request", `{"request":{"service":"jobs","method":"POST","url":"/jobs","headers":{"authorization":["Bearer hidden-canary"]}}}`, perdure.ErrorInvalidInput, "request.headers.authorization"},
		{"unknown protocol", `{"request":{"service":"jobs","method":"POST","url":"/jobs"},"protocol":{"name":"smoke"}}`, perdure.ErrorInvalidInput, "protocol.name"},
		{"unknown option", `{"request":{"service":"jobs","method":"POST","url":"/jobs"},"protocol":{"name":"openai","options":{"stausField":"s"}}}`, perdure.ErrorInvalidInput, "stausField"},
		{"negative interval", `{"request":{"service":"jobs","method":"POST","url":"/jobs"},"polling":{"intervalSeconds":-1}}`, perdure.ErrorInvalidInput, "polling.intervalSeconds"},
		{"body of two kinds", `{"request":{"service":"jobs","method":"POST","url":"/jobs","body":{"json":1,"text":"1"}}}`, perdure.ErrorInvalidInput, "request.body"},
		{"missing secret", `{"request":{"service":"jobs","method":"POST","url":"` + base + `/jobs"}}`, perdure.ErrorCredentialFailed, "NOWHERE_TO_BE_FOUND"},
		{"no token at all", `{"token":"perdure1_AAAA"}`, perdure.ErrorInvalidToken, "token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx := patient(t)
			run, err := w.raw.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: w.queue}, perdure.WorkflowOperation, json.RawMessage(c.input))
			require.NoError(t, err)
			err = run.Get(ctx, nil)
			failure := &temporal.ApplicationError{}
			require.ErrorAs(t, err, &failure)
			require.Equal(t, c.errorType, failure.Type())
			require.True(t, failure.NonRetryable())
			require.Contains(t, failure.Message(), c.names)
			require.NotContains(t, failure.Message(), "hidden-canary")
			var s perdure.Status
			require.NoError(t, failure.Details(&s))
			require.True(t, s.Done)
			if c.errorType == perdure.ErrorInvalidToken {
				require.Equal(t, perdure.StateUnknown, s.State, "it was started once, and nobody asked how it goes")
			} else {
				require.Equal(t, perdure.StateFailed, s.State, "nothing was started")
			}
			require.Equal(t, c.errorType, s.ErrorType)
		})
	}
}

func TestBadTokensAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.worker()
	ctx := patient(t)
	in := vectorStore(time.Second)
	in.Type, in.Audience = "CreateVectorStore", "tenant-7"
	op, err := starter.Start[store](ctx, w.client, in, nil)
	require.NoError(t, err)
	token, err := op.Token(ctx)
	require.NoError(t, err)
	right := starter.RehydrateOptions{Type: in.Type, Audience: in.Audience}
	_, err = starter.Rehydrate[store](ctx, w.client, token, &right)
	require.NoError(t, err)

	page, err := w.keyset.Seal(tokens.Header{Kind: tokens.KindPage, WorkflowID: op.ID(), Type: in.Type, Audience: in.Audience, IssuedAt: time.Now()}, nil)
	require.NoError(t, err)
	elsewhere, err := tokens.NewKeyset()
	require.NoError(t, err)
	foreign, err := elsewhere.Seal(tokens.Header{Kind: tokens.KindOperation, WorkflowID: op.ID(), Type: in.Type, Audience: in.Audience, IssuedAt: time.Now()}, nil)
	require.NoError(t, err)
	for _, c := range []struct {
		name  string
		token tokens.Token
		ask   starter.RehydrateOptions
		want  error
	}{
		{"of another kind", page, right, tokens.ErrKind},
		{"of another type", token, starter.RehydrateOptions{Type: "DeleteVectorStore", Audience: in.Audience}, tokens.ErrType},
		{"with a type where none is asked for", token, starter.RehydrateOptions{Audience: in.Audience}, tokens.ErrType},
		{"for another audience", token, starter.RehydrateOptions{Type: in.Type, Audience: "tenant-8"}, tokens.ErrAudience},
		{"of another service", token, starter.RehydrateOptions{Type: in.Type, Audience: in.Audience, Service: "other"}, tokens.ErrService},
		{"with one bit changed", oneBitChanged(t, token), right, tokens.ErrNotAuthentic},
		{"from another keyset", foreign, right, tokens.ErrKeyRetired},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := starter.Rehydrate[store](ctx, w.client, c.token, &c.ask)
			require.ErrorIs(t, err, c.want)
			require.NotContains(t, err.Error(), c.token.Text())
		})
	}
}

// oneBitChanged changes a bit of the sealed part.
func oneBitChanged(t *testing.T, token tokens.Token) tokens.Token {
	t.Helper()
	b, err := token.MarshalBinary()
	require.NoError(t, err)
	b[len(b)-1] ^= 1
	var changed tokens.Token
	require.NoError(t, changed.UnmarshalBinary(b))
	return changed
}

func TestSameIDIsTheSameOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	w.worker()
	ctx := patient(t)
	o := &starter.StartOptions{ID: w.queue + "-one"}
	first, err := starter.Start[store](ctx, w.client, vectorStore(time.Second), o)
	require.NoError(t, err)
	again, err := starter.Start[store](ctx, w.client, vectorStore(time.Second), o)
	require.NoError(t, err, "while it runs")
	require.Equal(t, first.LastStatus().RemoteID, again.LastStatus().RemoteID)
	_, err = starter.Start[store](ctx, w.client, vectorStore(2*time.Second), o)
	conflict(t, err)
	value, err := first.Wait(ctx, nil)
	require.NoError(t, err)
	after, _, err := starter.Run[store](ctx, w.client, vectorStore(time.Second), o)
	require.NoError(t, err, "and after it ended")
	require.Equal(t, value, after)
	_, err = starter.Start[store](ctx, w.client, vectorStore(2*time.Second), o)
	conflict(t, err)
	require.Len(t, w.service.Books().Starts(), 1)
}

func conflict(t *testing.T, err error) {
	t.Helper()
	bad := &perdure.OperationError{}
	require.ErrorAs(t, err, &bad)
	require.Equal(t, perdure.ErrorIDConflict, bad.Type)
}

func TestNoSuchWorkflow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings{})
	_, err := starter.Attach[store](patient(t), w.client, "nobody")
	require.ErrorIs(t, err, starter.ErrNotFound)
	require.Contains(t, err.Error(), "nobody")
}

func TestAnswersThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	big := `{"id":"vs_1","object":"vector_store","status":"completed","data":"` + strings.Repeat("x", 10<<20) + `"}`
	for _, c := range []struct {
		name, limits string
		answer       perduretest.Step
		errorType    string
		state        perdure.State
		names        string
	}{
		{"10 MB", "", perduretest.POST("/v1/vector_stores").JSON(200, big), perdure.ErrorResponseTooLarge, perdure.StateSucceeded, "1900000"},
		{"10 MB above maxResponseBytes", "    limits: {maxResponseBytes: 1048576}\n", perduretest.POST("/v1/vector_stores").JSON(200, big), perdure.ErrorResponseTooLarge, perdure.StateUnknown, "limits.maxResponseBytes"},
		{"not JSON", "    protocol: {name: openai}\n", perduretest.POST("/v1/vector_stores").Reply(200).Body("<html>it works</html>"), perdure.ErrorProtocolViolation, perdure.StateUnknown, "not a JSON object"},
		{"202 and nowhere to ask", "", perduretest.POST("/v1/vector_stores").Reply(202), perdure.ErrorProtocolViolation, perdure.StateUnknown, "where to ask"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			service := perduretest.NewService(t, c.answer)
			w := newWorld(t, settings{url: service.URL(), extra: c.limits})
			w.worker()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, _, err := starter.Run[store](ctx, w.client, vectorStore(time.Second), nil)
			bad := &perdure.OperationError{}
			require.ErrorAs(t, err, &bad)
			require.Equal(t, c.errorType, bad.Type)
			require.Equal(t, c.state, bad.Status.State)
			require.Contains(t, bad.Message, c.names)
			require.Less(t, len(bad.Message), 2000)
		})
	}
}
