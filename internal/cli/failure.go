package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.temporal.io/api/serviceerror"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// failure is an error as it is printed.
type failure struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	// WorkflowID says what it is about, where that is known: whoever let the id be chosen has
	// no other way to find an operation that came back ambiguous.
	WorkflowID string    `json:"workflowId,omitempty"`
	Status     any       `json:"status,omitempty"`   // a perdure.Status, CollectionStatus or StreamStatus; nil: none
	Problems   []problem `json:"problems,omitempty"` // of a configuration

	exit int
	// open: it came back ambiguous, and may still be settled.
	open bool
}

// Types of failures that are not an operation's.
const (
	typeUsage                = "Usage"
	typeNotFound             = "NotFound"
	typeNoToken              = "NoToken"
	typeNoKeyset             = "NoKeyset"
	typeTerminated           = "Terminated"
	typeUnavailable          = "Unavailable"
	typeStopped              = "Stopped"
	typeNoSearchAttributes   = "NoSearchAttributes"
	typeInvalidConfiguration = "InvalidConfiguration"
	typeError                = "Error"
)

// aboutError says which operation an error is about.
type aboutError struct {
	id  string
	err error
}

func (e *aboutError) Error() string { return e.err.Error() }
func (e *aboutError) Unwrap() error { return e.err }

func about(id string, err error) error {
	if err == nil || id == "" {
		return err
	}
	return &aboutError{id: id, err: err}
}

// terminatedError has what was known of an operation whose workflow was ended in Temporal.
type terminatedError struct {
	err    error
	status perdure.Status
}

func (e *terminatedError) Error() string { return e.err.Error() }
func (e *terminatedError) Unwrap() error { return e.err }

// leftOffError is an error that came after pages or events: the token of the next page,
// or the offset of the next event, and the command line that has it, go on from there.
type leftOffError struct {
	err     error
	token   tokens.Token
	next    *int
	command string
}

func (e *leftOffError) Error() string { return e.err.Error() }
func (e *leftOffError) Unwrap() error { return e.err }

// typedError has its type and its words already.
type typedError struct{ kind, message string }

func (e *typedError) Error() string { return e.message }

// fail prints why a command failed, and gives its exit status.
func (a *app) fail(ctx context.Context, err error) int {
	if errors.Is(err, errAnswered) {
		return exitError
	}
	f := a.failure(ctx, err)
	left, hasLeft := errors.AsType[*leftOffError](err)
	if !hasLeft {
		left = &leftOffError{}
	}
	if a.json() || !a.ran && asksForJSON(a.Args) {
		if err := a.printJSON(struct {
			Error         failure      `json:"error"`
			NextPageToken tokens.Token `json:"nextPageToken,omitzero"`
			Next          *int         `json:"next,omitempty"`
		}{f, left.token, left.next}); err != nil {
			fmt.Fprintln(a.Stderr, "perdure:", err)
		}
		return f.exit
	}
	for _, line := range f.lines(err) {
		fmt.Fprintln(a.Stderr, "perdure:", line)
	}
	if left.command != "" {
		fmt.Fprintln(a.Stderr, "go on with:", left.command)
	}
	return f.exit
}

func (a *app) failure(ctx context.Context, err error) failure {
	f := a.classify(ctx, err)
	if named, ok := errors.AsType[*aboutError](err); ok {
		f.WorkflowID = named.id
	}
	if ended, ok := errors.AsType[*terminatedError](err); ok {
		f.Status = ended.status
	}
	f.Message = redact(f.Message)
	return f
}

func (a *app) classify(ctx context.Context, err error) failure {
	plain := func(kind string) failure {
		return failure{Type: kind, Message: withoutPackage(err.Error()), exit: exitError}
	}
	if bad, ok := errors.AsType[*perdure.OperationError](err); ok {
		return a.ofOperation(bad)
	}
	if bad, ok := errors.AsType[*perdure.CollectionError](err); ok {
		return a.endOf("collection", bad.Type, bad.Message, known(bad.Status, bad.Status.State))
	}
	if bad, ok := errors.AsType[*perdure.StreamError](err); ok {
		return a.endOf("stream", bad.Type, bad.Message, known(bad.Status, bad.Status.State))
	}
	if typed, ok := errors.AsType[*typedError](err); ok {
		return plain(typed.kind)
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		return failure{Type: typeUsage, Message: err.Error(), exit: exitUsage}
	}
	if _, ok := errors.AsType[*perdure.InputError](err); ok {
		return failure{Type: perdure.ErrorInvalidInput, Message: withoutPackage(err.Error()), exit: exitUsage}
	}
	if problems := problemsOf(err); len(problems) > 0 {
		f := plain(typeInvalidConfiguration)
		f.Problems = describe(problems)
		return f
	}
	if _, ok := errors.AsType[*serviceerror.NamespaceNotFound](err); ok {
		f := plain(typeNotFound)
		f.Message = "Temporal has no such namespace; set --namespace or TEMPORAL_NAMESPACE: " + f.Message
		return f
	}
	switch {
	case ctx.Err() != nil:
		return plain(typeStopped)
	case errors.Is(err, starter.ErrNoToken):
		return failure{Type: typeNoToken, Message: "there is no token before the service has answered the start", exit: exitError}
	case errors.Is(err, starter.ErrTerminated):
		f := plain(typeTerminated)
		f.Message += `; what became of it at the service is not known, and "perdure rehydrate" takes it up again from its token`
		return f
	case errors.Is(err, starter.ErrNotFound):
		f := plain(typeNotFound)
		f.Message += `; "perdure list" shows what this namespace knows`
		return f
	case errors.Is(err, starter.ErrNoSearchAttributes):
		return plain(typeNoSearchAttributes)
	case tokens.Reason(err) != "":
		f := plain(perdure.ErrorInvalidToken)
		f.Message = "the token is refused: " + f.Message
		return f
	}
	return plain(typeError)
}

