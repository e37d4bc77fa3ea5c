package starter

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// stream is a handle without the type of its data.
type stream struct{ execution }

func (c *Client) stream(id string) *stream {
	return &stream{execution{client: c, id: id, failure: streamFailure}}
}

// streamFailure reads an application error of a stream's workflow.
func streamFailure(app *temporal.ApplicationError) error {
	if app.Type() != perdure.ErrorOtherRun {
		return streamError(app)
	}
	return errEarlierRun
}

// errEarlierRun: the status says which run has the event.
var errEarlierRun = errors.New("starter: the event is in an earlier run")

func streamError(app *temporal.ApplicationError) *perdure.StreamError {
	e := &perdure.StreamError{Type: app.Type(), Message: app.Message()}
	if app.HasDetails() {
		_ = app.Details(&e.Status)
	}
	e.Err = refusedToken(e.Type, e.Status.Error)
	return e
}

func (c *Client) startStream(ctx context.Context, in perdure.StreamInput, o *StreamOptions) (*stream, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	if err := c.takes(in.Request); err != nil {
		return nil, err
	}
	if in.Token != "" && c.options.Keyset != nil {
		token, err := tokens.Parse(in.Token)
		if err != nil {
			return nil, err
		}
		if _, err := c.verify(tokens.KindStream, token, RehydrateOptions{Type: in.Type, Audience: in.Audience, Service: in.Service}); err != nil {
			return nil, err
		}
	}
	opts := orDefault(o)
	named := opts.ID != ""
	if !named {
		opts.ID = "perdure-" + uuid.NewString()
	}
	h := c.stream(opts.ID)
	if err := h.start(ctx, in, opts.Summary, enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE); err != nil {
		return h, err
	}
	if !named {
		return h, nil
	}
	same, err := sameStart[perdure.StreamInput](ctx, &h.execution, perdure.WorkflowStream, in)
	if err == nil && !same {
		err = &perdure.StreamError{Type: perdure.ErrorIDConflict, Message: fmt.Sprintf("the workflow id %q belongs to another workflow, or to a stream with another input", h.id)}
	}
	return h, err
}

func (h *stream) start(ctx context.Context, in perdure.StreamInput, summary string, reuse enumspb.WorkflowIdReusePolicy) error {
	options := h.client.workflowOptions(h.id, cmp.Or(summary, in.Summary()), reuse)
	_, err := h.client.execute(ctx, options, perdure.WorkflowStream, in)
	if isTaken(err) {
		return nil
	}
	return h.called(ctx, err)
}

func (c *Client) rehydrateStream(ctx context.Context, token tokens.Token, o *RehydrateOptions) (*stream, error) {
	found, err := c.takeUp(ctx, tokens.KindStream, token, orDefault(o))
	if err != nil {
		return nil, rehydrateError(ctx, err, func(message string) error {
			return &perdure.StreamError{Type: perdure.ErrorIDConflict, Message: message}
		})
	}
	return c.stream(found.WorkflowID), nil
}

// Token is the continuation token after the last event that was recorded with it: store
// it, and RehydrateStream takes the stream up again, also when the workflow is gone.
// ErrNoToken before the service has answered.
func (h *stream) Token(ctx context.Context) (tokens.Token, error) {
	var text string
	if err := h.query(ctx, "", perdure.QueryToken, &text); err != nil {
		return tokens.Token{}, err
	}
	if text == "" {
		return tokens.Token{}, ErrNoToken
	}
	return tokens.Parse(text)
}

// RawResponse is the head of the service's last answer, as captured, without a body. Nil
// before it has answered.
func (h *stream) RawResponse(ctx context.Context) (*perdure.Response, error) {
	var r *perdure.Response
	return r, h.query(ctx, "", perdure.QueryResponse, &r)
}

// Cancel breaks the stream off. What came before stays readable. After the end it does
// nothing.
func (h *stream) Cancel(ctx context.Context, reason string) error {
	return h.signal(ctx, perdure.SignalCancel, perdure.CancelSignal{Reason: reason})
}

// Status is what is known of the stream. Where no worker answers it is what was recorded
// last, and Stale is set.
func (h *stream) Status(ctx context.Context) (perdure.StreamStatus, error) {
	var s perdure.StreamStatus
	d, stale, err := h.status(ctx, &s)
	if err != nil || s.Done && !stale {
		return s, err
	}
	if stale {
		s.Stale = true
		if s.State == "" {
			s.State, s.StartedAt = perdure.StateStarting, d.GetWorkflowExecutionInfo().GetStartTime().AsTime()
		}
	}
	if at, ended := closedInTemporal(d); ended && !s.Done {
		s.State, s.Done, s.EndedAt = perdure.StateUnknown, true, at
	}
	return s, nil
}
