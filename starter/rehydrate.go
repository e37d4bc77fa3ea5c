package starter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/internal/rehydration"
	"github.com/perdure-dev/perdure/tokens"
)

// RehydrateOptions of Rehydrate, RehydrateCollection, RehydrateStream and Client.Inspect. A
// token that has a type or an audience is refused where none, or another, is asked for.
type RehydrateOptions struct {
	// Type is the input's; "": the token must have none.
	Type string
	// Audience is the input's; "": the token must have none.
	Audience string
	// Service is the one that the token must be of; "": any.
	Service string
}

// Rehydrate takes up the operation that a token names. The token is verified first, here
// where there is Options.Keyset, and else by a worker; an error of package tokens says why
// it is refused. Then: if the workflow is there, it is attached to, open or closed; if it
// is gone, was terminated, or failed for a reason that can be mended, one with the same id
// goes on from the token's state. Two that rehydrate the same token at once end up on the
// same workflow. Where the id belongs to another caller's workflow by now, or to none of
// ours, the error is a *perdure.OperationError of type perdure.ErrorIDConflict.
func Rehydrate[T any](ctx context.Context, c *Client, token tokens.Token, o *RehydrateOptions) (*Operation[T], error) {
	h, err := c.rehydrate(ctx, token, o)
	if h == nil {
		return nil, err
	}
	return &Operation[T]{h}, err
}

// Inspect verifies a token and gives the id of the workflow that it names, without
// starting anything and without asking anybody. ErrNoKeyset without Options.Keyset.
func (c *Client) Inspect(token tokens.Token, o *RehydrateOptions) (tokens.Header, error) {
	return c.verify(tokens.KindOperation, token, orDefault(o))
}

func (c *Client) verify(kind tokens.Kind, token tokens.Token, o RehydrateOptions) (tokens.Header, error) {
	if c.options.Keyset == nil {
		return tokens.Header{}, ErrNoKeyset
	}
	opened, err := c.options.Keyset.Open(token, tokens.Expect{
		Kind: kind, Type: o.Type, Audience: o.Audience, Service: o.Service,
		Lifetime: c.options.TokenLifetime, Now: time.Now(),
	})
	return opened.Header, err
}

func (c *Client) rehydrate(ctx context.Context, token tokens.Token, o *RehydrateOptions) (*handle, error) {
	found, err := c.takeUp(ctx, tokens.KindOperation, token, orDefault(o))
	if err != nil {
		return nil, rehydrateError(ctx, err, func(message string) error {
			return &perdure.OperationError{Type: perdure.ErrorIDConflict, Message: message}
		})
	}
	h := c.operation(found.WorkflowID)
	h.runID = found.RunID
	if !found.Started {
		_, err := h.Status(ctx)
		return h, err
	}
	s, err := h.AwaitStarted(ctx)
	if err != nil {
		return h, err
	}
	return h, h.ended(ctx, s)
}

// rehydrateCollection starts a collection from the page that the token names.
func (c *Client) rehydrateCollection(ctx context.Context, token tokens.Token, o RehydrateOptions) (*collection, error) {
	if _, err := tokens.Parse(token.Text()); err != nil { // none
		return nil, err
	}
	in := perdure.CollectionInput{Token: token.Text(), Type: o.Type, Audience: o.Audience, Service: o.Service}
	if c.options.Keyset != nil {
		return c.startCollection(ctx, in, nil)
	}
	found, err := c.askWorker(ctx, tokens.KindPage, token, o)
	if err != nil {
		return nil, rehydrateError(ctx, err, func(message string) error {
			return &perdure.CollectionError{Type: perdure.ErrorIDConflict, Message: message}
		})
	}
	return c.startCollection(ctx, in, &CollectionOptions{ID: found.WorkflowID}) // and waits for the page
}

// takeUp attaches to what a token names, or starts it; without a keyset a worker does.
func (c *Client) takeUp(ctx context.Context, kind tokens.Kind, token tokens.Token, o RehydrateOptions) (perdure.Rehydrated, error) {
	if c.options.Keyset == nil {
		return c.askWorker(ctx, kind, token, o)
	}
	header, err := c.verify(kind, token, o)
	if err != nil {
		return perdure.Rehydrated{}, err
	}
	engine := &rehydration.Engine{Temporal: c.temporal, Namespace: c.options.Namespace, TaskQueue: c.options.TaskQueue, DataConverter: c.options.DataConverter}
	return engine.TakeUp(ctx, token.Text(), header)
}

// askWorker has a worker verify the token and take it up.
func (c *Client) askWorker(ctx context.Context, kind tokens.Kind, token tokens.Token, o RehydrateOptions) (perdure.Rehydrated, error) {
	var found perdure.Rehydrated
	if _, err := tokens.Parse(token.Text()); err != nil { // none
		return found, err
	}
	in := perdure.RehydrateInput{Token: token.Text(), Kind: string(kind), Type: o.Type, Audience: o.Audience, Service: o.Service}
	if err := in.Check(); err != nil {
		return found, err
	}
	run, err := c.execute(ctx, client.StartWorkflowOptions{
		ID: "perdure-rehydrate-" + uuid.NewString(), TaskQueue: c.options.TaskQueue, StaticSummary: in.Summary(),
	}, perdure.WorkflowRehydrate, in)
	if err == nil {
		err = result(ctx, run, &found)
	}
	if err != nil && run != nil && stopped(ctx, err) {
		c.giveUp(ctx, run)
	}
	return found, err
}

// rehydrateError is why a token was not taken up; conflict is the error of an id that
// belongs to something else.
func rehydrateError(ctx context.Context, err error, conflict func(message string) error) error {
	if taken, ok := errors.AsType[*rehydration.ConflictError](err); ok {
		return conflict(taken.Message)
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return refusedByWorker(app, conflict)
	}
	_, input := errors.AsType[*perdure.InputError](err)
	switch {
	case tokens.Reason(err) != "", input:
		return err
	case stopped(ctx, err):
		return context.Cause(ctx)
	}
	return fmt.Errorf("starter: take up a token: %w", err)
}

// refusedByWorker reads the failure of perdure.rehydrate.v1.
func refusedByWorker(app *temporal.ApplicationError, conflict func(message string) error) error {
	switch app.Type() {
	case perdure.ErrorIDConflict:
		return conflict(app.Message())
	case perdure.ErrorInvalidInput:
		return &perdure.InputError{Message: app.Message()}
	}
	var refusal perdure.TokenRefusal
	if app.HasDetails() && app.Details(&refusal) == nil {
		if reason := tokens.ReasonError(refusal.Reason); reason != nil {
			return &refusedError{message: app.Message(), reason: reason}
		}
	}
	return app
}

// refusedError is an error of package tokens in a worker's words.
type refusedError struct {
	message string
	reason  error
}

func (e *refusedError) Error() string { return e.message }
func (e *refusedError) Unwrap() error { return e.reason }

// refusedToken is why a worker has refused the token of an input, as an error of package
// tokens; nil where it ended for another reason.
func refusedToken(errorType string, why *perdure.ServiceError) error {
	if errorType != perdure.ErrorInvalidToken || why == nil {
		return nil
	}
	var refusal perdure.TokenRefusal
	_ = json.Unmarshal(why.Details, &refusal) // without a reason it is none of those
	return tokens.ReasonError(refusal.Reason)
}
