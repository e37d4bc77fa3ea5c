package starter_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// refusing is a Temporal whose worker refuses every token.
type refusing struct {
	client.Client
	t        *testing.T
	failure  error
	asked    []perdure.RehydrateInput
	ids      []string
	canceled []string
}

func (r *refusing) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, name any, args ...any) (client.WorkflowRun, error) {
	require.Equal(r.t, perdure.WorkflowRehydrate, name)
	r.ids = append(r.ids, o.ID+o.StaticSummary)
	r.asked = append(r.asked, as[perdure.RehydrateInput](r.t, args[0]))
	return &refused{r: r, id: o.ID}, nil
}

func (r *refusing) CancelWorkflow(_ context.Context, id, _ string) error {
	r.canceled = append(r.canceled, id)
	return nil
}

type refused struct {
	client.WorkflowRun
	r  *refusing
	id string
}

func (r *refused) GetID() string    { return r.id }
func (r *refused) GetRunID() string { return "run-1" }

func (r *refused) Get(ctx context.Context, _ any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return r.r.failure
}

func newRefusing(t *testing.T) (*refusing, *starter.Client, tokens.Token) {
	t.Helper()
	keys, err := tokens.NewKeyset()
	require.NoError(t, err)
	token, err := keys.Seal(tokens.Header{Kind: tokens.KindOperation, WorkflowID: "w", IssuedAt: time.Now()}, []byte("s"))
	require.NoError(t, err)
	r := &refusing{t: t}
	c, err := starter.New(r, starter.Options{})
	require.NoError(t, err)
	return r, c, token
}

// each takes up a token as one of its three kinds.
var each = map[string]func(context.Context, *starter.Client, tokens.Token, *starter.RehydrateOptions) error{
	perdure.KindOperation: func(ctx context.Context, c *starter.Client, token tokens.Token, o *starter.RehydrateOptions) error {
		_, err := starter.Rehydrate[json.RawMessage](ctx, c, token, o)
		return err
	},
	perdure.KindStream: func(ctx context.Context, c *starter.Client, token tokens.Token, o *starter.RehydrateOptions) error {
		_, err := starter.RehydrateStream[json.RawMessage](ctx, c, token, o)
		return err
	},
	perdure.KindPage: func(ctx context.Context, c *starter.Client, token tokens.Token, o *starter.RehydrateOptions) error {
		_, err := starter.RehydrateCollection[json.RawMessage](ctx, c, token, o)
		return err
	},
}

// A worker's refusal is the error that the keyset's own would be.
func TestWithoutAKeysetAWorkerVerifies(t *testing.T) {
	for kind, takeUp := range each {
		t.Run(kind, func(t *testing.T) {
			r, c, token := newRefusing(t)
			for _, reason := range []string{"malformed", "tooLarge", "notAuthentic", "keyRetired", "kind", "service", "type", "audience", "expired"} {
				message := tokens.ReasonError(reason).Error() + ": in the worker's words"
				r.failure = temporal.NewNonRetryableApplicationError(message, perdure.ErrorInvalidToken, nil, perdure.TokenRefusal{Reason: reason})
				err := takeUp(t.Context(), c, token, &starter.RehydrateOptions{Type: "T", Audience: "a", Service: "s"})
				require.ErrorIs(t, err, tokens.ReasonError(reason))
				require.EqualError(t, err, message)
			}
			require.Equal(t, perdure.RehydrateInput{Token: token.Text(), Kind: kind, Type: "T", Audience: "a", Service: "s"}, r.asked[0])
			for _, id := range r.ids {
				require.NotContains(t, id, token.Text()[20:30], "nothing of the token is in ids and summaries")
			}
		})
	}
}

func TestWithoutAKeysetOtherErrors(t *testing.T) {
	r, c, token := newRefusing(t)
	fail := func(errorType, message string) {
		r.failure = temporal.NewNonRetryableApplicationError(message, errorType, nil)
	}

	fail(perdure.ErrorIDConflict, "another's")
	conflicts := map[string]error{
		perdure.KindOperation: &perdure.OperationError{Type: perdure.ErrorIDConflict},
		perdure.KindStream:    &perdure.StreamError{Type: perdure.ErrorIDConflict},
		perdure.KindPage:      &perdure.CollectionError{Type: perdure.ErrorIDConflict},
	}
	for kind, takeUp := range each {
		require.ErrorIs(t, takeUp(t.Context(), c, token, nil), conflicts[kind])
	}

	takeUp := each[perdure.KindOperation]
	fail(perdure.ErrorInvalidInput, "service: no such")
	var input *perdure.InputError
	require.ErrorAs(t, takeUp(t.Context(), c, token, nil), &input)
	require.ErrorAs(t, takeUp(t.Context(), c, token, &starter.RehydrateOptions{Type: "a\nb"}), &input)

	asked := len(r.asked)
	require.ErrorIs(t, takeUp(t.Context(), c, tokens.Token{}, nil), tokens.ErrMalformed)
	require.Len(t, r.asked, asked, "no token is refused here")

	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	require.ErrorIs(t, takeUp(ctx, c, token, nil), why)
	require.Len(t, r.canceled, 1, "nobody waits for it any more")
}
