package perdure

import (
	"errors"
	"fmt"
	"strings"
)

// Types of the application errors with which an operation, a collection or a stream ends
// badly. A state of unknown says that the service's operation may go on.
const (
	// ErrorOperationFailed: the service says so, in a word of its own.
	ErrorOperationFailed = "OperationFailed"
	// ErrorStartRejected: the service refused the start, and sending it again cannot help.
	ErrorStartRejected = "StartRejected"
	// ErrorStartAmbiguous: it cannot be known whether the start arrived. The operation
	// stays open until somebody resolves it, or its time-out has passed.
	ErrorStartAmbiguous = "StartAmbiguous"
	// ErrorPollRejected: the service refused to answer a poll, or to give the value.
	ErrorPollRejected = "PollRejected"
	// ErrorPageRejected: the service refused the page.
	ErrorPageRejected = "PageRejected"
	// ErrorProtocolViolation: an answer breaks the protocol.
	ErrorProtocolViolation = "ProtocolViolation"
	// ErrorOperationTimedOut: the operation's time-out has passed, or a page's idle time-out.
	ErrorOperationTimedOut = "OperationTimedOut"
	// ErrorInvalidInput: the message names the field.
	ErrorInvalidInput = "InvalidInput"
	// ErrorInvalidToken: the token is refused; the error's details are a TokenRefusal.
	ErrorInvalidToken = "InvalidToken"
	// ErrorIDConflict: the workflow id belongs to something else, or had another input.
	ErrorIDConflict = "IDConflict"
	// ErrorEgressDenied: the worker's configuration does not let the request leave.
	ErrorEgressDenied = "EgressDenied"
	// ErrorCredentialFailed: there was no credential to send. One that the service does
	// not take is the service's refusal.
	ErrorCredentialFailed = "CredentialFailed" //nolint:gosec // the name of an error type, not a credential
	// ErrorResponseTooLarge: an answer is above limits.maxResponseBytes, or a value does
	// not fit into a workflow.
	ErrorResponseTooLarge = "ResponseTooLarge"
	// ErrorEventTooLarge: the data of one event are above the protocol's bound.
	ErrorEventTooLarge = "EventTooLarge"
	// ErrorStreamBroken: a stream that broke off and cannot be taken up.
	ErrorStreamBroken = "StreamBroken"
	// ErrorTokenTooLarge: the state does not fit into a token; only a caller that asks for
	// the token, or for the page after, sees this.
	ErrorTokenTooLarge = "TokenTooLarge"
)

// ErrorCanceled is the type that stands for a canceled operation wherever the
// others stand for a failed one.
const ErrorCanceled = "Canceled"

// What an operation, a collection or a stream comes to that most callers tell apart:
// errors.Is finds it in the errors of all three.
var (
	// ErrCanceled: it was canceled, whoever canceled it, or canceling was asked for and never
	// confirmed: the state in the error's status tells which. The type of the error is
	// ErrorCanceled.
	ErrCanceled = errors.New("perdure: canceled")
	// ErrAmbiguous: it cannot be known whether the service started it. The type of the
	// error is ErrorStartAmbiguous.
	ErrAmbiguous = errors.New("perdure: ambiguous")
)

// isType reports whether target is the error that stands for a type.
func isType(target error, errorType string) bool {
	switch errorType {
	case ErrorCanceled:
		return target == ErrCanceled //nolint:errorlint // this is what errors.Is asks
	case ErrorStartAmbiguous:
		return target == ErrAmbiguous //nolint:errorlint // this is what errors.Is asks
	}
	return false
}

// ErrorRunMoved is the type of an update's error when the workflow continues as
// new before the update could be answered: ask again, the next run answers.
const ErrorRunMoved = "RunMoved"

// Types of the errors with which a query for a page is refused.
const (
	// ErrorNotFetched: the page has not been fetched; the update "wait" has it fetched,
	// unless the collection is over.
	ErrorNotFetched = "NotFetched"
	// ErrorOtherRun: the page is in an earlier run of the workflow, which the error's
	// details name as a Segment: query that run.
	ErrorOtherRun = "OtherRun"
)

// OperationError says that an operation ended badly, or is ambiguous. It is the
// operation's answer, not a fault of whoever asked.
type OperationError struct {
	Type    string // one of the Error constants
	Message string
	Status  Status
	// Err is the same error in another package's type: the service's own, where a typed
	// client decodes it, or one of package tokens, where a token is refused. Else nil.
	Err error
}

