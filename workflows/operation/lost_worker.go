package operation

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// lastWords are the last heartbeat of an activity whose worker died after it was told to
// stop: no other attempt goes on from there. False: it ended otherwise.
func lastWords(err error) (perdure.Heartbeat, bool) {
	var hb perdure.Heartbeat
	timeout, ok := errors.AsType[*temporal.TimeoutError](err)
	if ok && timeout.HasLastHeartbeatDetails() && timeout.LastHeartbeatDetails(&hb) != nil {
		return perdure.Heartbeat{Phase: perdure.PhaseSending}, true // it may have said so
	}
	return hb, ok
}

// noteSent notes that a start activity which ended without a verdict may have sent the
// request: one that failed when it was told to stop does not say how far it came.
func (o *operation) noteSent(work workflow.Context, err error) {
	hb, ok := lastWords(err)
	if o.FirstSentAt.IsZero() && (hb.Phase == perdure.PhaseSending || !ok && o.unwanted()) {
		o.FirstSentAt = hb.FirstSentAt
		if hb.FirstSentAt.IsZero() {
			o.FirstSentAt = workflow.Now(work).UTC()
		}
	}
}

// takeLastWords takes over how far a watcher came whose worker died.
func (o *operation) takeLastWords(err error, given string) {
	hb, _ := lastWords(err)
	o.keepState(hb.Sealed, given)
	o.Status.Polls += hb.Polls
	o.BackoffPolls += hb.Polls
	if hb.LastPolledAt.After(o.Status.LastPolledAt) {
		o.Status.LastPolledAt = hb.LastPolledAt
	}
}

// keepState takes over the state that a question has led to, unless that which it was given
// has been replaced meanwhile.
func (o *operation) keepState(sealed, given string) {
	if sealed != "" && o.Sealed == given {
		o.Sealed = sealed
	}
}
