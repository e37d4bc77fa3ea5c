package child

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// Time-outs of the activity that reads: a worker that dies is noticed by its heartbeat.
const (
	followTimeout    = time.Hour
	heartbeatTimeout = 15 * time.Second
)

// stream is a handle without the type of its data.
type stream struct {
	id        string
	taskQueue string
	gather    time.Duration
}

func newStream(id string, o *StreamOptions) *stream {
	if o == nil {
		o = &StreamOptions{}
	}
	return &stream{id: id, taskQueue: cmp.Or(o.TaskQueue, perdure.DefaultTaskQueue), gather: cmp.Or(o.Gather, time.Second)}
}

func startStream(ctx workflow.Context, in perdure.StreamInput, o *StreamOptions) (*stream, error) {
	if o == nil {
		o = &StreamOptions{}
	}
	bound := settings{
		taskQueue: o.TaskQueue, id: o.ID, abandon: o.Abandon,
		summary: cmp.Or(o.Summary, in.Summary()),
	}.bind(ctx)
	var is workflow.Execution
	if err := workflow.ExecuteChildWorkflow(bound, perdure.WorkflowStream, in).GetChildWorkflowExecution().Get(ctx, &is); err != nil {
		return nil, streamNotStarted(o.ID, err)
	}
	return newStream(is.ID, o), nil
}

func streamNotStarted(id string, err error) error {
	if bad, ok := errors.AsType[*perdure.OperationError](notStarted(id, err)); ok {
		return &perdure.StreamError{Type: bad.Type, Message: bad.Message}
	}
	return temporals(id, err)
}

// ID is the workflow id.
func (s *stream) ID() string { return s.id }

// Cancel breaks the stream off. What came before stays readable. After the end it does
// nothing.
func (s *stream) Cancel(ctx workflow.Context, reason string) error {
	err := workflow.SignalExternalWorkflow(ctx, s.id, "", perdure.SignalCancel, perdure.CancelSignal{Reason: reason}).Get(ctx, nil)
	if _, over := errors.AsType[*temporal.UnknownExternalWorkflowExecutionError](err); over {
		return nil
	}
	return err
}

// events goes through the events from an offset on.
func (s *stream) events(ctx workflow.Context, from int) iter.Seq2[*perdure.Event, error] {
	return func(yield func(*perdure.Event, error) bool) {
		for next := from; ; {
			got, err := s.follow(ctx, next)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range got.Events {
				if !yield(&got.Events[i], nil) {
					return
				}
			}
			if next = got.Next; !got.Done {
				continue
			}
			if err := ended(got.Status); err != nil {
				yield(nil, err)
			}
			return
		}
	}
}

// follow waits until there is something to read.
func (s *stream) follow(ctx workflow.Context, offset int) (perdure.Followed, error) {
	gather := s.gather.Seconds()
	in := perdure.FollowInput{Stream: s.id, Offset: offset, GatherSeconds: &gather}
	reading := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: s.taskQueue, StartToCloseTimeout: followTimeout, HeartbeatTimeout: heartbeatTimeout,
		RetryPolicy: &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 4 * time.Second},
		Summary:     fmt.Sprintf("events from %d", offset),
	})
	var got perdure.Followed
	err := workflow.ExecuteActivity(reading, perdure.ActivityFollow, in).Get(ctx, &got)
	if refused, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return got, &perdure.StreamError{Type: refused.Type(), Message: refused.Message()}
	}
	return got, err
}

// ended says, as an error, how a stream ended; nil where it ended well.
func ended(s *perdure.StreamStatus) error {
	switch {
	case s == nil || s.State == perdure.StateUnknown:
		return &perdure.StreamError{Type: perdure.ErrorStreamBroken, Message: "the stream's workflow was ended in Temporal"}
	case s.State == perdure.StateCanceled:
		return &perdure.StreamError{Type: canceled, Status: *s}
	case s.ErrorType != "":
		return &perdure.StreamError{Type: s.ErrorType, Message: s.Error.String(), Status: *s}
	}
	return nil
}
