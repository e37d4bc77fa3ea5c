package operation

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// applyStart takes over what became of the start.
func (o *operation) applyStart(work workflow.Context, a *perdure.Answer) {
	o.Attributes = a.SearchAttributes
	o.Tries, o.FirstSentAt = max(o.Tries, a.Tries), a.FirstSentAt
	if r := a.Resumed; r != nil {
		o.Cancel = r.Cancel
		if !o.replan {
			o.Polling = r.Polling
		}
		if !r.StartedAt.IsZero() {
			o.Status.StartedAt = r.StartedAt
		}
		if !r.Deadline.Equal(o.Deadline) {
			o.Deadline = r.Deadline
			o.limitTime()
		}
	}
	o.takeNames(a)
	if o.notResolved(work, a) {
		return
	}
	o.takeStartSealed(a)
	if a.State == perdure.StateStarting {
		o.Status.LastError = a.LastError
		o.setWait(work, *a)
		o.publish(work)
		return
	}
	if a.State == perdure.StateAmbiguous {
		o.Status.State, o.Status.LastError, o.Status.Error = perdure.StateAmbiguous, a.LastError, a.Error
		o.takeResponse(a)
	} else {
		o.asked++
		o.Status.State = perdure.StateRunning
		o.apply(work, a, o.asked, true)
	}
	if !o.done() {
		o.publish(work)
		o.afterStart(work)
	}
}

// takeStartSealed keeps what an answer has left for the next request to start.
func (o *operation) takeStartSealed(a *perdure.Answer) {
	switch {
	case a.State != perdure.StateStarting && a.State != perdure.StateAmbiguous:
		o.StartSealed = ""
	case a.Sealed != "":
		o.StartSealed = a.Sealed
	}
}

// afterStart takes up what was asked for while the start was under way.
func (o *operation) afterStart(work workflow.Context) {
	switch {
	case o.timedOut:
		o.timeOut(work)
	case o.Status.Cancel == nil:
	case o.state() == perdure.StateAmbiguous:
		o.end(work, canceled, perdure.StateAmbiguous, "", o.Status.Error)
	default:
		o.sendCancel(work)
	}
}

// apply takes over the verdict on a question. Answers are ordered by when their
// questions were scheduled, and a terminal one wins. A question beside the main line
// that was refused ends nothing: the main line asks now, and decides.
func (o *operation) apply(work workflow.Context, a *perdure.Answer, seq int, mainLine bool) {
	o.Status.Polls += a.Polls
	if !mainLine || !o.replan { // else they were asked at the pace of the polling before
		o.BackoffPolls += a.Polls
	}
	if a.LastPolledAt.After(o.Status.LastPolledAt) {
		o.Status.LastPolledAt = a.LastPolledAt
	}
	refused := !mainLine && a.ErrorType != "" && a.State != perdure.StateFailed
	over := !refused && (a.State.Terminal() || a.ErrorType != "")
	if o.done() || seq < o.applied && !over {
		return
	}
	o.applied = max(o.applied, seq)
	o.takeNames(a)
	o.takeResponse(a)
	if refused { // and led nowhere
		why := perdure.ServiceError{Code: a.ErrorType}
		if a.Error != nil {
			why = *a.Error
		}
		o.Status.LastError = &perdure.TimedError{At: workflow.Now(work).UTC(), Error: why}
		o.askSoon(work)
		return
	}
	if a.Sealed != "" {
		o.Sealed = a.Sealed
	}
	o.Status.LastError = a.LastError
	o.takeWords(a)
	if over {
		o.decide(work, a)
		return
	}
	o.setWait(work, *a)
	if mainLine && o.replan { // the answer's wait was reckoned by the polling before
		o.replan = false
		o.replanWait(work)
	}
	o.publish(work)
}

func (o *operation) takeNames(a *perdure.Answer) {
	if a.Service != "" {
		o.Status.Service = a.Service
	}
	if a.Protocol != "" {
		o.Status.Protocol = a.Protocol
	}
	if a.RemoteID != "" {
		o.Status.RemoteID = a.RemoteID
	}
	if a.Interval > 0 {
		o.Interval = a.Interval
	}
}

// takeResponse keeps the last answer; a body that was left out is the one before.
func (o *operation) takeResponse(a *perdure.Answer) {
	if a.Response == nil || a.SameBody && a.BodyDigest != o.BodyDigest { // the body that was left out has been replaced
		return
	}
	if a.SameBody && o.Response != nil {
		a.Response.Body, a.Response.Truncated = o.Response.Body, o.Response.Truncated
	}
	o.Response = a.Response
	if a.BodyDigest != "" {
		o.BodyDigest = a.BodyDigest
	}
}

// takeWords takes over what the service says of the operation, if it said anything.
func (o *operation) takeWords(a *perdure.Answer) {
	if a.ServiceStatus != "" {
		o.Status.ServiceStatus = a.ServiceStatus
	}
	if !a.AsOf.IsZero() {
		o.Status.AsOf = a.AsOf
	}
	if a.News != "" && a.News != o.News {
		o.News = a.News
		o.Status.PercentComplete, o.Status.Progress = a.Percent, a.Progress
		o.ToldAt = a.AsOf
	}
}

// setWait notes when to ask next.
func (o *operation) setWait(work workflow.Context, a perdure.Answer) {
	now := workflow.Now(work).UTC()
	o.AskedAt, o.ServiceWait = now, a.ServiceWaitSeconds
	if a.LastPolledAt.Before(now) && !a.LastPolledAt.IsZero() {
		o.AskedAt = a.LastPolledAt.UTC() // a watcher that was told to return asked a while ago
	}
	o.NextAt = now.Add(seconds(a.WaitSeconds))
	o.Durable = a.Durable
	o.Status.NextPollAt = o.NextAt
}

// askSoon ends a durable wait. Whoever watches asks soon enough.
func (o *operation) askSoon(work workflow.Context) {
	if o.Durable {
		o.NextAt = workflow.Now(work).UTC()
	}
}

// replanWait reckons the wait under way anew, after the polling was replaced: what
// the service asked for still counts, above the caller's interval.
func (o *operation) replanWait(work workflow.Context) {
	if o.AskedAt.IsZero() || !o.askable() {
		return
	}
	p := o.Polling
	wait := seconds(p.IntervalSeconds)
	if wait == 0 {
		wait = seconds(o.Interval)
	}
	if ignored := p.IgnoreRetryAfter; o.ServiceWait > 0 && (ignored == nil || !*ignored) {
		wait = max(seconds(p.IntervalSeconds), seconds(o.ServiceWait))
	}
	now := workflow.Now(work).UTC()
	o.NextAt = o.AskedAt.Add(wait)
	if o.NextAt.Before(now) {
		o.NextAt = now
	}
	o.Durable = o.NextAt.Sub(now) > durableWait
	o.Status.NextPollAt = o.NextAt
}

// durableWait is from which wait on a timer of the workflow's is used after the
// polling was replaced. Otherwise the activities decide, by their own threshold.
const durableWait = 20 * time.Second
