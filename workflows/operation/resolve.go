package operation

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// resolve settles an ambiguous start as a person has found out, and answers once that
// is carried out. An adoption that cannot be leaves the start ambiguous.
func (o *operation) resolve(ctx workflow.Context, raw perdure.RawInput) (perdure.Status, error) {
	r, err := o.readResolve(raw)
	if err != nil {
		return perdure.Status{}, err
	}
	if r.Fail != "" {
		o.end(ctx, failed, perdure.StateAmbiguous, perdure.ErrorStartAmbiguous,
			&perdure.ServiceError{Code: perdure.ErrorStartAmbiguous, Message: failure.Cut(r.Fail, 1024)})
		return o.Status, nil
	}
	o.Resolve, o.unresolved = &r, nil
	o.Unsettled = &unsettled{o.Status.Error, o.Status.LastError}
	o.Status.State, o.Status.Error, o.Status.LastError = perdure.StateStarting, nil, nil
	o.FirstSentAt, o.NextAt, o.Durable = time.Time{}, time.Time{}, false
	o.publish(ctx)
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	if err := workflow.Await(ctx, func() bool { return o.startDecided() || o.moving }); err != nil {
		return perdure.Status{}, err
	}
	switch {
	case !o.startDecided():
		return perdure.Status{}, failure.RunMoved()
	case o.unresolved != nil:
		return perdure.Status{}, temporal.NewNonRetryableApplicationError(failure.Cut(o.unresolved.Message, 1024), perdure.ErrorInvalidInput, nil)
	}
	return o.Status, nil
}

func (o *operation) checkResolve(raw perdure.RawInput) error {
	_, err := o.readResolve(raw)
	return err
}

func (o *operation) readResolve(raw perdure.RawInput) (perdure.Resolve, error) {
	var r perdure.Resolve
	if err := perdure.Decode(raw, &r); err != nil {
		return r, failure.Invalid(err)
	}
	if err := r.Check(); err != nil {
		return r, failure.Invalid(err)
	}
	if o.done() || o.state() != perdure.StateAmbiguous {
		return r, temporal.NewNonRetryableApplicationError("the start is not ambiguous", perdure.ErrorInvalidInput, nil)
	}
	return r, nil
}

// notResolved takes up that an adoption could not be carried out: the start is as
// ambiguous as it was. Otherwise the resolution is done with.
func (o *operation) notResolved(work workflow.Context, a *perdure.Answer) bool {
	if o.Resolve == nil || a.State == perdure.StateStarting {
		return false
	}
	adopting, before := o.Resolve.Adopt != nil, o.Unsettled
	o.Resolve, o.Unsettled = nil, nil
	if !adopting || a.ErrorType == "" || a.State.Terminal() && a.State != perdure.StateFailed {
		return false
	}
	o.unresolved = a.Error
	if before == nil { // a run before was an older worker's, which did not hand it over
		before = &unsettled{Error: &perdure.ServiceError{
			Code: perdure.ErrorStartAmbiguous, Message: "the adoption that was to settle it could not be carried out",
		}}
	}
	o.Status.State, o.Status.Error, o.Status.LastError = perdure.StateAmbiguous, before.Error, before.LastError
	o.publish(work)
	o.afterStart(work)
	return true
}
