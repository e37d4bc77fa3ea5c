package operation

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// defaultGrace is how long a service is asked, after cancel was requested, for the
// operation's end.
const defaultGrace = 10 * time.Minute

// requestCancel notes that the operation is to be canceled, and asks the service to
// stop as soon as there is something to stop. Asking twice is asking once.
func (o *operation) requestCancel(work workflow.Context, reason string) {
	if o.done() || o.Status.Cancel != nil {
		return
	}
	o.Status.Cancel = &perdure.CancelStatus{RequestedAt: workflow.Now(work).UTC(), Reason: reason}
	switch {
	case o.state() == perdure.StateStarting:
		o.interrupt = true // the main line ends it, or goes on here once the start is answered
	case o.state() == perdure.StateAmbiguous:
		o.end(work, canceled, perdure.StateAmbiguous, "", o.Status.Error)
	default:
		o.sendCancel(work)
	}
}

// unwanted: the start is not to be sent any more.
func (o *operation) unwanted() bool {
	return o.state() == perdure.StateStarting && (o.timedOut || o.Status.Cancel != nil)
}

// endUnstarted ends an operation that was canceled, or timed out, while it was not
// known to be started.
func (o *operation) endUnstarted(work workflow.Context) {
	maybeSent := o.maybeSent(work)
	switch {
	case o.timedOut && maybeSent:
		o.end(work, failed, perdure.StateAmbiguous, perdure.ErrorStartAmbiguous, timedOut())
	case o.timedOut:
		o.end(work, failed, perdure.StateFailed, perdure.ErrorOperationTimedOut, timedOut())
	case maybeSent:
		o.end(work, canceled, perdure.StateAmbiguous, "", nil)
	default:
		o.end(work, canceled, perdure.StateFailed, "", nil)
	}
}

// maybeSent: a request to start may have left, of this run or of the one that was reset to
// it. What an adoption was to settle is as ambiguous as before.
func (o *operation) maybeSent(work workflow.Context) bool {
	adopting := o.Resolve != nil && o.Resolve.Adopt != nil
	info := workflow.GetInfo(work)
	wasReset := info.WorkflowExecution.RunID != info.OriginalRunID && o.Resolve == nil
	return !o.FirstSentAt.IsZero() || adopting || wasReset && o.readAgain() == nil && o.sends()
}

// resumeCancel goes on, in a run that continues another, with what was asked there.
func (o *operation) resumeCancel(work workflow.Context) {
	if o.Status.Cancel != nil && o.askable() {
		o.sendCancel(work)
	}
}

// sendCancel asks the service to stop, beside whoever watches, and limits how long
// its end is awaited.
func (o *operation) sendCancel(work workflow.Context) {
	o.limitGrace(work)
	if o.CancelSent || o.moving && movesWhileStopping(work) { // the next run asks
		return
	}
	o.besides++
	cancelable, giveUp := workflow.WithCancel(o.beside)
	o.giveUpStop = giveUp
	workflow.Go(work, func(work workflow.Context) {
		defer func() { o.besides--; o.giveUpStop = nil }()
		answer, ok := o.stopRemote(work, cancelable)
		if !ok || o.done() {
			return
		}
		o.CancelSent = true
		o.takeCancel(work, answer)
	})
}

// stopRemote makes the request to stop. False: it was given up.
func (o *operation) stopRemote(work, cancelable workflow.Context) (perdure.CancelAnswer, bool) {
	var answer perdure.CancelAnswer
	asked := o.Sealed
	task := perdure.CancelTask{State: asked, GraceSeconds: max(o.graceLeft(work), remoteStopTimeout).Seconds()}
	request := workflow.ExecuteActivity(activityContext(cancelable, "ask the service to stop", true), perdure.ActivityCancel, task)
	if err := request.Get(work, &answer); err != nil {
		if !temporal.IsCanceledError(err) {
			o.noteFailure(work, err)
		}
		return answer, false
	}
	if answer.Sealed != "" && o.Sealed == asked { // else a question beside was answered meanwhile, and its state counts
		o.Sealed, o.interrupt = answer.Sealed, true // whoever watches has the one before
	}
	return answer, true
}

