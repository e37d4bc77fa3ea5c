package stream_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
)

// A log was terminated, and one with its id was started from its token, before the reader
// of the first noticed.
func TestTheReaderOfAnEarlierLogIsTurnedAway(t *testing.T) {
	p := newPlay(t)
	var stopped []string
	p.env.OnRequestCancelExternalWorkflow(mock.Anything, mock.Anything, mock.Anything).Return(func(_, id, _ string) error {
		stopped = append(stopped, id)
		return nil
	})
	stray := func(first, n int) perdure.Batch {
		b := batch(9, first, n)
		b.FirstRunID = "earlier"
		return b
	}
	p.at(1*time.Second, stray(9, 1)).
		at(2*time.Second, batch(1, 7, 1)).
		at(3*time.Second, ending(stray(10, 1), perdure.ErrorStreamBroken)).
		at(4*time.Second, ending(batch(1, 8, 1), "")).
		run(perdure.StreamInput{Token: "perdure1_x"})
	require.NoError(t, p.env.GetWorkflowError())
	got, err := p.read(perdure.ReadRequest{Offset: 7})
	require.NoError(t, err)
	require.Len(t, got.Events, 2, "nothing before the stray's first event is lost")
	require.Len(t, stopped, 1, "it is told once")
	require.True(t, strings.HasSuffix(stopped[0], "/reader/earlier"), stopped[0])
}

// What a reader says for its activity, which somebody has failed in Temporal, is for its own
// log, and not for one that has the id after it.
func TestAReaderTellsItsOwnLog(t *testing.T) {
	p := newPlay(t)
	p.env.RegisterActivityWithOptions(func(context.Context, perdure.ReaderInput) error {
		return temporal.NewNonRetryableApplicationError("by hand", "ByHand", nil)
	}, activity.RegisterOptions{Name: perdure.ActivityReadStream})
	var told []any
	p.env.OnSignalExternalWorkflow(mock.Anything, "log", "", perdure.SignalRecord, mock.Anything).Return(func(_, _, _, _ string, b any) error {
		told = append(told, b)
		return nil
	})
	p.env.ExecuteWorkflow(perdure.WorkflowStreamReader, perdure.ReaderInput{Log: "log", Input: input(), FirstRunID: "first"})
	require.NoError(t, p.env.GetWorkflowError())
	require.Len(t, told, 1)
	b, ok := told[0].(perdure.Batch)
	require.True(t, ok, "%T", told[0])
	require.Equal(t, "first", b.FirstRunID)
	require.Equal(t, &perdure.ServiceError{Code: "ActivityFailed", Message: "by hand"}, b.End.Error)
}

// Somebody canceled the reader: it ends, and says nothing.
func TestAReaderThatEndsWithoutAWordIsNoticed(t *testing.T) {
	p := newPlay(t)
	var begin time.Time
	p.at(time.Second, batch(1, 0, 2)).
		do(2*time.Second, func() {
			begin = p.env.Now()
			p.children.end(nil)
		}).
		run()
	requireFailure(t, p.env.GetWorkflowError(), perdure.ErrorStreamBroken)
	require.Less(t, p.env.Now().Sub(begin), time.Minute)
	require.Equal(t, []string{"0", "1"}, p.data())
}

// A workflow id may have 1000 bytes, and the reader's is longer than its log's.
func TestTheReadersIDFits(t *testing.T) {
	p := newPlay(t)
	p.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: strings.Repeat("é", 500), TaskQueue: "q"})
	p.at(time.Second, ending(batch(1, 0, 1), "")).run()
	require.NoError(t, p.env.GetWorkflowError())
	require.LessOrEqual(t, len(p.children.started[0]), 960)
	require.Contains(t, p.children.started[0], "é/reader/")
}
