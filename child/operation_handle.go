package child

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// canceled is the type of the errors of what was canceled.
const canceled = perdure.ErrorCanceled

// operation is a handle without the type of its value.
type operation struct {
	// bound is the context that cancels the operation.
	bound  workflow.Context
	future workflow.ChildWorkflowFuture
	id     string
	last   perdure.Status
}

func start(ctx workflow.Context, in perdure.OperationInput, options *StartOptions) (*operation, error) {
	if options == nil {
		options = &StartOptions{}
	}
	if options.ReportEvery > 0 {
		signal, err := reportSignal(ctx)
		if err != nil {
			return nil, err
		}
		in.Report = &perdure.ReportSettings{Signal: signal, IntervalSeconds: options.ReportEvery.Seconds()}
	}
	o := &operation{last: perdure.Status{State: perdure.StateStarting}}
	o.bound = settings{
		taskQueue: options.TaskQueue, id: options.ID, abandon: options.Abandon,
		summary: cmp.Or(options.Summary, in.Summary()),
	}.bind(ctx)
	o.future = workflow.ExecuteChildWorkflow(o.bound, perdure.WorkflowOperation, in)
	var is workflow.Execution
	if err := o.future.GetChildWorkflowExecution().Get(ctx, &is); err != nil {
		return nil, notStarted(options.ID, err)
	}
	o.id = is.ID
	if options.ReportEvery > 0 {
		workflow.Go(ctx, func(ctx workflow.Context) { o.listen(ctx, in.Report.Signal) })
	}
	return o, nil
}

// reportSignal is a name that no other operation of the parent's has.
func reportSignal(ctx workflow.Context) (string, error) {
	var text string
	err := workflow.SideEffect(ctx, func(workflow.Context) any {
		return rand.Text() //workflowcheck:ignore
	}).Get(&text)
	return "perdure.report/" + text, err
}

func notStarted(id string, err error) error {
	if _, taken := errors.AsType[*temporal.ChildWorkflowExecutionAlreadyStartedError](err); taken {
		return &perdure.OperationError{Type: perdure.ErrorIDConflict, Message: fmt.Sprintf("the workflow id %q is taken", id)}
	}
	return temporals(id, err)
}

// listen takes what the operation tells, until its end.
func (o *operation) listen(ctx workflow.Context, signal string) {
	reports := workflow.NewSelector(ctx)
	reports.AddReceive(workflow.GetSignalChannel(ctx, signal), func(c workflow.ReceiveChannel, _ bool) {
		var r perdure.Report
		c.Receive(ctx, &r)
		if !o.last.Done {
			o.last = r.Status
		}
	})
	reports.AddFuture(o.future, func(workflow.Future) { _, _ = o.ended(ctx) })
	for !o.last.Done {
		reports.Select(ctx)
	}
}

// ID is the workflow id.
func (o *operation) ID() string { return o.id }

// HasCompleted reports whether the operation is over: succeeded, or ended badly.
func (o *operation) HasCompleted() bool { return o.future.IsReady() }

// LastStatus is what the operation told last, which is nothing between start and end
// without StartOptions.ReportEvery. Conditions of workflow.Await and handlers of queries may
// look at it.
func (o *operation) LastStatus() perdure.Status { return o.last }

// Future is ready when the operation is over: for a Selector. Wait gives the value.
func (o *operation) Future() workflow.Future { return o.future }

// Result waits as Wait does, and gives the whole result: the value undecoded, and the raw
// response.
func (o *operation) Result(ctx workflow.Context) (perdure.OperationResult, error) {
	if workflow.Await(ctx, o.future.IsReady) != nil && o.bound.Err() == nil {
		return perdure.OperationResult{}, ctx.Err()
	}
	return o.ended(ctx)
}

// ended waits for the end, and notes it.
func (o *operation) ended(ctx workflow.Context) (perdure.OperationResult, error) {
	var r perdure.OperationResult
	err := o.future.Get(ctx, &r)
	if err == nil {
		o.last.State, o.last.Done, o.last.ServiceStatus, o.last.LastError = r.State, true, r.ServiceStatus, nil
		return r, nil
	}
	end := read[perdure.Status](err)
	if end == nil {
		o.last.State, o.last.Done = perdure.StateUnknown, true
		return r, temporals(o.id, err)
	}
	o.last = end.status
	o.last.Done = true
	bad := &perdure.OperationError{Type: end.errorType, Message: end.message, Status: end.status}
	if end.errorType == canceled && o.bound.Err() != nil && end.status.Cancel != nil {
		return r, ours(o.bound, bad)
	}
	return r, bad
}

// Cancel asks that the operation be canceled, and returns. The service is asked to stop,
// and then how it goes until it says that it is over, which Wait tells. After the end it
// does nothing.
func (o *operation) Cancel(ctx workflow.Context, reason string) error {
	return o.signal(ctx, perdure.SignalCancel, perdure.CancelSignal{Reason: reason})
}

// RequestPoll has the service asked now, as when a webhook has come, and returns without
// waiting for the answer, which LastStatus gives with StartOptions.ReportEvery. After the end
// it does nothing.
func (o *operation) RequestPoll(ctx workflow.Context) error {
	return o.signal(ctx, perdure.SignalPoll, nil)
}

func (o *operation) signal(ctx workflow.Context, name string, payload any) error {
	if o.HasCompleted() {
		return nil
	}
	err := o.future.SignalChildWorkflow(ctx, name, payload).Get(ctx, nil)
	if _, over := errors.AsType[*temporal.UnknownExternalWorkflowExecutionError](err); over {
		return nil
	}
	return err
}
