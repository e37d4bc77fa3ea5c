package operation

import (
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// mustContinue: the history is long enough that the next run should take over.
func (o *operation) mustContinue(work workflow.Context) bool {
	return workflow.GetInfo(work).GetContinueAsNewSuggested()
}

// prepareToContinue waits until nothing is under way that the next run would not
// have: questions, requests to stop, updates that were accepted. False: the
// operation ended meanwhile.
func (o *operation) prepareToContinue(work workflow.Context) bool {
	o.moving = true
	o.limitStop(work)
	idle := func() bool { return o.besides == 0 && !o.pollUnderway && workflow.AllHandlersFinished(work) }
	for {
		o.await(work, idle)
		if o.done() {
			return false
		}
		if idle() && !o.called() {
			return true
		}
	}
}

// limitStop gives up a request to stop that is not answered soon: the next run makes it
// again, and asks meanwhile how the operation goes, which nobody does here.
func (o *operation) limitStop(work workflow.Context) {
	if o.giveUpStop == nil || !movesWhileStopping(work) {
		return
	}
	workflow.Go(o.beside, func(beside workflow.Context) {
		if pause(beside, remoteStopTimeout, "time to ask the service to stop") == nil && o.giveUpStop != nil {
			o.giveUpStop()
		}
	})
}

// movesWhileStopping: before, a run waited until the service had answered.
func movesWhileStopping(work workflow.Context) bool {
	return workflow.GetVersion(work, "move-while-stopping", workflow.DefaultVersion, 1) != workflow.DefaultVersion
}

// continueAsNew hands everything over to the next run.
func (o *operation) continueAsNew(work workflow.Context) error {
	return workflow.NewContinueAsNewError(work, perdure.WorkflowOperation, o.raw, o.Carried)
}
