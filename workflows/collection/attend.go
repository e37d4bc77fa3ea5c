package collection

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// maxWaits is how many updates one run takes: Temporal's limit is 2,000.
const maxWaits = 1_000

// listen gets ready for what is asked of the collection from outside by signal and by
// canceling the workflow.
func (c *collection) listen(ctx, work workflow.Context) {
	c.outer = ctx
	c.cancels = workflow.GetSignalChannel(work, perdure.SignalCancel)
}

// called: something from outside, or the idle timeout, waits to be taken up.
func (c *collection) called() bool {
	return c.cancels.Len() > 0 || c.idle || c.outer.Err() != nil && !c.outerAttended
}

// attend takes up what has come.
func (c *collection) attend(work workflow.Context) {
	asked := c.outer.Err() != nil && !c.outerAttended
	c.outerAttended = c.outerAttended || asked
	for c.cancels.ReceiveAsync(nil) {
		asked = true
	}
	switch {
	case asked:
		c.end(work, canceled, perdure.StateCanceled, "", nil)
	case c.idle && c.Status.Pages == 0:
		c.end(work, failed, perdure.StateFailed, perdure.ErrorOperationTimedOut, c.neverAnswered())
	case c.idle:
		c.end(work, completed, perdure.StateSucceeded, "", nil)
	}
}

// neverAnswered says why a collection without a page closes itself.
func (c *collection) neverAnswered() *perdure.ServiceError {
	if c.Status.Error != nil {
		return c.Status.Error
	}
	return &perdure.ServiceError{
		Code:    perdure.ErrorOperationTimedOut,
		Message: "the first page has not come, and nobody asked for as long as idleTimeoutSeconds",
	}
}

// await blocks until until is true, the collection is over, or something has come,
// which it takes up.
func (c *collection) await(work workflow.Context, until func() bool) {
	_ = workflow.Await(work, func() bool { return until() || c.done() || c.called() })
	c.attend(work)
}

// watchIdle notices when nobody has asked for as long as the idle timeout. Whoever
// waits is asking, and is waited for without a timer.
func (c *collection) watchIdle(work workflow.Context) {
	for {
		_ = workflow.Await(work, func() bool { return c.waiting == 0 || c.done() || c.moving })
		if c.done() || c.moving {
			return
		}
		left := c.AskedAt.Add(c.idleTimeout()).Sub(workflow.Now(work))
		if left <= 0 {
			c.idle = true
			return
		}
		if pause(work, left, "idleTimeoutSeconds") != nil {
			return
		}
	}
}

// pause is workflow.Sleep by a timer that has a name.
func pause(ctx workflow.Context, d time.Duration, name string) error {
	return workflow.NewTimerWithOptions(ctx, d, workflow.TimerOptions{Summary: name}).Get(ctx, nil)
}

// mustContinue: the history is long enough, or has enough updates, that the next run
// should take over.
func (c *collection) mustContinue() bool { return c.waits >= maxWaits || c.long }

// noteLength notes whether Temporal suggests to continue as new. It asks only when an
// activity has ended, since that workflow task is in the history for certain. The task of
// an update may be dropped, and a replay would not be given the same suggestion.
func (c *collection) noteLength(work workflow.Context) {
	c.long = c.long || workflow.GetInfo(work).GetContinueAsNewSuggested()
}

// prepareToContinue waits until those who wait have been told to ask again. False: the
// collection ended meanwhile.
func (c *collection) prepareToContinue(work workflow.Context) bool {
	c.moving = true
	idle := func() bool { return workflow.AllHandlersFinished(work) }
	for {
		c.await(work, idle)
		if c.done() {
			return false
		}
		if idle() && !c.called() {
			return true
		}
	}
}
