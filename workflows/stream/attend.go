package stream

import (
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// Bounds of one run: Temporal's are 10,000 signals and 2,000 updates.
const (
	maxBatches = 4_000
	maxWaits   = 1_000
)

// listen gets ready for what comes by signal and by canceling the workflow.
func (l *log) listen(ctx, work workflow.Context) {
	l.outer = ctx
	l.cancels = workflow.GetSignalChannel(work, perdure.SignalCancel)
	l.batches = workflow.GetSignalChannel(work, perdure.SignalRecord)
}

// called: something waits to be taken up.
func (l *log) called() bool {
	return l.batches.Len() > 0 || l.cancels.Len() > 0 || l.lost || l.outer.Err() != nil && !l.outerAttended
}

// attend takes up what has come, in the order in which it counts: what was recorded
// before a cancel is recorded.
func (l *log) attend(work workflow.Context) {
	for !l.done() && l.batches.Len() > 0 {
		var b perdure.Batch
		if l.batches.ReceiveAsync(&b) {
			l.recorded++
			l.long = l.long || workflow.GetInfo(work).GetContinueAsNewSuggested()
			l.record(work, b)
		}
	}
	asked := l.outer.Err() != nil && !l.outerAttended
	l.outerAttended = l.outerAttended || asked
	for l.cancels.ReceiveAsync(nil) {
		asked = true
	}
	switch {
	case l.done():
	case asked:
		l.stopReader(work)
		l.end(work, canceled, perdure.StateCanceled, "", nil)
	case l.lost:
		l.end(work, failed, perdure.StateFailed, perdure.ErrorStreamBroken, &perdure.ServiceError{
			Code: perdure.ErrorStreamBroken, Message: "the workflow that reads the stream was ended in Temporal",
		})
	}
}

// await blocks until until is true, the stream is over, or something has come, which it
// takes up.
func (l *log) await(work workflow.Context, until func() bool) {
	_ = workflow.Await(work, func() bool { return until() || l.done() || l.called() })
	l.attend(work)
}

// mustContinue: the history is long enough that the next run should take over. Whether
// Temporal suggests it is noted when a batch has come, since that workflow task is in the
// history for certain. The task of an update may be dropped, and a replay would not be
// given the same suggestion.
func (l *log) mustContinue() bool {
	return l.recorded >= maxBatches || l.waits >= maxWaits || l.long || l.recorded >= minBatches && l.kept >= maxAnswerBytes
}

// minBatches is how many batches a run takes, however large they are. After these, it ends
// once it holds as much as fits into one answer: a query of a run that has ended has a
// worker replay all of it.
const minBatches = 4

// prepareToContinue waits until those who wait have been told to ask again, and no batch
// waits to be taken up. False: the stream ended meanwhile.
func (l *log) prepareToContinue(work workflow.Context) bool {
	l.moving = true
	idle := func() bool { return workflow.AllHandlersFinished(work) }
	for {
		l.await(work, idle)
		if l.done() {
			return false
		}
		if idle() && !l.called() {
			return true
		}
	}
}
