package child

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// StartOptions of Run and Start. Zero fields take the default.
type StartOptions struct {
	// TaskQueue of Perdure's workers. Default perdure.DefaultTaskQueue.
	TaskQueue string
	// ID is the workflow id of the child. One that was ever used, as long as the
	// namespace keeps it, is perdure.ErrorIDConflict. Default: one of the parent's run.
	ID string
	// Summary is shown in Temporal's web UI. Default: the input's own.
	Summary string
	// Abandon lets the operation live on when the parent ends or is canceled. Default:
	// the service is asked to stop.
	Abandon bool
	// ReportEvery has the operation tell how it goes, for LastStatus: each new state, and
	// what else is new after this time, or after a twentieth of the operation's age, which
	// makes about 250 reports in a month. Each is about four events in the parent's
	// history. At least 1 s; it takes the place of the input's report. Default: none is
	// made.
	ReportEvery time.Duration
}

// Operation is a handle on an operation that runs as a child and whose value is a T.
type Operation[T any] struct{ *operation }

// Run runs an operation and gives its value. Errors are as [Operation.Wait] has them.
func Run[T any](ctx workflow.Context, in perdure.OperationInput, o *StartOptions) (T, error) {
	op, err := Start[T](ctx, in, o)
	if err != nil {
		var none T
		return none, err
	}
	return op.Wait(ctx)
}

// Start starts an operation and returns when its workflow is there; the service is asked
// after that. Canceling ctx asks the service to stop, unless the operation is abandoned.
func Start[T any](ctx workflow.Context, in perdure.OperationInput, o *StartOptions) (*Operation[T], error) {
	op, err := start(ctx, in, o)
	if err != nil {
		return nil, err
	}
	return &Operation[T]{op}, nil
}

// Wait waits for the operation's end and gives its value; the zero T where it has none.
// Canceling ctx stops the waiting; where ctx is the one that the operation was started with,
// that cancels the operation, and Wait goes on until the service has stopped it. An
// operation whose start is ambiguous is waited for until somebody resolves it, or its
// timeoutSeconds have passed.
//
// Errors: *perdure.OperationError when it ended badly or was canceled; see the package's
// documentation for whose cancel it was.
func (o *Operation[T]) Wait(ctx workflow.Context) (T, error) {
	var value, none T
	result, err := o.Result(ctx)
	if err != nil {
		return none, err
	}
	if err := result.Decode(&value); err != nil {
		return none, err
	}
	return value, nil
}
