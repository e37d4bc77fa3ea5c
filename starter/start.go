package starter

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
)

// StartOptions of Start and Run.
type StartOptions struct {
	// ID is the workflow id, and the caller's deduplication: the same id is the same
	// operation, as long as the namespace keeps it. Printable ASCII. Default: a new one.
	ID string
	// Summary is a line for people, shown in Temporal's web UI; 120 bytes or so. Default:
	// that of the input.
	Summary string
}

// Start starts an operation and returns when the service has answered the start.
//
// With an id that is taken it attaches to that operation, whatever became of it; with
// another input it fails with a *perdure.OperationError of type perdure.ErrorIDConflict.
// When the start was rejected, is ambiguous or could not be sent, the handle comes with a
// *perdure.OperationError. When ctx ends first, the operation goes on, and the handle comes
// with ctx's error.
func Start[T any](ctx context.Context, c *Client, in perdure.OperationInput, o *StartOptions) (*Operation[T], error) {
	h, err := c.start(ctx, in, o)
	if h == nil {
		return nil, err
	}
	return &Operation[T]{h}, err
}

// Run starts an operation and waits for its value. The handle is there with every
// error that came after the start.
func Run[T any](ctx context.Context, c *Client, in perdure.OperationInput, o *StartOptions) (T, *Operation[T], error) {
	var none T
	op, err := Start[T](ctx, c, in, o)
	if err != nil {
		return none, op, err
	}
	value, err := op.Wait(ctx, nil)
	return value, op, err
}

// Attach gives a handle on an operation by its workflow id, running or closed.
// ErrNotFound where there is none.
func Attach[T any](ctx context.Context, c *Client, id string) (*Operation[T], error) {
	h, err := c.attach(ctx, id)
	if err != nil {
		return nil, err
	}
	return &Operation[T]{h}, nil
}

func (c *Client) start(ctx context.Context, in perdure.OperationInput, o *StartOptions) (*handle, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	if err := c.takes(in.Request); err != nil {
		return nil, err
	}
	opts := StartOptions{}
	if o != nil {
		opts = *o
	}
	named := opts.ID != "" || in.Adopt != nil
	switch {
	case opts.ID != "":
	case in.Adopt != nil:
		opts.ID = adoptedID(in)
	default:
		opts.ID = "perdure-" + uuid.NewString()
	}
	h := c.operation(opts.ID)
	s, err := c.startWorkflow(ctx, h, in, opts)
	if err != nil {
		return h, err
	}
	if !named {
		return h, h.ended(ctx, s)
	}
	if err := h.sameInput(ctx, in); err != nil {
		return h, err
	}
	// All callers share the id of awaitStarted: where the operation was there before, the
	// answer may be what the first of them was told.
	if s, err = h.Status(ctx); err == nil && s.State == perdure.StateStarting {
		s, err = h.AwaitStarted(ctx)
	}
	if err != nil {
		return h, err
	}
	return h, h.ended(ctx, s)
}

// startWorkflow starts the workflow, or joins the one that runs under its id, and
// waits until its start is decided.
func (c *Client) startWorkflow(ctx context.Context, h *handle, in perdure.OperationInput, o StartOptions) (perdure.Status, error) {
	for wait := askAgainWait; ; wait = min(2*wait, askAgainMaxWait) {
		s, err := c.startOnce(ctx, h, in, o)
		switch {
		case err == nil:
			return h.note(s), nil
		case stopped(ctx, err):
			return s, context.Cause(ctx)
		case moved(err):
			return h.AwaitStarted(ctx)
		case isTaken(err), isClosed(err), isAbandoned(err):
			return h.Status(ctx)
		case !isBrokenOff(err):
			return s, h.called(ctx, err)
		} // else it may have started, and is joined then
		if err := pause(ctx, wait); err != nil {
			return s, err
		}
	}
}

func (c *Client) startOnce(ctx context.Context, h *handle, in perdure.OperationInput, o StartOptions) (perdure.Status, error) {
	options := c.workflowOptions(o.ID, cmp.Or(o.Summary, in.Summary()), enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE)
	if o.Summary != "" {
		options.Memo = map[string]any{perdure.MemoSummary: o.Summary}
	}
	start := c.temporal.NewWithStartWorkflowOperation(options, perdure.WorkflowOperation, in)
	update, err := c.temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: start,
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID: perdure.UpdateAwaitStarted, UpdateName: perdure.UpdateAwaitStarted,
			WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	var s perdure.Status
	if err != nil {
		return s, err
	}
	h.runID = update.RunID()
	err = update.Get(ctx, &s)
	return s, err
}

func (c *Client) workflowOptions(id, summary string, reuse enumspb.WorkflowIdReusePolicy) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID: id, TaskQueue: c.options.TaskQueue, StaticSummary: summary,
		WorkflowIDReusePolicy:    reuse,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}
}

// isTaken: a closed workflow has the id, and duplicates are rejected.
func isTaken(err error) bool {
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &started) {
		return true
	}
	if multi, ok := errors.AsType[*serviceerror.MultiOperationExecution](err); ok {
		for _, e := range multi.OperationErrors() {
			if errors.As(e, &started) {
				return true
			}
		}
	}
	return false
}

func (c *Client) attach(ctx context.Context, id string) (*handle, error) {
	if id == "" {
		return nil, fmt.Errorf("%w: the id is empty", ErrNotFound)
	}
	h := c.operation(id)
	d, err := h.describe(ctx)
	if err != nil {
		return nil, err
	}
	if name := d.GetWorkflowExecutionInfo().GetType().GetName(); name != perdure.WorkflowOperation {
		return nil, fmt.Errorf("%w: %q is a workflow of type %s", ErrNotFound, id, name)
	}
	h.runID = d.GetWorkflowExecutionInfo().GetExecution().GetRunId()
	return h, nil
}
