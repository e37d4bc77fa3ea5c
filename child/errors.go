package child

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// outcome is how a child ended badly, in terms of its kind: the type and message of one of
// our errors, and its status.
type outcome[S any] struct {
	errorType, message string
	status             S
}

// read reads the error of a child. Nil: it is Temporal's, and not ours.
func read[S any](err error) *outcome[S] {
	child, ok := errors.AsType[*temporal.ChildWorkflowExecutionError](err)
	if !ok {
		return nil
	}
	switch cause := child.Unwrap().(type) { //nolint:errorlint // the child's own, not one further below
	case *temporal.ApplicationError:
		out := &outcome[S]{errorType: cause.Type(), message: cause.Message()}
		if cause.HasDetails() {
			_ = cause.Details(&out.status) // without, type and message stand
		}
		return out
	case *temporal.CanceledError:
		out := &outcome[S]{errorType: canceled}
		if cause.HasDetails() {
			_ = cause.Details(&out.status)
		}
		return out
	}
	return nil
}

// ours says that the child was canceled because the parent was.
func ours(ctx workflow.Context, err error) error {
	return fmt.Errorf("child: %w: %w", ctx.Err(), err)
}

// temporals is an error of Temporal's.
func temporals(id string, err error) error {
	if temporal.IsCanceledError(err) {
		return err
	}
	return fmt.Errorf("child: %q: %w", id, err)
}
