package collection

import (
	"cmp"
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// quick is how long a page is waited for within the workflow's first task, where it
// costs least. A slower one, and one that has to be tried again, is an activity's.
const quick = 5 * time.Second

// Page is perdure.page.v1: one page of a collection, and done. Input is a
// perdure.CollectionInput, of which maxPages says nothing.
//
// It fails with an application error, never retryable, the CollectionStatus in its
// details, when the page cannot be had; what is transient is tried again for as long as
// the idle timeout.
func Page(ctx workflow.Context, input perdure.RawInput) (*perdure.Page, error) {
	p := &single{status: perdure.CollectionStatus{
		State: perdure.StateStarting, StartedAt: workflow.GetInfo(ctx).WorkflowStartTime.UTC(),
	}}
	if err := p.serve(ctx); err != nil {
		return nil, err
	}
	err := read(input, &p.input)
	if err == nil {
		err = failure.Recorded(ctx, p.input.Request)
	}
	if err != nil {
		return nil, p.fail(ctx, perdure.ErrorInvalidInput, failure.Input(err))
	}
	p.status.Type, p.status.Service, p.status.Protocol = p.input.Type, p.input.ServiceName(), protocolName(p.input)
	cancelable, stop := workflow.WithCancel(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		workflow.GetSignalChannel(ctx, perdure.SignalCancel).Receive(ctx, nil)
		stop()
	})
	a, err := p.fetch(cancelable)
	switch {
	case cancelable.Err() != nil:
		p.status.State, p.status.Done, p.status.EndedAt = perdure.StateCanceled, true, workflow.Now(ctx).UTC()
		return nil, temporal.NewCanceledError(p.status)
	case err != nil:
		return nil, p.fail(ctx, perdure.ErrorOperationTimedOut, why(err))
	case a.ErrorType != "":
		p.status.Service, p.status.Protocol = cmp.Or(a.Service, p.status.Service), cmp.Or(a.Protocol, p.status.Protocol)
		return nil, p.fail(ctx, a.ErrorType, a.Error)
	}
	return p.succeed(ctx, *a), nil
}

// single is a page that is fetched alone.
type single struct {
	input  perdure.CollectionInput
	status perdure.CollectionStatus
	next   string
}

func (p *single) serve(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, perdure.QueryStatus, func() (perdure.CollectionStatus, error) { return p.status, nil }); err != nil {
		return err
	}
	return workflow.SetQueryHandler(ctx, perdure.QueryToken, func() (string, error) { return token(p.next) })
}

// fetch has the page fetched: once within the workflow's first task, and then by an
// activity that is tried until the idle timeout has passed since the start.
func (p *single) fetch(ctx workflow.Context) (*perdure.PageAnswer, error) {
	task := perdure.PageTask{Input: &p.input}
	var a perdure.PageAnswer
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: quick, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
		Summary: "fetch the page at once",
	})
	err := workflow.ExecuteLocalActivity(local, perdure.ActivityFetchPage, task).Get(ctx, &a)
	if err == nil || ctx.Err() != nil {
		return &a, err
	}
	wait := askedWait(err)
	left := p.status.StartedAt.Add(idleTimeout(p.input)).Sub(workflow.Now(ctx)) - wait
	if left <= 0 {
		return nil, err
	}
	if err := pause(ctx, wait, "until the page is asked for again"); err != nil {
		return nil, err
	}
	options := activityOptions(0)
	options.ScheduleToCloseTimeout = left
	err = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), perdure.ActivityFetchPage, task).Get(ctx, &a)
	return &a, err
}

// askedWait is the wait before an activity that failed is tried again; 0: there is none.
func askedWait(err error) time.Duration {
	if last, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return last.NextRetryDelay()
	}
	return 0
}

// why is the last failure of an activity that was tried until its time was up.
func why(err error) *perdure.ServiceError {
	out := &perdure.ServiceError{Code: perdure.ErrorOperationTimedOut, Message: "the page has not come within idleTimeoutSeconds"}
	if last, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		out.Message += ": " + failure.Cut(said(last), 1024)
	}
	return out
}

// said is what the service said, where the failure has it.
func said(last *temporal.ApplicationError) string {
	var words perdure.ServiceError
	if last.HasDetails() && last.Details(&words) == nil {
		return words.String()
	}
	return last.Message()
}

func (p *single) fail(ctx workflow.Context, errorType string, why *perdure.ServiceError) error {
	s := &p.status
	s.State, s.Done, s.EndedAt = perdure.StateFailed, true, workflow.Now(ctx).UTC()
	s.ErrorType, s.Error = errorType, why
	workflow.SetCurrentDetails(ctx, forPeople(&p.input, *s).Details())
	return failure.Ended(errorType, why, *s)
}

func (p *single) succeed(ctx workflow.Context, a perdure.PageAnswer) *perdure.Page {
	s := &p.status
	s.State, s.Done, s.EndedAt = perdure.StateSucceeded, true, workflow.Now(ctx).UTC()
	s.Service, s.Protocol, s.Pages, s.Items = a.Service, a.Protocol, 1, a.Count
	s.PageToken, s.NextPageToken = fitting(a.Sealed), fitting(a.Next)
	p.next = a.Next
	workflow.SetCurrentDetails(ctx, forPeople(&p.input, *s).Details())
	return held{answer: a, token: a.Sealed}.page(0)
}
