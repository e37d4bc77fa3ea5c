package starter_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// runs is a record whose events are in several runs.
type runs struct {
	*record
	asked    []string // the runs that were read
	statuses int
	// absent are the questions for the status that no worker answers.
	absent int
	gone   []string // the runs that are no longer kept
}

func (r *runs) QueryWorkflow(ctx context.Context, id, runID, name string, args ...any) (converter.EncodedValue, error) {
	if name == perdure.QueryStatus {
		r.statuses++
		if r.statuses <= r.absent {
			return nil, serviceerror.NewFailedPrecondition("no worker")
		}
		return r.record.QueryWorkflow(ctx, id, runID, name, args...)
	}
	r.asked = append(r.asked, runID)
	if slices.Contains(r.gone, runID) {
		return nil, serviceerror.NewNotFound("workflow not found")
	}
	from, segments := as[perdure.ReadRequest](r.e.t, args[0]).Offset, r.status.Segments
	at, n := len(segments)-1, len(r.events)
	for i, s := range segments[:at] {
		if s.RunID == runID {
			at, n = i, segments[i+1].FirstOffset
		}
	}
	if from < segments[at].FirstOffset {
		return nil, queryFailed(temporal.NewNonRetryableApplicationError("elsewhere", perdure.ErrorOtherRun, nil))
	}
	n = min(from+2, n)
	return r.e.encoded(perdure.Events{Events: r.events[from:n], Next: n, Done: n == len(r.events)}), nil
}

// attachedTo is the stream of a Temporal.
func attachedTo(t *testing.T, c client.Client) *starter.Stream[int] {
	t.Helper()
	made, err := starter.New(c, starter.Options{})
	require.NoError(t, err)
	s, err := starter.AttachStream[int](t.Context(), made, "s")
	require.NoError(t, err)
	return s
}

// Which run has which event is asked once, not with each read.
func TestEarlierRunsAreFoundOnce(t *testing.T) {
	one, _ := newRecord(t, enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, perdure.StreamStatus{
		State: perdure.StateSucceeded, Done: true, Events: 12,
		Segments: []perdure.StreamSegment{{RunID: "a"}, {RunID: "b", FirstOffset: 5}, {RunID: "c", FirstOffset: 10}},
	})
	r := &runs{record: one}
	got, err := offsets(t.Context(), attachedTo(t, r))
	require.NoError(t, err)
	require.Len(t, got, 12)
	require.Equal(t, []string{"", "a", "a", "a", "b", "b", "b", ""}, r.asked)
	require.Equal(t, 2, r.statuses, "one for the runs, one for the end")
}

// The events of a run that is no longer kept are lost. Where there are some, the error says.
func TestARunThatIsGone(t *testing.T) {
	for _, test := range []struct {
		name string
		gone []string
		read []int // what can be read from the start
		want string
	}{
		{"the first", []string{"a"}, nil, "event 0: the run that held it, a, is no longer kept; events are kept from 5 on"},
		{"all but the current one", []string{"a", "b"}, nil, "event 0: the run that held it, a, is no longer kept; events are kept from 10 on"},
		{"one between", []string{"b"}, []int{0, 1, 2, 3, 4}, "event 5: the run that held it, b, is no longer kept; events are kept from 10 on"},
	} {
		t.Run(test.name, func(t *testing.T) {
			one, _ := newRecord(t, enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, perdure.StreamStatus{
				State: perdure.StateSucceeded, Done: true, Events: 12,
				Segments: []perdure.StreamSegment{{RunID: "a"}, {RunID: "b", FirstOffset: 5}, {RunID: "c", FirstOffset: 10}},
			})
			got, err := offsets(t.Context(), attachedTo(t, &runs{record: one, gone: test.gone}))
			require.Equal(t, test.read, got)
			require.ErrorIs(t, err, starter.ErrNotFound)
			require.ErrorContains(t, err, test.want)
		})
	}
}

// What was recorded last does not say which runs there are: a worker is waited for.
func TestEarlierRunsAreFoundOnceAWorkerIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, _ := newRecord(t, enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, perdure.StreamStatus{
			State: perdure.StateSucceeded, Done: true, Events: 12,
			Segments: []perdure.StreamSegment{{RunID: "a"}, {RunID: "b", FirstOffset: 5}},
		})
		r := &runs{record: one, absent: 3}
		got, err := offsets(t.Context(), attachedTo(t, r))
		require.NoError(t, err)
		require.Len(t, got, 12)
		require.Equal(t, 5, r.statuses)
	})
}

// live is a record that grows by an event with each wait, until it is over.
type live struct {
	*record
	waits int
	// busy are the waits that the engine does not take, early those that are answered
	// before there is anything.
	busy, early int
}

func (r *live) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	r.waits++
	if r.waits > r.early && r.status.Events < 5 {
		r.events = append(r.events, perdure.Event{Offset: r.status.Events, Data: []byte("7")})
		r.status.Events++
		r.status.Done = r.status.Events == 5
	}
	if r.waits <= r.busy {
		return nil, serviceerror.NewResourceExhausted(enumspb.RESOURCE_EXHAUSTED_CAUSE_CONCURRENT_LIMIT, "too many updates")
	}
	if r.waits <= r.early {
		time.Sleep(time.Minute)
	}
	return &answered{value: r.status}, nil
}

// A reader that has what it was told of waits for more, and does not look first.
func TestAReaderThatKeepsUpAsksOnceForEachEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, _ := newRecord(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, perdure.StreamStatus{State: perdure.StateSucceeded})
		r := &live{record: one}
		got, err := offsets(t.Context(), attachedTo(t, r))
		require.NoError(t, err)
		require.Len(t, got, 5)
		require.Equal(t, 5, r.waits)
		require.Equal(t, 1+5, r.reads, "one that finds nothing, and one for each event")
	})
}

// Nobody is let wait for more than a minute: it is asked again, at once.
func TestAWaitWhoseTimeIsUpIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, _ := newRecord(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, perdure.StreamStatus{State: perdure.StateSucceeded})
		r := &live{record: one, early: 100}
		begin := time.Now()
		got, err := offsets(t.Context(), attachedTo(t, r))
		require.NoError(t, err)
		require.Len(t, got, 5)
		require.Equal(t, 105, r.waits)
		require.Equal(t, 100*time.Minute, time.Since(begin))
	})
}

// More wait than the engine takes: a reader looks, and gives what it finds.
func TestAReaderThatMayNotWaitLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, _ := newRecord(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, perdure.StreamStatus{State: perdure.StateSucceeded})
		r := &live{record: one, busy: 100}
		got, err := offsets(t.Context(), attachedTo(t, r))
		require.NoError(t, err)
		require.Len(t, got, 5)
		require.Equal(t, 5, r.waits)
		require.LessOrEqual(t, r.reads, 2*5, "nothing is read twice")
	})
}