// ofOperation: the operation's own end. The statuses from 10 are for what waits.
func (a *app) ofOperation(bad *perdure.OperationError) failure {
	f := a.ended(bad.Type, bad.Message)
	if bad.Status.State != "" {
		f.Status = bad.Status
		f.open = bad.Type == perdure.ErrorStartAmbiguous && !bad.Status.Done
	}
	if f.Message == "" {
		f.Message = explain(bad)
	}
	return f
}

// endOf is the own end of a collection or a stream, or why a page cannot be had. Status
// is nil where none is known.
func (a *app) endOf(thing, errorType, message string, status any) failure {
	f := a.ended(errorType, message)
	f.Status = status
	switch {
	case f.Message != "":
	case errorType == perdure.ErrorCanceled:
		f.Message = "the " + thing + " was canceled"
	default:
		f.Message = "the service gave no reason"
	}
	return f
}

// known is a status, nil where it says nothing.
func known[Status any](s Status, state perdure.State) any {
	if state == "" {
		return nil
	}
	return s
}

func (a *app) ended(errorType, message string) failure {
	f := failure{Type: errorType, Message: withoutPackage(strings.TrimPrefix(message, errorType+": ")), exit: exitError}
	if a.waits {
		f.exit = exitStatus(errorType)
	}
	return f
}

// explain has words for an end that came without.
func explain(bad *perdure.OperationError) string {
	s := bad.Status
	switch {
	case bad.Type == perdure.ErrorStartAmbiguous:
		return "it cannot be known whether the service started the operation"
	case bad.Type != perdure.ErrorCanceled:
		return "the service gave no reason"
	case s.State == perdure.StateCanceled:
		return "the operation was canceled"
	case s.State == perdure.StateAmbiguous:
		return "it was canceled while it could not be known whether the service had started it"
	case s.Cancel != nil && s.Cancel.Supported != nil && !*s.Cancel.Supported:
		return "nothing more is asked; this service's operations cannot be canceled, so it may go on there"
	case s.State == perdure.StateUnknown:
		return "nothing more is asked; the service never confirmed the cancel, so it may go on there"
	}
	return "the operation was canceled"
}

// lines is the failure as text: one line, or one for each of several problems.
func (f failure) lines(err error) []string {
	if len(f.Problems) > 0 {
		var lines []string
		for _, problem := range problemsOf(err) {
			lines = append(lines, redact(problem.Error()))
		}
		return lines
	}
	line := f.Message
	if f.Status != nil || exitStatus(f.Type) != exitError {
		line = f.Type + ": " + line
	}
	if f.WorkflowID != "" && !strings.Contains(line, f.WorkflowID) {
		line = f.WorkflowID + ": " + line
	}
	if f.open {
		line += "; it stays open"
	}
	return []string{oneLine(line)}
}

// withoutPackage drops the package that an error begins with.
func withoutPackage(message string) string {
	for _, prefix := range []string{"perdure: input: ", "perdure: ", "starter: ", "worker: ", "tokens: "} {
		if rest, ok := strings.CutPrefix(message, prefix); ok {
			return rest
		}
	}
	return message
}

// tokenText finds what may be a token, or a piece of one.
var tokenText = regexp.MustCompile(`perdure1_[A-Za-z0-9_-]*`)

// redact is the last guard: no message holds a token, whoever wrote it.
func redact(message string) string { return tokenText.ReplaceAllString(message, "perdure1_(redacted)") }

// asksForJSON looks for --output json in arguments that could not be read as flags.
func asksForJSON(args []string) bool {
	for i, arg := range args {
		switch arg {
		case "--":
			return false
		case "--output=json", "-o=json", "-ojson":
			return true
		case "--output", "-o":
			if i+1 < len(args) && args[i+1] == outputJSON {
				return true
			}
		}
	}
	return false
}
