package child_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/child"
)

var chat = perdure.StreamInput{
	Request:  &perdure.Request{Service: "jobs", Method: "POST", URL: "/chat"},
	Protocol: &perdure.ProtocolChoice{Name: "openai"},
}

// records plays a stream until it is canceled.
func records(ctx workflow.Context, _ perdure.StreamInput) (*perdure.StreamResult, error) {
	_ = workflow.Sleep(ctx, time.Hour)
	return nil, ctx.Err()
}

// batches plays a stream of so many events, two a batch, which ends as the status says.
func batches(t *testing.T, n int, end perdure.StreamStatus) func(perdure.FollowInput) (perdure.Followed, error) {
	t.Helper()
	return func(in perdure.FollowInput) (perdure.Followed, error) {
		require.NoError(t, in.Check())
		out := perdure.Followed{Next: min(n, in.Offset+2)}
		for at := in.Offset; at < out.Next; at++ {
			out.Events = append(out.Events, perdure.Event{Offset: at, Type: "message", Data: json.RawMessage(fmt.Sprintf(`"%d"`, at))})
		}
		if out.Next == n {
			out.Done, out.Status = true, &end
		}
		return out, nil
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		end  perdure.StreamStatus
		want string // type of the error
	}{
		{"to the end", perdure.StreamStatus{State: perdure.StateSucceeded, Done: true}, ""},
		{"broken", perdure.StreamStatus{State: perdure.StateFailed, Done: true, ErrorType: perdure.ErrorStreamBroken}, perdure.ErrorStreamBroken},
		{"canceled", perdure.StreamStatus{State: perdure.StateCanceled, Done: true}, perdure.ErrorCanceled},
		{"terminated", perdure.StreamStatus{State: perdure.StateUnknown, Done: true}, perdure.ErrorStreamBroken},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.plays(perdure.WorkflowStream, records)
			s.follows(batches(t, 5, test.end))
			require.NoError(t, s.run(func(ctx workflow.Context) error {
				var got []string
				var last error
				for e, err := range child.Events[string](ctx, chat, &child.StreamOptions{ID: "chat"}) {
					if last = err; err == nil {
						got = append(got, e.Data)
					}
				}
				require.Equal(t, []string{"0", "1", "2", "3", "4"}, got)
				if test.want == "" {
					require.NoError(t, last)
					return nil
				}
				require.ErrorIs(t, last, &perdure.StreamError{Type: test.want, Status: perdure.StreamStatus{}})
				require.False(t, temporal.IsCanceledError(last))
				return nil
			}))
		})
	}
}

// A stream that is abandoned is read on by its id.
func TestAttachedStreamIsReadFromAnOffset(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.follows(batches(t, 4, perdure.StreamStatus{State: perdure.StateSucceeded, Done: true}))
	require.NoError(t, s.run(func(ctx workflow.Context) error {
		stream := child.AttachStream[string]("chat", nil)
		require.Equal(t, "chat", stream.ID())
		offset := 3
		for e, err := range stream.Events(ctx, 3) {
			require.NoError(t, err)
			require.Equal(t, offset, e.Offset)
			offset++
		}
		require.Equal(t, 4, offset)
		return nil
	}))
}

func TestStreamThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.follows(func(perdure.FollowInput) (perdure.Followed, error) {
		return perdure.Followed{}, temporal.NewNonRetryableApplicationError("stream: no stream has this workflow id", perdure.ErrorInvalidInput, nil)
	})
	require.NoError(t, s.run(func(ctx workflow.Context) error {
		for _, err := range child.AttachStream[string]("none", nil).Events(ctx, 0) {
			require.ErrorIs(t, err, &perdure.StreamError{Type: perdure.ErrorInvalidInput})
		}
		return nil
	}))
}
