package activities_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/internal/rehydration"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/tokens"
)

// rehydrating runs the activity over a Temporal that takes up everything.
type rehydrating struct {
	*desk
	taken []tokens.Header
	err   error
}

func newRehydrating(t *testing.T) *rehydrating {
	t.Helper()
	r := &rehydrating{desk: newDesk(t, perduretest.NewService(t))}
	r.options.TakeUp = func(_ context.Context, in perdure.RehydrateInput, h tokens.Header) (perdure.Rehydrated, error) {
		r.taken = append(r.taken, h)
		require.NotEmpty(t, in.Token)
		return perdure.Rehydrated{WorkflowID: h.WorkflowID, RunID: "run-1"}, r.err
	}
	return r
}

func (r *rehydrating) rehydrate(input any) (perdure.Rehydrated, error) {
	r.t.Helper()
	r.newEnvironment()
	r.env.RegisterActivityWithOptions(r.activities("jobs").Rehydrate, activity.RegisterOptions{Name: perdure.ActivityRehydrate})
	value, err := r.env.ExecuteActivity(perdure.ActivityRehydrate, input)
	var found perdure.Rehydrated
	if err == nil {
		require.NoError(r.t, value.Get(&found))
	}
	return found, err
}

func (r *rehydrating) token(change func(*tokens.Header)) string {
	r.t.Helper()
	h := tokens.Header{
		Kind: tokens.KindOperation, WorkflowID: "stores/7", Service: "jobs", Type: "CreateStore", Audience: "tenant-a", IssuedAt: time.Now(),
	}
	if change != nil {
		change(&h)
	}
	token, err := r.options.Keyset.Seal(h, []byte("sealed-canary"))
	require.NoError(r.t, err)
	return token.Text()
}

func TestAWorkerTakesUpAToken(t *testing.T) {
	for _, test := range []struct {
		name   string
		header func(*tokens.Header)
		in     func(*perdure.RehydrateInput)
	}{
		{"an operation's, by default", nil, nil},
		{"of the service that is asked for", nil, func(in *perdure.RehydrateInput) { in.Service = "jobs" }},
		{"a stream's", func(h *tokens.Header) { h.Kind = tokens.KindStream }, func(in *perdure.RehydrateInput) { in.Kind = perdure.KindStream }},
		{"a page's", func(h *tokens.Header) { h.Kind = tokens.KindPage }, func(in *perdure.RehydrateInput) { in.Kind = perdure.KindPage }},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRehydrating(t)
			in := perdure.RehydrateInput{Token: r.token(test.header), Type: "CreateStore", Audience: "tenant-a"}
			if test.in != nil {
				test.in(&in)
			}
			found, err := r.rehydrate(in)
			require.NoError(t, err)
			require.Equal(t, perdure.Rehydrated{WorkflowID: "stores/7", RunID: "run-1"}, found)
			require.Len(t, r.taken, 1)
		})
	}
}

// cutOff takes some bytes off the end: as many characters as leave base64 in its one
// spelling, which any other number does by chance only.
func cutOff(token string) string {
	const prefix = len("perdure1_")
	return token[:prefix+(len(token)-prefix-1)/4*4]
}

