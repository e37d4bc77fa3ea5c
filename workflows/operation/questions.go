package operation

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// Time-outs of activities. A worker that dies is noticed by its heartbeat; the
// others only bound what must end some time.
const (
	heartbeatTimeout    = 15 * time.Second
	startToCloseTimeout = 24 * time.Hour
)

// retries of an activity that could not do its work: a worker that died, or one
// that lacks a key or a service which another has.
var retries = temporal.RetryPolicy{
	InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 4 * time.Second,
}

func activityContext(ctx workflow.Context, name string, waitForCancellation bool) workflow.Context {
	policy := retries
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:             name,
		StartToCloseTimeout: startToCloseTimeout,
		HeartbeatTimeout:    heartbeatTimeout,
		WaitForCancellation: waitForCancellation,
		RetryPolicy:         &policy,
	})
}

// tryStart has the start request sent, or the token opened.
func (o *operation) tryStart(work workflow.Context) {
	info := workflow.GetInfo(work)
	if err := o.readAgain(); err != nil {
		o.end(work, failed, perdure.StateFailed, perdure.ErrorInvalidInput, failure.Input(err))
		return
	}
	input := o.input
	input.Polling = o.Polling
	task := perdure.StartTask{
		Input: input, RunID: info.OriginalRunID, FirstRunID: info.FirstRunID,
		Tries: o.Tries, FirstSentAt: o.FirstSentAt, Deadline: o.Deadline, StartedAt: o.Status.StartedAt, Sealed: o.StartSealed,
	}
	if o.Resolve != nil {
		task.Again, task.Adopt = o.Resolve.Retry, o.Resolve.Adopt
	}
	if o.Status.LastError != nil {
		known := o.Status.LastError.Error
		task.KnownError = &known
	}
	cancelable, cancel := workflow.WithCancel(work)
	defer cancel()
	o.interrupt, o.replan = false, false
	unsent, scheduled := false, taskOf(work)
	started := workflow.ExecuteActivity(activityContext(cancelable, o.startName(), true), perdure.ActivityStart, task)
	for !started.IsReady() && !o.done() {
		o.await(work, func() bool { return started.IsReady() || o.interrupt })
		if o.interrupt {
			unsent = neverScheduled(work, scheduled) || o.unsent(work, task)
			cancel() // it returns as soon as no request is under way
			o.awaitIdle(work, started)
		}
	}
	if o.done() {
		return
	}
	var a perdure.Answer
	if err := started.Get(work, &a); err != nil {
		if unsent && temporal.IsCanceledError(err) {
			return // it is not wanted any more
		}
		o.startLost(work, err)
		return
	}
	o.applyStart(work, &a)
}

// workflowTask tells one workflow task of a run from another.
type workflowTask struct {
	history int
	at      int64
}

func taskOf(work workflow.Context) workflowTask {
	return workflowTask{workflow.GetInfo(work).GetCurrentHistoryLength(), workflow.Now(work).UnixNano()}
}

// neverScheduled: an activity that was scheduled in this very task is taken back before
// Temporal hears of it.
func neverScheduled(work workflow.Context, scheduled workflowTask) bool {
	return taskOf(work) == scheduled &&
		workflow.GetVersion(work, "never-scheduled", workflow.DefaultVersion, 1) != workflow.DefaultVersion
}

// unsent: no worker has the start activity, and none before was about to send the
// request. It holds for this workflow task. A worker that takes the activity before the
// task is recorded, sends and dies is noticed by its heartbeat, which is later than that.
func (o *operation) unsent(work workflow.Context, task perdure.StartTask) bool {
	if workflow.GetInfo(work).WorkflowTaskTimeout >= heartbeatTimeout ||
		workflow.GetVersion(work, "look-at-start", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return false
	}
	look := perdure.StartLook{RunID: task.RunID}
	if task.Again {
		look.RunID = ""
	}
	local := workflow.WithLocalActivityOptions(work, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: 5 * time.Second, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
		Summary: "has any worker sent the start?",
	})
	var seen perdure.StartSeen
	err := workflow.ExecuteLocalActivity(local, perdure.ActivityLookAtStart, look).Get(work, &seen)
	return err == nil && seen.Unsent
}

// sends: a start activity sends a request, and does not just take over what is there.
func (o *operation) sends() bool {
	return o.input.Request != nil && (o.Resolve == nil || o.Resolve.Adopt == nil)
}

// readAgain reads the input in a run that continues another.
func (o *operation) readAgain() error {
	if o.input.Request != nil || o.input.Token != "" || o.input.Adopt != nil {
		return nil
	}
	return o.read()
}

// startLost deals with a start activity that ended without a verdict: its worker died or
// could not do its work; or it was canceled where no worker ran it, and a worker before may
// have sent the request.
func (o *operation) startLost(work workflow.Context, err error) {
	o.noteFailure(work, err)
	if o.input.Token != "" || !temporal.IsCanceledError(err) {
		if o.sends() {
			o.noteSent(work, err)
		}
		o.setWait(work, perdure.Answer{WaitSeconds: retries.MaximumInterval.Seconds()})
		o.Durable = true
		return
	}
	o.Status.State = perdure.StateAmbiguous
	o.Status.Error = &perdure.ServiceError{
		Code:    perdure.ErrorStartAmbiguous,
		Message: "the start was broken off while no worker had it; a worker before may have sent the request",
	}
	o.publish(work)
	o.afterStart(work)
}

