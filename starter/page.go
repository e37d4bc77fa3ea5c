package starter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
)

// PageOptions of GetPage.
type PageOptions struct {
	// ID is the workflow id. The same id is the same fetch, whose page is kept as long
	// as the namespace keeps it; with another input it is perdure.ErrorIDConflict.
	// Default: a new one.
	ID string
}

// GetPage fetches one page: the first that a request asks for, or the one that a token
// names, whoever fetched it before. It is a fetch of its own each time.
//
// Errors: one of package tokens where the token is refused, before the service is asked
// (without Options.Keyset a *perdure.CollectionError wraps it); *perdure.CollectionError
// where the page cannot be had; ctx's own, and then the fetch is
// given up, unless it has an id, by which others may wait for it; anything else: it could
// not be asked.
func GetPage[T any](ctx context.Context, c *Client, in perdure.CollectionInput, o *PageOptions) (*Page[T], error) {
	raw, err := c.getPage(ctx, in, o)
	if err != nil {
		return nil, err
	}
	return typed[T](raw)
}

func (c *Client) getPage(ctx context.Context, in perdure.CollectionInput, o *PageOptions) (*perdure.Page, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	if err := c.takes(in.Request); err != nil {
		return nil, err
	}
	if err := c.checkPageToken(in); err != nil {
		return nil, err
	}
	id := "perdure-page-" + uuid.NewString()
	named := o != nil && o.ID != ""
	if named {
		id = o.ID
	}
	run, err := c.startPage(ctx, id, in, named)
	if err != nil {
		return nil, err
	}
	var p perdure.Page
	if err := result(ctx, run, &p); err != nil {
		if stopped(ctx, err) {
			if !named {
				c.giveUp(ctx, run)
			}
			return nil, context.Cause(ctx)
		}
		return nil, pageOutcome(id, err)
	}
	return &p, nil
}

// startPage starts the fetch, or joins the one that has its id.
func (c *Client) startPage(ctx context.Context, id string, in perdure.CollectionInput, named bool) (client.WorkflowRun, error) {
	h := c.collection(id)
	options := c.workflowOptions(id, in.Summary(), enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE)
	options.EnableEagerStart = true // where the worker shares this client
	run, err := c.execute(ctx, options, perdure.WorkflowPage, in)
	if isTaken(err) {
		run, err = c.temporal.GetWorkflow(ctx, id, ""), nil
	}
	if err != nil || !named {
		return run, h.called(ctx, err)
	}
	same, err := sameStart(ctx, &h.execution, perdure.WorkflowPage, in)
	if err == nil && !same {
		err = &perdure.CollectionError{Type: perdure.ErrorIDConflict, Message: fmt.Sprintf("the workflow id %q belongs to another workflow, or to a page with another input", id)}
	}
	return run, err
}

// giveUpTimeout bounds telling Temporal that nobody waits for a page any longer.
const giveUpTimeout = 2 * time.Second

// giveUp cancels a fetch that nobody waits for. It would end by itself.
func (c *Client) giveUp(ctx context.Context, run client.WorkflowRun) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveUpTimeout)
	defer cancel()
	_ = c.temporal.CancelWorkflow(ctx, run.GetID(), run.GetRunID())
}

// pageOutcome turns the error with which a page's workflow closed into why there is no
// page.
func pageOutcome(id string, err error) error {
	var (
		app       *temporal.ApplicationError
		canceled  *temporal.CanceledError
		execution *temporal.WorkflowExecutionError
	)
	switch {
	case !errors.As(err, &execution):
		return notFoundOr(id, err)
	case errors.As(err, &canceled):
		e := &perdure.CollectionError{Type: perdure.ErrorCanceled}
		_ = canceled.Details(&e.Status)
		return e
	case errors.As(err, &app):
		return collectionError(app)
	}
	return outcome(id, err)
}