// Each refusal has a reason of its own, quotes nothing of the token, and comes before
// anything is looked for.
func TestAWorkerRefusesAToken(t *testing.T) {
	r := newRehydrating(t)
	r.options.TokenLifetime = time.Hour
	good := r.token(nil)
	other, err := tokens.NewKeyset()
	require.NoError(t, err)
	foreign, err := other.Seal(tokens.Header{Kind: tokens.KindOperation, IssuedAt: time.Now()}, nil)
	require.NoError(t, err)
	for _, test := range []struct {
		name, token string
		in          func(*perdure.RehydrateInput)
		reason      string
	}{
		{"another type", good, func(in *perdure.RehydrateInput) { in.Type = "DeleteStore" }, "type"},
		{"no type", good, func(in *perdure.RehydrateInput) { in.Type = "" }, "type"},
		{"another audience", good, func(in *perdure.RehydrateInput) { in.Audience = "tenant-b" }, "audience"},
		{"no audience", good, func(in *perdure.RehydrateInput) { in.Audience = "" }, "audience"},
		{"another service", good, func(in *perdure.RehydrateInput) { in.Service = "files" }, "service"},
		{"another kind", good, func(in *perdure.RehydrateInput) { in.Kind = perdure.KindStream }, "kind"},
		{"a page's as an operation's", r.token(func(h *tokens.Header) { h.Kind = tokens.KindPage }), nil, "kind"},
		{"one bit", tampered(good), nil, "notAuthentic"},
		{"cut off", cutOff(good), nil, "notAuthentic"},
		{"in another spelling", good + "=", nil, "malformed"},
		{"of a version to come", "perdure2_" + good[len("perdure1_"):], nil, "malformed"},
		{"too long", good + strings.Repeat("A", perdure.MaxTokenBytes), nil, "tooLarge"},
		{"of a key that is not here", foreign.Text(), nil, "keyRetired"},
		{"too old", r.token(func(h *tokens.Header) { h.IssuedAt = time.Now().Add(-2 * time.Hour) }), nil, "expired"},
		{"from the future", r.token(func(h *tokens.Header) { h.IssuedAt = time.Now().Add(time.Hour) }), nil, "expired"},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := perdure.RehydrateInput{Token: test.token, Type: "CreateStore", Audience: "tenant-a"}
			if test.in != nil {
				test.in(&in)
			}
			_, err := r.rehydrate(in)
			app := requireFinal(t, err, perdure.ErrorInvalidToken)
			var refusal perdure.TokenRefusal
			require.NoError(t, app.Details(&refusal))
			require.Equal(t, test.reason, refusal.Reason)
			require.ErrorIs(t, tokens.ReasonError(refusal.Reason), tokens.ReasonError(test.reason))
			require.NotContains(t, err.Error(), test.token[20:40])
			require.Empty(t, r.taken)
		})
	}
}

func requireFinal(t *testing.T, err error, errorType string) *temporal.ApplicationError {
	t.Helper()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Equal(t, errorType, app.Type(), "%v", err)
	require.True(t, app.NonRetryable())
	return app
}

func TestWhatAWorkerCannotTakeUp(t *testing.T) {
	r := newRehydrating(t)
	in := perdure.RehydrateInput{Token: r.token(nil), Type: "CreateStore", Audience: "tenant-a"}

	_, err := r.rehydrate(map[string]any{"tokn": in.Token})
	require.ErrorContains(t, requireFinal(t, err, perdure.ErrorInvalidInput), "tokn: unknown field")
	_, err = r.rehydrate(perdure.RehydrateInput{Token: in.Token, Kind: "job"})
	require.ErrorContains(t, requireFinal(t, err, perdure.ErrorInvalidInput), "kind: is unknown")
	_, err = r.rehydrate(perdure.RehydrateInput{})
	require.ErrorContains(t, requireFinal(t, err, perdure.ErrorInvalidInput), "token: is missing")
	gone := in
	gone.Token = r.token(func(h *tokens.Header) { h.Service = "renamed" })
	_, err = r.rehydrate(gone)
	require.ErrorContains(t, requireFinal(t, err, perdure.ErrorInvalidInput), `"renamed" is not in the worker's configuration`)
	require.Empty(t, r.taken)

	r.err = &rehydration.ConflictError{Message: "another's"}
	_, err = r.rehydrate(in)
	require.ErrorContains(t, requireFinal(t, err, perdure.ErrorIDConflict), "another's")
	r.err = rehydration.ErrNoWorkflow
	_, err = r.rehydrate(in)
	require.ErrorContains(t, requireFinal(t, err, perdure.ErrorInvalidToken), "names no workflow")

	r.err = errors.New("Temporal is away")
	_, err = r.rehydrate(in)
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.False(t, app.NonRetryable(), "it is tried again")
}