// watch has the operation asked for until there is something to tell.
func (o *operation) watch(work workflow.Context) {
	o.asked++
	seq := o.asked
	cancelable, cancel := workflow.WithCancel(work)
	defer cancel()
	o.interrupt, o.replan = false, false
	task := o.pollTask()
	task.WaitSeconds = max(0, o.NextAt.Sub(workflow.Now(work)).Seconds())
	watched := workflow.ExecuteActivity(activityContext(cancelable, o.watchName(work), true), perdure.ActivityPoll, task)
	for !watched.IsReady() && !o.done() {
		o.await(work, func() bool { return watched.IsReady() || o.interrupt || o.mustContinue(work) })
		if o.interrupt || o.mustContinue(work) {
			cancel() // it returns its verdict at once, or with its next heartbeat
			o.awaitIdle(work, watched)
		}
	}
	if o.done() {
		return
	}
	var a perdure.Answer
	if err := watched.Get(work, &a); err != nil {
		o.takeLastWords(err, task.State)
		if !temporal.IsCanceledError(err) {
			o.noteFailure(work, err)
			o.setWait(work, perdure.Answer{WaitSeconds: retries.MaximumInterval.Seconds()})
		}
		return
	}
	o.keepState(a.Sealed, task.State) // also of a verdict that is too old to count

	if a.Polls == 0 && a.State == "" && a.ErrorType == "" { // told to stop before it had asked: the wait goes on
		return
	}
	o.apply(work, &a, seq, true)
}

// awaitIdle waits for an activity that was told to stop, taking up what comes.
func (o *operation) awaitIdle(work workflow.Context, f workflow.Future) {
	for !f.IsReady() && !o.done() {
		o.await(work, f.IsReady)
	}
}

// waitIsLong: the next question is a durable wait away; or the next start request is
// any wait away, for a start activity sends at once.
func (o *operation) waitIsLong(work workflow.Context) bool {
	return (o.Durable || o.state() == perdure.StateStarting) && o.NextAt.After(workflow.Now(work))
}

// waitDurably waits for the next question. It ends early when the wait was set anew.
func (o *operation) waitDurably(work workflow.Context) {
	until := o.NextAt
	o.Status.NextPollAt = until
	o.awaitFor(work, until.Sub(workflow.Now(work)), o.waitName(), func() bool {
		return !o.NextAt.Equal(until) || o.mustContinue(work) || o.unwanted()
	})
}

// askable: there is an operation of the service's that can be asked for.
func (o *operation) askable() bool {
	return !o.done() && o.Sealed != "" && o.state() != perdure.StateStarting && o.state() != perdure.StateAmbiguous
}

// ask asks the service once, beside whoever watches, and takes the answer over. Its
// error is what is wrong with the headers, which only a worker can know.
func (o *operation) ask(ctx workflow.Context, headers map[string][]string) error {
	o.asked++
	seq := o.asked
	o.besides++
	defer func() { o.besides-- }()
	task := o.pollTask()
	task.Once, task.Headers = true, headers
	asked := workflow.ExecuteActivity(activityContext(o.beside, "ask once, now", false), perdure.ActivityPoll, task)
	var a perdure.Answer
	if err := asked.Get(ctx, &a); err != nil {
		if !temporal.IsCanceledError(err) {
			o.noteFailure(ctx, err)
		}
		return nil
	}
	if a.ErrorType == perdure.ErrorInvalidInput && a.Polls == 0 && len(headers) > 0 { // it was not asked
		return temporal.NewNonRetryableApplicationError(failure.Cut(a.Error.Message, 1024), perdure.ErrorInvalidInput, nil)
	}
	o.apply(ctx, &a, seq, false)
	return nil
}

// askOnSignal asks now; signals that come while it asks are the same question.
func (o *operation) askOnSignal(work workflow.Context) {
	if o.pollUnderway || !o.askable() {
		return
	}
	o.pollUnderway = true
	workflow.Go(work, func(work workflow.Context) {
		defer func() { o.pollUnderway = false }()
		_ = o.ask(work, nil)
	})
}

func (o *operation) pollTask() perdure.PollTask {
	task := perdure.PollTask{
		State: o.Sealed, Polling: o.Polling, Polls: o.BackoffPolls,
		Known: perdure.Known{ServiceStatus: o.Status.ServiceStatus, News: o.News, Body: o.BodyDigest, ProgressAt: o.ToldAt},
	}
	if o.Status.LastError != nil {
		known := o.Status.LastError.Error
		known.Details = nil
		task.Known.Error = &known
	}
	return task
}

// noteFailure shows that a question could not be asked at all.
func (o *operation) noteFailure(ctx workflow.Context, err error) {
	message := err.Error()
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		message = app.Message()
	}
	o.Status.LastError = &perdure.TimedError{
		At:    workflow.Now(ctx).UTC(),
		Error: perdure.ServiceError{Code: "ActivityFailed", Message: failure.Cut(message, 1024)},
	}
}
