package starter

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// handle is an operation without the type of its value.
type handle struct {
	execution

	mu    sync.Mutex
	runID string
	last  perdure.Status
}

func (h *handle) note(s perdure.Status) perdure.Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = s
	return s
}

func (h *handle) noted() perdure.Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last
}

// RunID is the run that was current when the handle was made.
func (h *handle) RunID() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.runID
}

// HasCompleted reports, without asking, whether the operation was over at the last
// status that this handle has seen: succeeded, or ended badly.
func (h *handle) HasCompleted() bool { return h.noted().Done }

// LastStatus is the last status that this handle has seen, without asking.
func (h *handle) LastStatus() perdure.Status { return h.noted() }

// UpdateStatusOptions of UpdateStatus.
type UpdateStatusOptions struct {
	// Headers are sent with this question only. Credentials are refused.
	Headers map[string][]string
}

// UpdateStatus asks the service once, now, and gives what it said. Before the start
// is answered, while it is ambiguous and after the end it asks nobody and gives what
// is known.
func (h *handle) UpdateStatus(ctx context.Context, o *UpdateStatusOptions) (perdure.Status, error) {
	var request perdure.UpdateStatusRequest
	if o != nil {
		request.Headers = o.Headers
	}
	return h.update(ctx, perdure.UpdateUpdateStatus, "", request)
}

// SetPolling replaces the operation's polling from now on, the wait under way
// included. ErrDone after the end.
func (h *handle) SetPolling(ctx context.Context, p perdure.Polling) (perdure.Status, error) {
	if err := p.Check("polling"); err != nil {
		return perdure.Status{}, err
	}
	s, err := h.update(ctx, perdure.UpdateSetPolling, "", p)
	if err == nil && s.Done {
		return s, ErrDone
	}
	return s, err
}

// Resolve settles an ambiguous start by what a person found out, and returns when that
// is carried out, with what is known then. ErrDone on an operation that is over; where
// the start is not ambiguous, or an adoption cannot be carried out, the start stays as
// it is and the error is a *perdure.OperationError of type perdure.ErrorInvalidInput.
func (h *handle) Resolve(ctx context.Context, r perdure.Resolve) (perdure.Status, error) {
	if err := r.Check(); err != nil {
		return perdure.Status{}, err
	}
	s, err := h.Status(ctx)
	if err != nil {
		return s, err
	}
	if s.Done {
		return s, ErrDone
	}
	return h.update(ctx, perdure.UpdateResolve, "", r)
}

// AwaitStarted waits until the service has answered the start, or it is known that it
// will not, or it cannot be known.
func (h *handle) AwaitStarted(ctx context.Context) (perdure.Status, error) {
	updateID := perdure.UpdateAwaitStarted
	for n := 2; ; n++ {
		before := h.noted()
		s, err := h.update(ctx, perdure.UpdateAwaitStarted, updateID)
		if s.AsOf.Before(before.AsOf) { // all callers share the update's id: it may be what the first was told
			h.note(before)
		}
		if err != nil || s.State != perdure.StateAmbiguous || s.Done {
			return s, err
		}
		if s, err = h.Status(ctx); err != nil || s.State != perdure.StateStarting {
			return s, err
		}
		updateID = fmt.Sprintf("%s-%d", perdure.UpdateAwaitStarted, n) // it was resolved, and is started again
	}
}

