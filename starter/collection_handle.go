package starter

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// ErrNoPage says that the collection ends before the page.
var ErrNoPage = errors.New("starter: the collection has no such page")

// collection is a handle without the type of its values.
type collection struct{ execution }

func (c *Client) collection(id string) *collection {
	return &collection{execution{client: c, id: id, failure: pageError}}
}

func collectionError(app *temporal.ApplicationError) *perdure.CollectionError {
	e := &perdure.CollectionError{Type: app.Type(), Message: app.Message()}
	if app.HasDetails() {
		_ = app.Details(&e.Status)
	}
	e.Err = refusedToken(e.Type, e.Status.Error)
	return e
}

func (c *Client) startCollection(ctx context.Context, in perdure.CollectionInput, o *CollectionOptions) (*collection, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	if err := c.takes(in.Request); err != nil {
		return nil, err
	}
	if err := c.checkPageToken(in); err != nil {
		return nil, err
	}
	opts := orDefault(o)
	named := opts.ID != ""
	if !named {
		opts.ID = "perdure-" + uuid.NewString()
	}
	h := c.collection(opts.ID)
	err := h.start(ctx, in, opts)
	if named && ctx.Err() == nil {
		if err := h.sameInput(ctx, in); err != nil {
			return h, err
		}
	}
	return h, err
}

// start starts the workflow, or joins the one that has its id, and waits for the first
// page.
func (h *collection) start(ctx context.Context, in perdure.CollectionInput, o CollectionOptions) error {
	for wait := askAgainWait; ; wait = min(2*wait, askAgainMaxWait) {
		err := h.startOnce(ctx, in, o)
		switch {
		case err == nil:
			return nil
		case isTaken(err), isClosed(err):
			return h.withoutPage(ctx)
		case isBusy(err):
			if _, err := h.describe(ctx); !errors.Is(err, ErrNotFound) {
				return err // it is there: reading it says the rest
			}
		case stopped(ctx, err):
			return context.Cause(ctx)
		case !isBrokenOff(err) && !isAbandoned(err) && !errors.Is(err, errEarly):
			return h.called(ctx, err)
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// withoutPage is why a collection that is closed came to no page; nil where it has some,
// or is not to be read now.
func (h *collection) withoutPage(ctx context.Context) error {
	s, err := h.Status(ctx)
	if err != nil || s.Pages > 0 {
		return nil //nolint:nilerr // reading it says the rest
	}
	return h.ended(s)
}

// ended says, as an error, how a collection was ended before its last page; nil where it
// was not.
func (h *collection) ended(s perdure.CollectionStatus) error {
	switch {
	case s.State == perdure.StateCanceled:
		return &perdure.CollectionError{Type: perdure.ErrorCanceled, Message: fmt.Sprintf("the collection was canceled after %d pages", s.Pages), Status: s}
	case s.State == perdure.StateUnknown:
		return fmt.Errorf("%w: %q", ErrTerminated, h.id)
	case s.Done && s.ErrorType != "":
		return &perdure.CollectionError{Type: s.ErrorType, Message: words(s.ErrorType, s.Error), Status: s, Err: refusedToken(s.ErrorType, s.Error)}
	}
	return nil
}

func (h *collection) startOnce(ctx context.Context, in perdure.CollectionInput, o CollectionOptions) error {
	c := h.client
	start := c.temporal.NewWithStartWorkflowOperation(
		c.workflowOptions(h.id, cmp.Or(o.Summary, in.Summary()), enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE), perdure.WorkflowCollection, in)
	update, err := c.temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateName: perdure.UpdateWait, Args: []any{bounded(perdure.WaitRequest{})}, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err != nil {
		return err
	}
	var first perdure.CollectionStatus
	if err := update.Get(ctx, &first); err != nil {
		return err
	}
	if first.Pages == 0 && !first.Done {
		return errEarly
	}
	return nil
}

// checkPageToken verifies a token before anything is started, where there is a keyset.
func (c *Client) checkPageToken(in perdure.CollectionInput) error {
	if in.Token == "" || c.options.Keyset == nil {
		return nil
	}
	token, err := tokens.Parse(in.Token)
	if err != nil {
		return err
	}
	_, err = c.verify(tokens.KindPage, token, RehydrateOptions{Type: in.Type, Audience: in.Audience, Service: in.Service})
	return err
}

// sameInput compares an input with the one that the collection was started with.
func (h *collection) sameInput(ctx context.Context, in perdure.CollectionInput) error {
	same, err := sameStart(ctx, &h.execution, perdure.WorkflowCollection, in)
	if err == nil && !same {
		err = &perdure.CollectionError{Type: perdure.ErrorIDConflict, Message: fmt.Sprintf("the workflow id %q belongs to another workflow, or to a collection with another input", h.id)}
	}
	return err
}

// Token is the continuation token of the next page, the one after the last that was
// fetched: store it, and RehydrateCollection goes on there. ErrNoToken before the first
// page, and after the last.
func (h *collection) Token(ctx context.Context) (tokens.Token, error) {
	var text string
	if err := h.query(ctx, "", perdure.QueryToken, &text); err != nil {
		return tokens.Token{}, err
	}
	if text == "" {
		return tokens.Token{}, ErrNoToken
	}
	return tokens.Parse(text)
}

// Cancel closes the collection as canceled. Its pages stay readable, and its tokens
// still work. After the end it does nothing.
func (h *collection) Cancel(ctx context.Context, reason string) error {
	return h.signal(ctx, perdure.SignalCancel, perdure.CancelSignal{Reason: reason})
}

// Status is what is known of the collection, without asking the service. Where no worker
// answers it is what was recorded last, and Stale is set.
func (h *collection) Status(ctx context.Context) (perdure.CollectionStatus, error) {
	var s perdure.CollectionStatus
	err := h.queryStatus(ctx, &s)
	if err != nil && (!workerMissing(err) || stopped(ctx, err)) {
		return s, h.called(ctx, err)
	}
	if s.Done {
		return s, nil
	}
	d, described := h.describe(ctx)
	if described != nil {
		return s, described
	}
	info := d.GetWorkflowExecutionInfo()
	if err != nil {
		s = perdure.CollectionStatus{State: perdure.StateStarting, StartedAt: info.GetStartTime().AsTime(), Stale: true}
		if p := info.GetMemo().GetFields()[perdure.MemoStatus]; p != nil {
			if err := h.client.options.DataConverter.FromPayload(p, &s); err != nil {
				return s, h.called(ctx, err)
			}
			s.Stale = true
		}
	}
	return h.client.whileInTemporal(s, d), nil
}
