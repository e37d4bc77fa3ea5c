package operation

import (
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// Operation is perdure.operation.v1: one long-running operation of a service, from
// its start to its end. Input is a perdure.OperationInput; carried is nil except
// after continue-as-new.
//
// It returns the result when the operation succeeded. It fails with an application
// error, never retryable, of one of the types of package perdure, the Status in its
// details; it closes as canceled, the Status in the details, when the operation was
// canceled or cancel was asked for and not confirmed.
func Operation(ctx workflow.Context, input perdure.RawInput, carried *Carried) (*perdure.OperationResult, error) {
	o := newOperation(ctx, input, carried)
	if err := o.serve(ctx); err != nil {
		return nil, err
	}
	// Canceling the workflow is a request to cancel the operation: the work itself
	// goes on until that is done.
	work, _ := workflow.NewDisconnectedContext(ctx)
	o.listen(ctx, work)
	if o.continued {
		o.publish(work) // the current details are a run's own
	} else {
		o.begin(work)
	}
	o.limitTime()
	o.resumeCancel(work)
	o.keepReporting(work)
	for !o.done() {
		o.attend(work)
		switch {
		case o.done():
		case o.mustContinue(work):
			if o.prepareToContinue(work) {
				return nil, o.continueAsNew(work)
			}
		case o.unwanted():
			o.endUnstarted(work)
		case o.state() == perdure.StateAmbiguous:
			o.awaitDecision(work)
		case o.waitIsLong(work):
			o.waitDurably(work)
		case o.state() == perdure.StateStarting:
			o.tryStart(work)
		default:
			o.watch(work)
		}
	}
	return o.close(work)
}