func (o *operation) takeCancel(work workflow.Context, answer perdure.CancelAnswer) {
	o.Status.Cancel.Supported = &answer.Supported
	if !answer.Supported {
		o.end(work, canceled, perdure.StateUnknown, "", nil)
		return
	}
	o.Status.Cancel.Accepted = answer.Accepted
	if answer.Accepted != nil && *answer.Accepted && o.state() == perdure.StateRunning {
		o.Status.State = perdure.StateCanceling
	}
	if answer.Error != nil {
		o.Status.LastError = &perdure.TimedError{At: workflow.Now(work).UTC(), Error: *answer.Error}
	}
	o.askSoon(work)
	o.publish(work)
}

// limitGrace closes the operation when the service has not confirmed its end within
// the grace.
func (o *operation) limitGrace(work workflow.Context) {
	left := o.graceLeft(work)
	workflow.Go(o.beside, func(beside workflow.Context) {
		if pause(beside, left, "time for the service to stop") != nil {
			return
		}
		if left < remoteStopTimeout { // however short the grace, the request to stop is made
			o.awaitStop(beside, remoteStopTimeout-left)
		}
		o.end(beside, canceled, perdure.StateUnknown, "", nil)
	})
}

func (o *operation) graceLeft(work workflow.Context) time.Duration {
	grace := defaultGrace
	if o.Cancel != nil && o.Cancel.GraceSeconds != nil {
		grace = seconds(*o.Cancel.GraceSeconds)
	}
	return max(0, o.Status.Cancel.RequestedAt.Add(grace).Sub(workflow.Now(work)))
}

// awaitStop waits until the request to stop has been made.
func (o *operation) awaitStop(beside workflow.Context, d time.Duration) {
	timer := workflow.AwaitOptions{Timeout: d, TimerOptions: workflow.TimerOptions{Summary: "time to ask the service to stop"}}
	_, _ = workflow.AwaitWithOptions(beside, timer, func() bool { return o.CancelSent || o.done() })
}

// limitTime ends the operation at its deadline. The remote is left alone unless
// cancel.onTimeout says otherwise.
func (o *operation) limitTime() {
	if o.done() || o.Deadline.IsZero() {
		return
	}
	deadline := o.Deadline
	workflow.Go(o.beside, func(beside workflow.Context) {
		if pause(beside, max(0, deadline.Sub(workflow.Now(beside))), "timeoutSeconds") != nil || o.done() || !deadline.Equal(o.Deadline) {
			return
		}
		o.timeOut(beside)
	})
}

// remoteStopTimeout bounds the one request to stop that is made at the deadline.
const remoteStopTimeout = time.Minute

func (o *operation) timeOut(work workflow.Context) {
	switch {
	case o.state() == perdure.StateAmbiguous:
		o.end(work, failed, perdure.StateAmbiguous, perdure.ErrorStartAmbiguous, o.Status.Error)
		return
	case o.state() == perdure.StateStarting:
		o.timedOut, o.interrupt = true, true // what a start under way says decides
		return
	}
	if o.Cancel != nil && o.Cancel.OnTimeout && o.Status.Cancel == nil {
		o.cancelOnTimeout(work)
	}
	o.end(work, failed, perdure.StateUnknown, perdure.ErrorOperationTimedOut, timedOut())
}

func (o *operation) cancelOnTimeout(work workflow.Context) {
	o.besides++
	defer func() { o.besides-- }()
	o.Status.Cancel = &perdure.CancelStatus{RequestedAt: workflow.Now(work).UTC(), Reason: "timeoutSeconds passed"}
	bounded, stop := workflow.WithCancel(o.beside)
	defer stop()
	options := workflow.GetActivityOptions(activityContext(bounded, "time is up: ask the service to stop", false))
	options.ScheduleToCloseTimeout = remoteStopTimeout
	task := perdure.CancelTask{State: o.Sealed, GraceSeconds: remoteStopTimeout.Seconds()}
	var answer perdure.CancelAnswer
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(bounded, options), perdure.ActivityCancel, task).Get(work, &answer)
	if err == nil {
		o.Status.Cancel.Supported, o.Status.Cancel.Accepted = &answer.Supported, answer.Accepted
	}
}

func timedOut() *perdure.ServiceError {
	return &perdure.ServiceError{Code: perdure.ErrorOperationTimedOut, Message: "timeoutSeconds passed before the operation ended"}
}

// awaitDecision waits, with an ambiguous start, for whoever settles it: a cancel, or
// the operation's own time-out.
func (o *operation) awaitDecision(work workflow.Context) {
	o.Status.NextPollAt = time.Time{}
	o.await(work, func() bool { return o.state() != perdure.StateAmbiguous || o.mustContinue(work) })
}
