package rehydration_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/internal/rehydration"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

const id = "stores/7"

// begun is an operation that was started, and its token.
type begun struct {
	*perduretest.Client
	engine *rehydration.Engine
	op     *starter.Operation[json.RawMessage]
	token  tokens.Token
}

func begin(t *testing.T, states ...perduretest.OperationState) begun {
	t.Helper()
	c := perduretest.NewClient(t)
	c.On("POST", "/stores").Operation(append([]perduretest.OperationState{perduretest.Pending("running")}, states...)...)
	op, err := starter.Start[json.RawMessage](t.Context(), c.Starter(), input("tenant-a"), &starter.StartOptions{ID: id})
	require.NoError(t, err)
	token, err := op.Token(t.Context())
	require.NoError(t, err)
	engine := &rehydration.Engine{
		Temporal: c.Temporal(), Namespace: "default", TaskQueue: perdure.DefaultTaskQueue, DataConverter: converter.GetDefaultDataConverter(),
	}
	return begun{c, engine, op, token}
}

func input(audience string) perdure.OperationInput {
	return perdure.OperationInput{
		Request: &perdure.Request{Service: "jobs", Method: "POST", URL: "/stores"}, Type: "CreateStore", Audience: audience,
	}
}

// takeUp is what happens to a token that was verified.
func (b begun) takeUp(t *testing.T, token tokens.Token) (perdure.Rehydrated, error) {
	t.Helper()
	header, err := token.Header()
	require.NoError(t, err)
	return b.engine.TakeUp(t.Context(), token.Text(), header)
}

func (b begun) ends(t *testing.T) {
	t.Helper()
	_, _ = b.op.Wait(t.Context(), nil) // well or badly
	require.True(t, b.op.HasCompleted())
}

func TestWhatIsThereIsAttachedTo(t *testing.T) {
	quota := perdure.ServiceError{Code: "QuotaExceeded"}
	for _, test := range []struct {
		name string
		end  []perduretest.OperationState // none: it runs
	}{
		{"running", nil},
		{"succeeded", []perduretest.OperationState{perduretest.Succeeded(1)}},
		{"failed in the service's word", []perduretest.OperationState{perduretest.Failed(quota)}},
		{"canceled", []perduretest.OperationState{perduretest.Canceled()}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := begin(t, test.end...)
			if test.end != nil {
				b.ends(t)
			}
			found, err := b.takeUp(t, b.token)
			require.NoError(t, err)
			require.Equal(t, perdure.Rehydrated{WorkflowID: id, RunID: b.op.RunID()}, found)
			require.Len(t, b.Operations(), 1)
		})
	}
}

func TestWhatIsNotThereGoesOnFromTheToken(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(t *testing.T, b begun)
		last perduretest.OperationState
	}{
		{"gone", func(_ *testing.T, b begun) { b.Forget(id) }, perduretest.Succeeded(1)},
		{"terminated", func(t *testing.T, b begun) {
			t.Helper()
			require.NoError(t, b.Temporal().TerminateWorkflow(t.Context(), id, "", "a test"))
		}, perduretest.Succeeded(1)},
		{
			"failed for what can be mended", func(t *testing.T, b begun) { t.Helper(); b.ends(t) },
			perduretest.FailedAs(perdure.ErrorResponseTooLarge, perdure.ServiceError{Code: "x"}),
		},
		{
			"refused when it was asked", func(t *testing.T, b begun) { t.Helper(); b.ends(t) },
			perduretest.FailedAs(perdure.ErrorPollRejected, perdure.ServiceError{Code: "x"}),
		},
		{"timed out", func(t *testing.T, b begun) { t.Helper(); b.ends(t) }, perduretest.TimedOut()},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := begin(t, test.last)
			before := b.op.RunID()
			test.end(t, b)
			found, err := b.takeUp(t, b.token)
			require.NoError(t, err)
			require.Equal(t, id, found.WorkflowID)
			require.NotEqual(t, before, found.RunID)
			require.True(t, found.Started)
			require.Equal(t, perdure.OperationInput{Token: b.token.Text(), Type: "CreateStore", Audience: "tenant-a"}, b.Operations()[1])
		})
	}
}

// An id is free again when the namespace has forgotten what had it. The token of the old
// operation leads to nothing that the new one is.
func TestAnIDThatBelongsToSomethingElse(t *testing.T) {
	c := func(t *testing.T, what string, again func(b begun)) {
		t.Helper()
		t.Run(what, func(t *testing.T) {
			b := begin(t)
			b.Forget(id)
			again(b)
			before := len(b.Operations())
			_, err := b.takeUp(t, b.token)
			var conflict *rehydration.ConflictError
			require.ErrorAs(t, err, &conflict)
			require.Contains(t, err.Error(), id)
			require.NotContains(t, err.Error(), "tenant")
			require.Len(t, b.Operations(), before, "nothing is started over it")
		})
	}
	start := func(in perdure.OperationInput) func(begun) {
		return func(b begun) {
			_, err := starter.Start[json.RawMessage](t.Context(), b.Starter(), in, &starter.StartOptions{ID: id})
			require.NoError(t, err)
		}
	}
	other := input("tenant-a")
	other.Type = "DeleteStore"
	c(t, "another audience", start(input("tenant-b")))
	c(t, "no audience", start(input("")))
	c(t, "another type", start(other))
	c(t, "another audience, terminated", func(b begun) {
		start(input("tenant-b"))(b)
		require.NoError(t, b.Temporal().TerminateWorkflow(t.Context(), id, "", "a test"))
	})
	c(t, "a stream", func(b begun) {
		b.On("GET", "/events").Stream(perduretest.NewEvent("1"))
		_, err := starter.StartStream[string](t.Context(), b.Starter(), perdure.StreamInput{
			Request: &perdure.Request{Service: "jobs", Method: "GET", URL: "/events"}, Type: "CreateStore", Audience: "tenant-a",
			Protocol: &perdure.ProtocolChoice{Name: "sse"},
		}, &starter.StreamOptions{ID: id})
		require.NoError(t, err)
	})
}

func TestATokenThatNamesNoWorkflow(t *testing.T) {
	b := begin(t)
	for kind, want := range map[tokens.Kind]string{tokens.KindOperation: "names no workflow", tokens.KindPage: "a page's token attaches to nothing"} {
		token, err := b.Keyset().Seal(tokens.Header{Kind: kind, IssuedAt: time.Now()}, nil)
		require.NoError(t, err)
		_, err = b.takeUp(t, token)
		require.ErrorContains(t, err, want)
	}
}
