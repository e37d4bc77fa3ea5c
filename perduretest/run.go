package perduretest

import (
	"time"

	"github.com/google/uuid"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
)

// run is a workflow that plays a script. The frontend's lock guards it.
type run interface {
	common() *execution
	// settle takes up what has come by itself, and reports whether there was anything.
	settle() bool
	// next is what comes by itself next, and since when it is waited for.
	next() (g gate, since time.Time)
	// advance goes on to the end, as far as it comes by being asked for, and reports
	// whether there was anything.
	advance() bool
	query(name string, args *commonpb.Payloads) (any, error)
	// update takes an update up. The reply is asked until it has an answer or an error.
	update(name string, args *commonpb.Payloads) reply
	signal(name string, args *commonpb.Payloads)
	cancel(reason string)
	// status is what the memo has, shown what the search attributes have.
	status() any
	shown() (state perdure.State, service string)
}

// reply is the answer to an update; not ok: not yet.
type reply func() (value any, ok bool, err error)

// at is a reply that is there at once.
func at(value any, err error) reply {
	return func() (any, bool, error) { return value, true, err }
}

// execution is what Temporal knows of every workflow.
type execution struct {
	id, runID string
	kind      string
	input     *commonpb.Payloads
	startedAt time.Time
	closedAt  time.Time
	closed    enumspb.WorkflowExecutionStatus // unspecified while it is open
	result    any
	err       error
	updates   map[string]reply // by their ids
}

func newExecution(id, kind string, input *commonpb.Payloads) execution {
	return execution{
		id: id, runID: uuid.NewString(), kind: kind, input: input,
		startedAt: time.Now().UTC(), updates: map[string]reply{},
	}
}

func (e *execution) common() *execution { return e }

func (e *execution) open() bool { return e.closed == enumspb.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED }

func (e *execution) state() enumspb.WorkflowExecutionStatus {
	if e.open() {
		return enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	}
	return e.closed
}

func (e *execution) close(how enumspb.WorkflowExecutionStatus) {
	e.closed, e.closedAt = how, time.Now().UTC()
}

func (e *execution) complete(result any) {
	e.result = result
	e.close(enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED)
}

// fail closes it as a worker would: with an error of a type, and the status.
func (e *execution) fail(errorType string, why *perdure.ServiceError, status any) {
	e.err = ended(errorType, why, status)
	e.close(enumspb.WORKFLOW_EXECUTION_STATUS_FAILED)
}

func (e *execution) endCanceled(status any) {
	e.err = temporal.NewCanceledError(status)
	e.close(enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED)
}

// ended is the error of a workflow that ended badly, or of an update that tells so.
func ended(errorType string, why *perdure.ServiceError, status any) error {
	message := errorType
	switch {
	case why == nil:
	case why.Code == errorType && why.Message != "":
		message = why.Message
	default:
		message = why.String()
	}
	return temporal.NewNonRetryableApplicationError(message, errorType, nil, status)
}

// refused is an argument that is wrong, or a question that has no answer.
func refused(errorType, message string) error {
	return temporal.NewNonRetryableApplicationError(message, errorType, nil)
}

func unknown(name string) error {
	return refused("", "perduretest: "+name+" is not answered in memory")
}

// argument reads the one argument of a query, an update or a signal; of none, into stays.
func argument(args *commonpb.Payloads, into any) error {
	if len(args.GetPayloads()) == 0 {
		return nil
	}
	return converter.GetDefaultDataConverter().FromPayloads(args, into)
}
