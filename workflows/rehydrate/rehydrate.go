package rehydrate

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// Time-outs of the activity, which asks Temporal a few questions. Whoever waits for the
// workflow does not wait for ever.
const (
	tryTimeout = 30 * time.Second
	timeout    = 10 * time.Minute
)

// Rehydrate is perdure.rehydrate.v1. Input is a perdure.RehydrateInput.
//
// It fails with an application error, never retryable: InvalidToken, with a
// perdure.TokenRefusal in its details, InvalidInput, IDConflict where the workflow id of
// the token belongs to something else, and OperationTimedOut where Temporal could not be
// asked in ten minutes.
func Rehydrate(ctx workflow.Context, input perdure.RawInput) (*perdure.Rehydrated, error) {
	var in perdure.RehydrateInput
	if err := perdure.Decode(input, &in); err != nil {
		return nil, failure.Invalid(err)
	}
	if err := in.Check(); err != nil {
		return nil, failure.Invalid(err)
	}
	options := workflow.ActivityOptions{
		StartToCloseTimeout: tryTimeout, ScheduleToCloseTimeout: timeout, Summary: in.Summary(),
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second},
	}
	var found perdure.Rehydrated
	if err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), perdure.ActivityRehydrate, in).Get(ctx, &found); err != nil {
		return nil, why(err)
	}
	return &found, nil
}

// why is the activity's own error, without what Temporal wraps around it.
func why(err error) error {
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	switch {
	case temporal.IsCanceledError(err):
		return err
	case ok && app.NonRetryable():
		var refusal perdure.TokenRefusal
		if app.HasDetails() && app.Details(&refusal) == nil {
			return failure.Ended(app.Type(), said(app), refusal)
		}
		return failure.Ended(app.Type(), said(app), nil)
	case ok:
		return failure.Ended(perdure.ErrorOperationTimedOut, said(app), nil)
	}
	return failure.Ended(perdure.ErrorOperationTimedOut, nil, nil)
}

func said(app *temporal.ApplicationError) *perdure.ServiceError {
	return &perdure.ServiceError{Code: app.Type(), Message: app.Message()}
}
