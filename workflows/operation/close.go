package operation

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// decide ends the operation as a verdict says.
func (o *operation) decide(work workflow.Context, a *perdure.Answer) {
	switch {
	case a.State == perdure.StateCanceled && a.ErrorType == "":
		if o.Status.Cancel != nil {
			o.Status.Cancel.Confirmed = true
		}
		o.end(work, canceled, perdure.StateCanceled, "", a.Error)
	case a.Gone && o.Status.Cancel != nil:
		o.endGone(work, a)
	case a.ErrorType == "" && a.State == perdure.StateSucceeded:
		o.result = &perdure.OperationResult{
			State: perdure.StateSucceeded, ServiceStatus: o.Status.ServiceStatus,
			Value: a.Value, ValueBody: a.ValueBody, Response: o.Response,
		}
		o.end(work, completed, perdure.StateSucceeded, "", nil)
	default:
		state := a.State
		if state == "" {
			state = perdure.StateUnknown
		}
		o.end(work, failed, state, a.ErrorType, a.Error)
	}
}

// endGone ends an operation that was to be canceled by deleting it, and is not there any
// more. A service that accepted has done as it was asked; of another nothing is known.
func (o *operation) endGone(work workflow.Context, a *perdure.Answer) {
	cancel := o.Status.Cancel
	if cancel.Accepted == nil || !*cancel.Accepted {
		o.end(work, canceled, perdure.StateUnknown, "", a.Error)
		return
	}
	cancel.Confirmed = true
	o.end(work, canceled, perdure.StateCanceled, "", nil)
}

// end decides how the operation ended. The first decision counts.
func (o *operation) end(work workflow.Context, how closing, state perdure.State, errorType string, why *perdure.ServiceError) {
	if o.done() {
		return
	}
	o.closing = how
	s := &o.Status
	s.State, s.Done, s.EndedAt = state, true, workflow.Now(work).UTC()
	s.ErrorType, s.Error = errorType, why
	s.NextPollAt = time.Time{}
	if s.State == perdure.StateSucceeded && how == completed {
		s.LastError = nil
	}
	o.countEnd(work, state)
	if o.cancelBeside != nil {
		o.cancelBeside()
	}
	o.publish(work)
}

// close waits for the handlers and closes the workflow.
func (o *operation) close(work workflow.Context) (*perdure.OperationResult, error) {
	if err := workflow.Await(work, func() bool { return workflow.AllHandlersFinished(work) }); err != nil {
		return nil, err
	}
	switch o.closing {
	case completed:
		return o.result, nil
	case canceled:
		return nil, temporal.NewCanceledError(o.Status)
	case open, failed:
	}
	return nil, failure.Ended(o.Status.ErrorType, o.Status.Error, o.Status)
}
