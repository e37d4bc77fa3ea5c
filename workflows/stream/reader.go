package stream

import (
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// Time-outs of the activity. A worker that dies is noticed by its heartbeat; the other
// only bounds what must end some time.
const (
	heartbeatTimeout    = 15 * time.Second
	startToCloseTimeout = 10 * 365 * 24 * time.Hour
)

// watchInterval is how long nothing may be heard of the reader before it is asked
// whether it is there.
const watchInterval = 15 * time.Minute

// Reader is perdure.streamReader.v1: it keeps an activity reading, on one worker or
// another, until the stream has ended or is no longer wanted. The activity tells the log
// itself how the stream ended; the reader does where the activity could not.
func Reader(ctx workflow.Context, in perdure.ReaderInput) error {
	options := workflow.ActivityOptions{
		StartToCloseTimeout: startToCloseTimeout, HeartbeatTimeout: heartbeatTimeout, WaitForCancellation: true,
		Summary:     "read the stream",
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 4 * time.Second},
	}
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), perdure.ActivityReadStream, in).Get(ctx, nil)
	if err != nil && ctx.Err() == nil {
		tellLog(ctx, in, err)
	}
	return nil
}

// tellLog ends the log where the activity could not.
func tellLog(ctx workflow.Context, in perdure.ReaderInput, why error) {
	end := perdure.Batch{
		Writer: maxWriter, FirstRunID: in.FirstRunID,
		End: &perdure.StreamEnd{ErrorType: perdure.ErrorStreamBroken, Error: activityError(why)},
	}
	_ = workflow.SignalExternalWorkflow(ctx, in.Log, "", perdure.SignalRecord, end).Get(ctx, nil) // it may be gone
}

// maxWriter comes after every attempt of the activity.
const maxWriter = 1 << 62

func activityError(err error) *perdure.ServiceError {
	message := err.Error()
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		message = app.Message()
	}
	return &perdure.ServiceError{Code: "ActivityFailed", Message: failure.Cut(message, 1024)}
}

// startReader starts the child that reads. It outlives this run, and is told when the
// stream is no longer wanted.
func (l *log) startReader(work workflow.Context) {
	l.Reader = readerID(l.id, l.firstRunID)
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(work, workflow.ChildWorkflowOptions{
		WorkflowID:            l.Reader,
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}), perdure.WorkflowStreamReader, perdure.ReaderInput{Log: l.id, Input: l.input, FirstRunID: l.firstRunID})
	if err := child.GetChildWorkflowExecution().Get(work, nil); err != nil {
		l.end(work, failed, perdure.StateFailed, perdure.ErrorStreamBroken, activityError(err))
		return
	}
	workflow.Go(work, func(work workflow.Context) {
		_ = child.Get(work, nil)
		l.lost = true // its last word, if it had one, came before
	})
	workflow.Go(work, l.watchReader)
}

// maxReaderLog bounds what a reader's id takes of its log's: Temporal allows 1000 bytes.
const maxReaderLog = 900

func readerID(log, firstRunID string) string {
	return failure.Cut(log, maxReaderLog) + "/reader/" + firstRunID
}

// watchReader asks, when nothing has been heard for long, whether the reader is there: a
// run that continues another is not told how it ends.
func (l *log) watchReader(work workflow.Context) {
	for !l.done() && !l.moving {
		watch := workflow.TimerOptions{Summary: "time to look for the reader"}
		if workflow.NewTimerWithOptions(work, watchInterval, watch).Get(work, nil) != nil {
			return
		}
		if l.done() || l.moving || workflow.Now(work).Sub(l.lastHeard) < watchInterval {
			continue
		}
		if err := workflow.SignalExternalWorkflow(work, l.Reader, "", perdure.SignalThere, nil).Get(work, nil); err != nil && !temporal.IsCanceledError(err) {
			l.lost = true
			return
		}
	}
}

// stopReader tells the reader that the stream is no longer wanted.
func (l *log) stopReader(work workflow.Context) {
	if l.Reader == "" {
		return
	}
	_ = workflow.RequestCancelExternalWorkflow(work, l.Reader, "").Get(work, nil) // it may have ended
}

// turnAway stops a stray reader. Its log had the same id as this one and was ended in
// Temporal, so it takes this one for its own.
func (l *log) turnAway(work workflow.Context, firstRunID string) {
	if l.stray != firstRunID {
		l.stray = firstRunID
		workflow.RequestCancelExternalWorkflow(work, readerID(l.id, firstRunID), "")
	}
}
