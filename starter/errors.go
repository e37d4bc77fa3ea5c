package starter

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
)

// Errors of this package, which errors.Is finds. What became of an operation, a collection
// or a stream is a *perdure.OperationError, *perdure.CollectionError or *perdure.StreamError.
var (
	// ErrNotDone: the operation has no value yet.
	ErrNotDone = errors.New("starter: the operation is not done")
	// ErrNoToken: there is nothing to take up, because the service has not answered the
	// start, or because a collection has no next page.
	ErrNoToken = errors.New("starter: there is no token: the service has not answered, or there is no next page")
	// ErrNotFound: no operation, collection or stream with this workflow id is known, or
	// no longer, or it is of another kind or method than asked for.
	ErrNotFound = errors.New("starter: not found")
	// ErrTerminated: the workflow was ended in Temporal itself. What became of the
	// service's operation is not known; its token still takes it up.
	ErrTerminated = errors.New("starter: the workflow was ended in Temporal")
	// ErrNoKeyset: Client.Inspect needs Options.Keyset.
	ErrNoKeyset = errors.New("starter: a token cannot be verified without Options.Keyset")
	// ErrDone: the operation is over, and there is nothing left to set or to resolve.
	ErrDone = errors.New("starter: the operation is done")
)

// outcome turns the error with which a workflow closed into what became of the
// operation.
func outcome(id string, err error) error {
	var (
		app        *temporal.ApplicationError
		canceled   *temporal.CanceledError
		terminated *temporal.TerminatedError
		timeout    *temporal.TimeoutError
		execution  *temporal.WorkflowExecutionError
	)
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &execution):
		return notFoundOr(id, err)
	case errors.As(err, &terminated):
		return fmt.Errorf("%w: %q was terminated", ErrTerminated, id)
	case errors.As(err, &timeout):
		return fmt.Errorf("%w: %q ran into Temporal's own time-out", ErrTerminated, id)
	case errors.As(err, &canceled):
		e := &perdure.OperationError{Type: perdure.ErrorCanceled}
		_ = canceled.Details(&e.Status) // none where Temporal itself canceled
		return e
	case errors.As(err, &app):
		return operationError(app)
	}
	return err
}

func operationError(app *temporal.ApplicationError) *perdure.OperationError {
	e := &perdure.OperationError{Type: app.Type(), Message: app.Message()}
	if app.HasDetails() {
		_ = app.Details(&e.Status)
	}
	e.Err = refusedToken(e.Type, e.Status.Error)
	return e
}

// ended says, as an error, how an operation ended by its status; nil where it did
// not end badly.
func ended(s perdure.Status) error {
	switch {
	case s.State == perdure.StateAmbiguous && !s.Done:
		return &perdure.OperationError{Type: perdure.ErrorStartAmbiguous, Message: words(perdure.ErrorStartAmbiguous, s.Error), Status: s}
	case s.Done && s.ErrorType != "":
		return &perdure.OperationError{Type: s.ErrorType, Message: words(s.ErrorType, s.Error), Status: s, Err: refusedToken(s.ErrorType, s.Error)}
	case s.Done && s.State != perdure.StateSucceeded:
		return &perdure.OperationError{Type: perdure.ErrorCanceled, Status: s}
	}
	return nil
}

// words are why an operation ended, as its workflow's failure has them: without the
// type, which stands beside them.
func words(errorType string, e *perdure.ServiceError) string {
	if e != nil && e.Code == errorType && e.Message != "" {
		return e.Message
	}
	return e.String()
}

// called turns the error of a query, a signal or an update into one of ours; failure
// reads an application error.
func called(ctx context.Context, id string, err error, c converter.DataConverter, failure func(*temporal.ApplicationError) error) error {
	if err == nil {
		return nil
	}
	if stopped(ctx, err) {
		return context.Cause(ctx)
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return failure(app)
	}
	if query, ok := errors.AsType[*serviceerror.QueryFailed](err); ok {
		if app := refusal(query, c); app != nil {
			return failure(app)
		}
	}
	return notFoundOr(id, err)
}

// failureConverter reads failures, of which the client's may have encrypted every word.
func failureConverter(c converter.DataConverter) converter.FailureConverter {
	return temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: c})
}

// applicationText is how the SDK writes an application error that has a type.
var applicationText = regexp.MustCompile(`(?s)^(.*) \(type: (\w+), retryable: (?:true|false)\)$`)

// refusal is the application error with which a workflow refused a query; nil where it
// was another. Of a query that is answered along with a workflow task only the text
// comes, without the details: Go SDK 1.50, internal_task_handlers.go, completeWorkflow.
func refusal(query *serviceerror.QueryFailed, c converter.DataConverter) *temporal.ApplicationError {
	var app *temporal.ApplicationError
	if query.Failure != nil {
		errors.As(failureConverter(c).FailureToError(query.Failure), &app)
		return app
	}
	if parts := applicationText.FindStringSubmatch(query.Message); parts != nil {
		errors.As(temporal.NewNonRetryableApplicationError(parts[1], parts[2], nil), &app)
	}
	return app
}

// deadlineSlack is how much earlier than the context a call may notice its deadline:
// it travels to the server, which keeps it too.
const deadlineSlack = time.Second

// stopped reports that a call ended because its context did, or is about to: it
// returns when ctx is done.
func stopped(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return true
	}
	deadline, bounded := ctx.Deadline()
	if !bounded || time.Until(deadline) > deadlineSlack || !isBrokenOff(err) {
		return false
	}
	<-ctx.Done()
	return true
}

// isBrokenOff: the call was given up, by one side or the other. The client that was closed
// will make no other.
func isBrokenOff(err error) bool {
	var (
		canceled *serviceerror.Canceled
		deadline *serviceerror.DeadlineExceeded
		update   *client.WorkflowUpdateServiceTimeoutOrCanceledError
	)
	if errors.As(err, &canceled) && canceled.Message == clientClosed {
		return false
	}
	return errors.As(err, &canceled) || errors.As(err, &deadline) || errors.As(err, &update) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// clientClosed is what gRPC says of a connection that its owner has closed (1.83,
// clientconn.go, ErrClientConnClosing).
const clientClosed = "grpc: the client connection is closing"

func notFoundOr(id string, err error) error {
	if isNotFound(err) {
		return fmt.Errorf("%w: %q", ErrNotFound, id)
	}
	if !isPrintable(id) {
		return &perdure.InputError{Field: "id", Message: fmt.Sprintf("is %q, want printable ASCII, which is all that Temporal's client sends", id)}
	}
	return fmt.Errorf("starter: %q: %w", id, err)
}

// isPrintable: gRPC can send id, which Temporal's client puts into a header too (API 1.64,
// proxy/request_header.go, temporal-resource-id).
func isPrintable(id string) bool {
	return !strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r > '~' })
}

func isNotFound(err error) bool {
	var nf *serviceerror.NotFound
	return errors.As(err, &nf)
}

// ofAnotherMethod: there is such an id, and it is of a type that was not asked for.
func ofAnotherMethod(id, has, want string) error {
	return fmt.Errorf("%w: %q is of type %q, asked for %q", ErrNotFound, id, has, want)
}
