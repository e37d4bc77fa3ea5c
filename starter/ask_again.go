package starter

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
)

// Waits between asking a workflow and asking it again.
const (
	askAgainWait    = 50 * time.Millisecond
	askAgainMaxWait = 2 * time.Second
)

// moved reports that an update met a run that was about to continue as new, or a
// workflow task that came to nothing: it is to be sent again.
func moved(err error) bool {
	return isFailure(err, perdure.ErrorRunMoved) || isNotReady(err)
}

// isAbandoned: the run ended before it answered an update that it had accepted, as when it
// is terminated or reset. Asking again tells which, but under the same update id, which
// gets the same answer for ever (server 1.32, update/errors_failures.go,
// AcceptedUpdateCompletedWorkflowFailure).
func isAbandoned(err error) bool { return isFailure(err, "AcceptedUpdateCompletedWorkflow") }

func isFailure(err error, errorType string) bool {
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	return ok && app.Type() == errorType
}

// again reports that a workflow is to be asked again: it is busy, or what was asked was
// broken off, as when a worker dies with it, or no worker has been seen for a while.
func again(err error) bool {
	var noWorker *serviceerror.FailedPrecondition
	return isBusy(err) || isBrokenOff(err) || isAbandoned(err) || errors.As(err, &noWorker)
}

// isBusy: the workflow is there, and cannot take what was asked right now.
func isBusy(err error) bool {
	var busy *serviceerror.ResourceExhausted
	return errors.As(err, &busy) || isNotReady(err)
}

// isNotReady: the workflow task that was to answer failed, or one before it. A task that
// ends a run also fails when a signal or an update has arrived meanwhile.
func isNotReady(err error) bool {
	var notReady *serviceerror.WorkflowNotReady
	return errors.As(err, &notReady)
}

// result waits for a workflow's end and gives its result, or the error that it ended with.
// A server that breaks the waiting off is asked again.
func result(ctx context.Context, run client.WorkflowRun, into any) error {
	for wait := askAgainWait; ; wait = min(2*wait, askAgainMaxWait) {
		err := run.Get(ctx, into)
		if _, ended := errors.AsType[*temporal.WorkflowExecutionError](err); ended || !isBrokenOff(err) || stopped(ctx, err) {
			return err
		}
		if pause(ctx, wait) != nil {
			return err
		}
	}
}

// execute starts a workflow by its id. A start that the server has broken off is asked for
// again, as often as it takes: the id is the same, so it joins what it may have started.
func (c *Client) execute(ctx context.Context, o client.StartWorkflowOptions, workflow string, in any) (client.WorkflowRun, error) {
	for wait := askAgainWait; ; wait = min(2*wait, askAgainMaxWait) {
		run, err := c.temporal.ExecuteWorkflow(ctx, o, workflow, in)
		if err == nil || !isBrokenOff(err) || stopped(ctx, err) || pause(ctx, wait) != nil {
			return run, err
		}
	}
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