// update runs an update to its end. On a closed operation the status answers. One that has
// an id is the same however often it is sent, and is sent again when it is broken off.
func (h *handle) update(ctx context.Context, name, updateID string, args ...any) (perdure.Status, error) {
	for wait := askAgainWait; ; wait = min(2*wait, askAgainMaxWait) {
		var s perdure.Status
		u, err := h.client.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			WorkflowID: h.id, UpdateID: updateID, UpdateName: name, Args: args, WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		if err == nil {
			err = u.Get(ctx, &s)
		}
		switch {
		case err == nil:
			return h.note(h.watched(ctx, name, s)), nil
		case name == perdure.UpdateResolve && isFailure(err, perdure.ErrorRunMoved): // accepted: the next run carries it out
			return h.AwaitStarted(ctx)
		case moved(err), updateID == "" && isAbandoned(err), updateID != "" && isBrokenOff(err) && !stopped(ctx, err): // it is answered in a moment
			if err := pause(ctx, wait); err != nil {
				return s, err
			}
		case isClosed(err), isAbandoned(err):
			return h.Status(ctx)
		default:
			return perdure.Status{}, h.called(ctx, err)
		}
	}
}

// watched adds to an update's answer what the activity that watches has heard, so that polls
// never go back from one answer to the next. A start's has none yet.
func (h *handle) watched(ctx context.Context, name string, s perdure.Status) perdure.Status {
	if s.Done || name == perdure.UpdateAwaitStarted {
		return s
	}
	d, err := h.describe(ctx)
	if err != nil {
		return s
	}
	return h.client.withHeartbeats(s, d)
}

// RawResponse is what the service answered last, as captured: without credentials,
// query strings redacted, its body cut at the service's captureBytes. Nil before it
// has answered.
func (h *handle) RawResponse(ctx context.Context) (*perdure.Response, error) {
	var r *perdure.Response
	return r, h.query(ctx, "", perdure.QueryResponse, &r)
}

// Token is the continuation token: store it, and Rehydrate takes the operation up
// again in any process, also when the workflow is gone. ErrNoToken before the service
// has answered.
func (h *handle) Token(ctx context.Context) (tokens.Token, error) {
	var text string
	if err := h.query(ctx, "", perdure.QueryToken, &text); err != nil {
		return tokens.Token{}, err
	}
	if text == "" {
		return tokens.Token{}, ErrNoToken
	}
	return tokens.Parse(text)
}

// Cancel asks that the operation be canceled, and returns. The service is asked to
// stop, and then how it goes until it says that it is over, which Wait tells. After
// the end it does nothing.
func (h *handle) Cancel(ctx context.Context, reason string) error {
	return h.signal(ctx, perdure.SignalCancel, perdure.CancelSignal{Reason: reason})
}

// RequestPoll has the service asked now, as when a webhook has come, and returns without
// waiting for the answer, which [Operation.UpdateStatus] does. After the end it does
// nothing.
func (h *handle) RequestPoll(ctx context.Context) error {
	return h.signal(ctx, perdure.SignalPoll, nil)
}

// ended says, as an error, how the operation ended; nil where it did not end badly. By the
// status alone, what Temporal itself ended is as what nobody confirmed to be canceled.
func (h *handle) ended(ctx context.Context, s perdure.Status) error {
	if !s.Done || s.State != perdure.StateUnknown || s.ErrorType != "" {
		return ended(s)
	}
	d, err := h.describe(ctx)
	if err != nil {
		return err
	}
	if isEndedInTemporal(d) {
		return fmt.Errorf("%w: %q", ErrTerminated, h.id)
	}
	return ended(s)
}

// wait waits for the end and decodes the result.
func (h *handle) wait(ctx context.Context, into *perdure.OperationResult) error {
	s, err := h.AwaitStarted(ctx)
	if err != nil {
		return err
	}
	if s.State == perdure.StateAmbiguous && !s.Done {
		return ended(s)
	}
	err = result(ctx, h.client.temporal.GetWorkflow(ctx, h.id, ""), into)
	if err != nil && stopped(ctx, err) {
		return context.Cause(ctx)
	}
	err = outcome(h.id, err)
	var bad *perdure.OperationError
	switch {
	case err == nil:
		s := h.noted()
		s.State, s.Done, s.ServiceStatus = into.State, true, into.ServiceStatus
		h.note(s)
	case errors.As(err, &bad):
		h.note(bad.Status)
	}
	return h.inServiceType(err)
}
