package starter

import (
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// RehydrateOptions of Rehydrate. A token that has a type or an audience is refused
// where none, or another, is asked for.
type RehydrateOptions struct {
	Type     string
	Audience string
	// Service is the one that the token must be of; "": any.
	Service string
}

// Rehydrate takes up the operation that a token names. The token is verified first;
// an error of package tokens says why it is refused. Then: if the workflow is there,
// it is attached to, open or closed; if it is gone, was terminated, or failed for a
// reason that can be mended, one with the same id goes on from the token's state. Two
// that rehydrate the same token at once end up on the same workflow.
func Rehydrate[T any](ctx context.Context, c *Client, token tokens.Token, o *RehydrateOptions) (*Operation[T], error) {
	h, err := c.rehydrate(ctx, token, o)
	if h == nil {
		return nil, err
	}
	return &Operation[T]{h}, err
}

// Inspect verifies a token and gives the id of the workflow that it names, without
// starting anything.
func (c *Client) Inspect(token tokens.Token, o *RehydrateOptions) (tokens.Header, error) {
	if c.Keyset == nil {
		return tokens.Header{}, ErrNoKeyset
	}
	if o == nil {
		o = &RehydrateOptions{}
	}
	opened, err := c.Keyset.Open(token, tokens.Expect{
		Kind: tokens.KindOperation, Type: o.Type, Audience: o.Audience, Service: o.Service,
		Lifetime: c.TokenLifetime, Now: time.Now(),
	})
	return opened.Header, err
}

func (c *Client) rehydrate(ctx context.Context, token tokens.Token, o *RehydrateOptions) (*handle, error) {
	header, err := c.Inspect(token, o)
	if err != nil {
		return nil, err
	}
	if header.WorkflowID == "" {
		return nil, errors.New("starter: the token names no workflow")
	}
	h := c.operation(header.WorkflowID)
	there, err := h.attachable(ctx)
	if err != nil {
		return nil, err
	}
	if there {
		_, err := h.Status(ctx)
		return h, err
	}
	in := perdure.OperationInput{Token: token.Text(), Type: header.Type, Audience: header.Audience}
	// Not an update with start: under its shared id that would be answered from the
	// memory of the run that was closed.
	run, err := c.temporal.ExecuteWorkflow(ctx, c.workflowOptions(h.id, summary(in, ""), enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE), perdure.WorkflowOperation, in)
	if err != nil {
		return h, h.called(ctx, err)
	}
	h.runID = run.GetRunID()
	s, err := h.AwaitStarted(ctx)
	if err != nil {
		return h, err
	}
	return h, ended(s)
}

// attachable reports whether the operation's workflow is there, running or closed in
// a way that says what became of the operation.
func (h *handle) attachable(ctx context.Context) (bool, error) {
	d, err := h.describe(ctx)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	h.runID = d.GetWorkflowExecutionInfo().GetExecution().GetRunId()
	status := d.GetWorkflowExecutionInfo().GetStatus()
	if status == enumspb.WORKFLOW_EXECUTION_STATUS_FAILED {
		return h.failedForGood(ctx)
	}
	return status != enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED && status != enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT, nil
}

// failedForGood: the failure is the service's word, or that it cannot be known; any
// other may have been mended since.
func (h *handle) failedForGood(ctx context.Context) (bool, error) {
	var bad *perdure.OperationError
	err := outcome(h.id, h.client.temporal.GetWorkflow(ctx, h.id, "").Get(ctx, nil))
	if !errors.As(err, &bad) {
		return false, err
	}
	switch bad.Type {
	case perdure.ErrorOperationFailed, perdure.ErrorStartRejected, perdure.ErrorStartAmbiguous:
		return true, nil
	}
	return false, nil
}
