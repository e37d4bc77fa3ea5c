package flows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/child"
)

// ListenInput is the input of Listen, and what it hands to its next run.
type ListenInput struct {
	Input perdure.StreamInput `json:"input"`
	// Stream is the workflow id of the stream, once it is started.
	Stream string `json:"stream,omitempty"`
	// Next is the offset of the next event, Heard what came before.
	Next  int    `json:"next,omitempty"`
	Heard string `json:"heard,omitempty"`
}

// QueryHeard of Listen is answered with what has been heard so far.
const QueryHeard = "heard"

// Listen reads a stream of text to its end, in as many runs as it takes. The stream is
// abandoned, so that it lives on from run to run; when Listen is canceled it breaks the
// stream off itself.
func (f *Flows) Listen(ctx workflow.Context, in ListenInput) (string, error) {
	if err := workflow.SetQueryHandler(ctx, QueryHeard, func() (string, error) { return in.Heard, nil }); err != nil {
		return "", err
	}
	options := &child.StreamOptions{TaskQueue: f.Perdure, Abandon: true, Gather: 200 * time.Millisecond}
	if in.Stream == "" {
		stream, err := child.StartStream[string](ctx, in.Input, options)
		if err != nil {
			return "", err
		}
		in.Stream = stream.ID()
	}
	stream := child.AttachStream[string](in.Stream, options)
	for event, err := range stream.Events(ctx, in.Next) {
		if err != nil {
			after, _ := workflow.NewDisconnectedContext(ctx)
			_ = stream.Cancel(after, "nobody listens") // after its end this does nothing
			return in.Heard, err
		}
		in.Heard += event.Data
		in.Next = event.Offset + 1
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return in.Heard, workflow.NewContinueAsNewError(ctx, WorkflowListen, in)
		}
	}
	return in.Heard, nil
}
