package operation

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// listen gets ready for what is asked of the operation from outside by signals and
// by canceling the workflow. It is taken up in the main coroutine, so that nothing
// is on its way when the run ends or continues as new.
func (o *operation) listen(ctx, work workflow.Context) {
	o.outer = ctx
	o.cancels = workflow.GetSignalChannel(work, perdure.SignalCancel)
	o.polls = workflow.GetSignalChannel(work, perdure.SignalPoll)
	o.beside, o.cancelBeside = workflow.WithCancel(work)
}

// called: something from outside waits to be taken up.
func (o *operation) called() bool {
	return o.cancels.Len() > 0 || o.polls.Len() > 0 || o.outer.Err() != nil && !o.outerAttended
}

// attend takes up what has come from outside.
func (o *operation) attend(work workflow.Context) {
	for o.cancels.Len() > 0 {
		var raw perdure.RawInput
		o.cancels.ReceiveAsync(&raw) // what cannot be decoded is a request to cancel all the same
		o.requestCancel(work, reasonOf(raw))
	}
	for o.polls.ReceiveAsync(nil) {
		o.askOnSignal(work)
	}
	if o.outer.Err() != nil && !o.outerAttended {
		o.outerAttended = true
		o.requestCancel(work, "the workflow was canceled")
	}
}

// await blocks until until is true, the operation is over, or something from outside
// has come, which it takes up.
func (o *operation) await(work workflow.Context, until func() bool) {
	_ = workflow.Await(work, func() bool { return until() || o.done() || o.called() })
	o.attend(work)
}

// awaitFor is await for at most d, by a timer of that name.
func (o *operation) awaitFor(work workflow.Context, d time.Duration, name string, until func() bool) {
	timer := workflow.AwaitOptions{Timeout: d, TimerOptions: workflow.TimerOptions{Summary: name}}
	_, _ = workflow.AwaitWithOptions(work, timer, func() bool { return until() || o.done() || o.called() })
	o.attend(work)
}