// Error gives type and message in one line.
func (e *OperationError) Error() string {
	if e.Message == "" {
		return "perdure: " + e.Type
	}
	return "perdure: " + e.Type + ": " + e.Message
}

// Unwrap gives Err.
func (e *OperationError) Unwrap() error { return e.Err }

// Is reports whether target is an *OperationError of the same type that says nothing more, or
// the error that stands for the type, as ErrCanceled.
func (e *OperationError) Is(target error) bool {
	t, ok := target.(*OperationError)
	return ok && t.Type == e.Type && t.Message == "" && t.Status.State == "" || isType(target, e.Type)
}

// CollectionError says that a page could not be had, or how a collection ended badly.
type CollectionError struct {
	Type    string // one of the Error constants
	Message string
	Status  CollectionStatus
	// Err is the same error in another package's type: the service's own, where a typed
	// client decodes it, or one of package tokens, where a token is refused. Else nil.
	Err error
}

// Error gives type and message in one line.
func (e *CollectionError) Error() string {
	if e.Message == "" {
		return "perdure: " + e.Type
	}
	return "perdure: " + e.Type + ": " + e.Message
}

// Unwrap gives Err.
func (e *CollectionError) Unwrap() error { return e.Err }

// Is reports whether target is a *CollectionError of the same type that says nothing more, or
// the error that stands for the type, as ErrCanceled.
func (e *CollectionError) Is(target error) bool {
	t, ok := target.(*CollectionError)
	return ok && t.Type == e.Type && t.Message == "" && t.Status.State == "" || isType(target, e.Type)
}

// StreamError says how a stream ended badly.
type StreamError struct {
	Type    string // one of the Error constants
	Message string
	Status  StreamStatus
	// Err is the same error in another package's type: the service's own, where a typed
	// client decodes it, or one of package tokens, where a token is refused. Else nil.
	Err error
}

// Error gives type and message in one line.
func (e *StreamError) Error() string {
	if e.Message == "" {
		return "perdure: " + e.Type
	}
	return "perdure: " + e.Type + ": " + e.Message
}

// Unwrap gives Err.
func (e *StreamError) Unwrap() error { return e.Err }

// Is reports whether target is a *StreamError of the same type that says nothing more, or
// the error that stands for the type, as ErrCanceled.
func (e *StreamError) Is(target error) bool {
	t, ok := target.(*StreamError)
	return ok && t.Type == e.Type && t.Message == "" && t.Status.State == "" || isType(target, e.Type)
}

// InputError says which field of an input is wrong and what would be right.
type InputError struct {
	Field   string // as in the JSON, dotted: "polling.intervalSeconds"
	Message string
}

// Error names the field first.
func (e *InputError) Error() string {
	if e.Field == "" {
		return "perdure: input: " + e.Message
	}
	return "perdure: input: " + e.Field + ": " + e.Message
}

// Reason is the message of an error without the prefixes of this package, for use where
// the type of the error stands beside it.
func Reason(err error) string {
	s := strings.TrimPrefix(err.Error(), "perdure: ")
	return strings.TrimPrefix(s, "input: ")
}

// ResponseError is one HTTP exchange that the service refused.
type ResponseError struct {
	Method, URL string // the URL without its query
	Service     ServiceError
}

// Error gives the request and the service's words.
func (e *ResponseError) Error() string {
	return fmt.Sprintf("perdure: %s %s: HTTP %d: %s", e.Method, e.URL, e.Service.HTTPStatus, e.Service.String())
}

// ProtocolError says how a service broke its own protocol.
type ProtocolError struct {
	Protocol string
	Message  string
}

// Error names the protocol first.
func (e *ProtocolError) Error() string {
	return "perdure: protocol " + e.Protocol + ": " + e.Message
}

// EgressError says why a request was not allowed to leave.
type EgressError struct {
	Target  string // scheme, host and port, or method and path; never a query
	Message string
}

// Error names the target first.
func (e *EgressError) Error() string { return "perdure: egress: " + e.Target + ": " + e.Message }

// CredentialError says that there was no credential to send.
type CredentialError struct {
	Service string
	Source  string // the name of the variable or the file, never its content
	Message string
}

// Error names service and source.
func (e *CredentialError) Error() string {
	return "perdure: credential of service " + e.Service + " from " + e.Source + ": " + e.Message
}

// SizeError says that an answer is larger than a limit.
type SizeError struct {
	Limit   int64 // bytes
	Message string
}

// Error gives the limit.
func (e *SizeError) Error() string {
	return fmt.Sprintf("perdure: answer is larger than %d bytes: %s", e.Limit, e.Message)
}
