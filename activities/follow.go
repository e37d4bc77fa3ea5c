package activities

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// followBytes is about how much a batch has, below what fits into a payload.
const followBytes = 1_000_000

// Defaults of perdure.FollowInput.
const (
	defaultFollowWait   = 5 * time.Minute
	defaultFollowGather = time.Second
)

// Follow is perdure.follow.v1: the events of a stream from an offset on, once there are
// any, for workflows, which cannot read a stream themselves. Nothing is lost when it is
// tried again: what is read is not used up.
func (a *Activities) Follow(ctx context.Context, raw perdure.RawInput) (*perdure.Followed, error) {
	var in perdure.FollowInput
	if err := perdure.Decode(raw, &in); err != nil {
		return nil, invalidFollow(err)
	}
	if err := in.Check(); err != nil {
		return nil, invalidFollow(err)
	}
	defer beat(ctx, func() any { return nil })()
	c, err := starter.New(activity.GetClient(ctx), starter.Options{
		Namespace: activity.GetInfo(ctx).Namespace, DataConverter: a.DataConverter,
	})
	if err != nil {
		return nil, err
	}
	s, err := starter.AttachStream[json.RawMessage](ctx, c, in.Stream)
	if errors.Is(err, starter.ErrNotFound) {
		return nil, invalidFollow(&perdure.InputError{Field: "stream", Message: "no stream has this workflow id"})
	}
	if err != nil {
		return nil, err
	}
	f := &follower{stream: s, result: perdure.Followed{Events: []perdure.Event{}, Next: in.Offset}}
	return &f.result, f.follow(ctx, in)
}

func invalidFollow(err error) error {
	return temporal.NewNonRetryableApplicationError(perdure.Reason(err), perdure.ErrorInvalidInput, nil)
}

// follower reads a stream until it has a batch.
type follower struct {
	stream *starter.Stream[json.RawMessage]
	result perdure.Followed
	size   int
}

func (f *follower) follow(ctx context.Context, in perdure.FollowInput) error {
	wait, gather := defaultFollowWait, defaultFollowGather
	if in.WaitSeconds > 0 {
		wait = seconds(in.WaitSeconds)
	}
	if in.GatherSeconds != nil {
		gather = seconds(*in.GatherSeconds)
	}
	reading, stop := context.WithTimeout(ctx, wait)
	defer stop()
	defer stopWithWorker(ctx, stop)()
	for e, err := range f.stream.Events(reading, in.Offset) {
		switch {
		case err != nil && reading.Err() != nil && ctx.Err() == nil:
			return nil // the time is up
		case err != nil:
			return f.ended(ctx, err)
		}
		if len(f.result.Events) == 0 {
			time.AfterFunc(gather, stop)
		}
		if !f.take(e) {
			return nil
		}
	}
	return f.ended(ctx, nil)
}

// take adds an event, unless the batch is full.
func (f *follower) take(e *starter.Event[json.RawMessage]) bool {
	r := &f.result
	f.size += len(e.Data) + len(e.Type) + len(e.ID)
	if f.size > followBytes && len(r.Events) > 0 {
		return false
	}
	r.Events = append(r.Events, perdure.Event{Offset: e.Offset, Type: e.Type, ID: e.ID, Data: e.Data, At: e.At})
	r.Next = e.Offset + 1
	return true
}

// ended says how the stream ended. Any other error is worth another try.
func (f *follower) ended(ctx context.Context, err error) error {
	bad, isEnd := errors.AsType[*perdure.StreamError](err)
	switch {
	case isEnd && bad.Status.Done:
		f.result.Status = &bad.Status
	case isEnd: // what is asked for is gone
		return temporal.NewNonRetryableApplicationError(bad.Message, bad.Type, nil)
	case errors.Is(err, starter.ErrNotFound):
		return temporal.NewNonRetryableApplicationError(err.Error(), perdure.ErrorNotFetched, nil)
	case err != nil && !errors.Is(err, starter.ErrTerminated):
		return err
	default:
		s, err := f.stream.Status(ctx)
		if err != nil {
			return err
		}
		f.result.Status = &s
	}
	f.result.Status.Segments = nil
	f.result.Done = true
	return nil
}

// stopWithWorker calls stop when the worker drains: what there is goes to the workflow.
func stopWithWorker(ctx context.Context, stop func()) (end func()) {
	done := make(chan struct{})
	go func() {
		select {
		case <-activity.GetWorkerStopChannel(ctx):
			stop()
		case <-done:
		}
	}()
	return func() { close(done) }
}
