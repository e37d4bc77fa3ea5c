package operation

import (
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// serve sets the handlers of queries and updates.
func (o *operation) serve(ctx workflow.Context) error {
	queries := map[string]any{
		perdure.QueryStatus:   func() (perdure.Status, error) { return o.Status, nil },
		perdure.QueryResponse: func() (*perdure.Response, error) { return o.Response, nil },
		perdure.QueryToken:    o.token,
	}
	for _, name := range []string{perdure.QueryStatus, perdure.QueryResponse, perdure.QueryToken} {
		if err := workflow.SetQueryHandler(ctx, name, queries[name]); err != nil {
			return err
		}
	}
	if err := workflow.SetUpdateHandler(ctx, perdure.UpdateAwaitStarted, o.awaitStarted); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, perdure.UpdateUpdateStatus, o.updateStatus,
		workflow.UpdateHandlerOptions{Validator: checkUpdateStatus}); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, perdure.UpdateResolve, o.resolve,
		workflow.UpdateHandlerOptions{Validator: o.checkResolve}); err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, perdure.UpdateSetPolling, o.setPolling,
		workflow.UpdateHandlerOptions{Validator: o.checkSetPolling})
}

// token is the continuation token, "" before the service has answered.
func (o *operation) token() (string, error) {
	if len(o.Sealed) > perdure.MaxTokenBytes {
		return "", temporal.NewNonRetryableApplicationError(
			fmt.Sprintf("the operation's state makes a token of %d bytes, above the %d that a token may have; the operation itself goes on", len(o.Sealed), perdure.MaxTokenBytes),
			perdure.ErrorTokenTooLarge, nil)
	}
	return o.Sealed, nil
}

// awaitStarted answers once the start is answered, ambiguous or failed.
func (o *operation) awaitStarted(ctx workflow.Context) (perdure.Status, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx) // canceling the workflow is answered by what becomes of the start
	if err := workflow.Await(ctx, func() bool { return o.startDecided() || o.moving }); err != nil {
		return perdure.Status{}, err
	}
	if !o.startDecided() {
		return perdure.Status{}, failure.RunMoved()
	}
	return o.Status, nil
}

// updateStatus asks the service once, now. Before the start is answered, and when
// nothing is left to ask, it answers at once.
func (o *operation) updateStatus(ctx workflow.Context, raw perdure.RawInput) (perdure.Status, error) {
	var request perdure.UpdateStatusRequest
	if !raw.IsZero() {
		if err := perdure.Decode(raw, &request); err != nil {
			return perdure.Status{}, failure.Invalid(err)
		}
	}
	if o.moving {
		return perdure.Status{}, failure.RunMoved()
	}
	if o.askable() {
		if err := o.ask(ctx, request.Headers); err != nil {
			return perdure.Status{}, err
		}
	}
	return o.Status, nil
}

func checkUpdateStatus(raw perdure.RawInput) error {
	var request perdure.UpdateStatusRequest
	if raw.IsZero() {
		return nil
	}
	if err := perdure.Decode(raw, &request); err != nil {
		return failure.Invalid(err)
	}
	if err := perdure.CheckHeaders("headers", request.Headers); err != nil {
		return failure.Invalid(err)
	}
	return nil
}

// setPolling replaces the caller's polling, from now on.
func (o *operation) setPolling(ctx workflow.Context, raw perdure.RawInput) (perdure.Status, error) {
	var polling perdure.Polling
	if err := perdure.Decode(raw, &polling); err != nil {
		return perdure.Status{}, failure.Invalid(err)
	}
	o.Polling, o.BackoffPolls, o.replan = &polling, 0, true
	o.interrupt = o.interrupt || o.startDecided() // a start under way is not broken off for that
	o.replanWait(ctx)
	return o.Status, nil
}

func (o *operation) checkSetPolling(raw perdure.RawInput) error {
	if o.done() {
		return temporal.NewNonRetryableApplicationError("the operation is over", perdure.ErrorInvalidInput, nil)
	}
	var polling perdure.Polling
	if err := perdure.Decode(raw, &polling); err != nil {
		return failure.Invalid(err)
	}
	if err := polling.Check(""); err != nil {
		return failure.Invalid(err)
	}
	return nil
}

// reasonOf reads the signal's payload: anything unreadable is no reason, and still
// a request to cancel.
func reasonOf(raw perdure.RawInput) string {
	var s perdure.CancelSignal
	if !raw.IsZero() && perdure.Decode(raw, &s) != nil {
		return ""
	}
	return failure.Cut(s.Reason, 1024)
}
