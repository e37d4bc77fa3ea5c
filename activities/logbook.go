package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"

	"github.com/perdure-dev/perdure"
)

// Logbook is where streams are written down, each in a log of its own.
type Logbook interface {
	// Position is how far the log has come.
	Position(ctx context.Context, log string) (perdure.LogPosition, error)
	// Record adds a batch. One that is recorded twice counts once. An error that is none
	// of the Err is worth another try.
	Record(ctx context.Context, log string, b perdure.Batch) error
}

// Errors of a Logbook.
var (
	// ErrLogClosed: the log is gone or closed, nobody reads what would be written.
	ErrLogClosed = errors.New("activities: the stream's log is closed")
	// ErrLogRefuses: the log does not take the batch, however often it is sent, as it is
	// too large.
	ErrLogRefuses = errors.New("activities: the stream's log does not take a batch")
)

// oneLog is a Logbook for one log: another one that has its id later is not taken for it.
type oneLog struct {
	Logbook
	firstRunID string
}

// Position of a later log with the same id is ErrLogClosed.
func (o oneLog) Position(ctx context.Context, log string) (perdure.LogPosition, error) {
	pos, err := o.Logbook.Position(ctx, log)
	if err == nil && pos.FirstRunID != "" && pos.FirstRunID != o.firstRunID {
		err = ErrLogClosed
	}
	return pos, err
}

// Record says for which log the batch is.
func (o oneLog) Record(ctx context.Context, log string, b perdure.Batch) error {
	b.FirstRunID = o.firstRunID
	return o.Logbook.Record(ctx, log, b)
}

// workflowLogs are the workflows perdure.stream.v1.
type workflowLogs struct{}

// Position asks the workflow. One that was terminated would still answer, and knows
// nothing of it.
func (workflowLogs) Position(ctx context.Context, log string) (perdure.LogPosition, error) {
	client := activity.GetClient(ctx)
	var pos perdure.LogPosition
	is, err := client.DescribeWorkflowExecution(ctx, log, "")
	if err != nil {
		return pos, logError("describe", err)
	}
	if !isOpen(is.GetWorkflowExecutionInfo().GetStatus()) {
		return pos, ErrLogClosed
	}
	answer, err := client.QueryWorkflow(ctx, log, "", perdure.QueryPosition)
	if err != nil {
		return pos, logError("query", err)
	}
	if err := answer.Get(&pos); err != nil {
		return pos, fmt.Errorf("read the position of the stream's log: %w", err)
	}
	return pos, nil
}

// Record sends the batch as a signal.
func (workflowLogs) Record(ctx context.Context, log string, b perdure.Batch) error {
	if err := activity.GetClient(ctx).SignalWorkflow(ctx, log, "", perdure.SignalRecord, b); err != nil {
		return logError("signal", err)
	}
	return nil
}

// isOpen: one that is paused goes on later.
func isOpen(status enumspb.WorkflowExecutionStatus) bool {
	return status == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING || status == enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED
}

func logError(what string, err error) error {
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return ErrLogClosed
	}
	if _, ok := errors.AsType[*serviceerror.InvalidArgument](err); ok && !isFull(err) {
		return fmt.Errorf("%w: %w", ErrLogRefuses, err)
	}
	return fmt.Errorf("%s the stream's log: %w", what, err)
}

// isFull: the log's run has as many signals as Temporal takes, and has not been there to
// continue as new; its next run takes more (server 1.32, history/consts/const.go,
// ErrSignalsLimitExceeded).
func isFull(err error) bool { return strings.Contains(err.Error(), "limit for signal events") }
