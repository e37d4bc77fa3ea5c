package starter_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// errAbandoned is what Temporal says of an update that was accepted, and whose run was ended
// before it answered.
var errAbandoned = temporal.NewNonRetryableApplicationError(
	"Workflow Update failed because the Workflow completed before the Update completed.", "AcceptedUpdateCompletedWorkflow", nil)

// cut is a record whose workflow is terminated while a reader waits for an event, after
// two more have come.
type cut struct {
	*record
	// accepted: the workflow had heard that the reader waits.
	accepted bool
	// absent: no worker says how many events there are.
	absent bool
	waits  int
}

func (c *cut) UpdateWorkflow(ctx context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	if c.waits++; c.waits > 1 {
		return c.record.UpdateWorkflow(ctx, o)
	}
	for range 2 {
		c.events = append(c.events, perdure.Event{Offset: len(c.events), Data: []byte("7")})
	}
	c.status.Events = len(c.events)
	if c.accepted {
		return &answered{err: errAbandoned}, nil
	}
	return c.record.UpdateWorkflow(ctx, o)
}

func (c *cut) QueryWorkflow(ctx context.Context, id, runID, name string, args ...any) (converter.EncodedValue, error) {
	if name == perdure.QueryStatus && c.absent {
		return nil, serviceerror.NewFailedPrecondition("no worker")
	}
	return c.record.QueryWorkflow(ctx, id, runID, name, args...)
}

func TestAStreamIsTerminatedWhileAReaderWaits(t *testing.T) {
	t.Parallel()
	for _, accepted := range []bool{false, true} {
		for _, absent := range []bool{false, true} {
			t.Run(fmt.Sprintf("accepted %t, absent %t", accepted, absent), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					one, _ := newRecord(t, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, perdure.StreamStatus{State: perdure.StateRunning, Events: 3})
					got, err := offsets(t.Context(), attachedTo(t, &cut{record: one, accepted: accepted, absent: absent}))
					require.ErrorIs(t, err, starter.ErrTerminated)
					require.Equal(t, []int{0, 1, 2, 3, 4}, got, "after every event that came")
				})
			})
		}
	}
}

// terminating ends a collection while somebody waits for a page of it.
type terminating struct {
	*engine
	at int // the page; -1: at the start
}

func (x *terminating) UpdateWithStartWorkflow(ctx context.Context, o client.UpdateWithStartWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	u, err := x.engine.UpdateWithStartWorkflow(ctx, o)
	if x.at < 0 && err == nil {
		l := x.lists[as[*start](x.t, o.StartWorkflowOperation).options.ID]
		l.fetched, l.status = 0, perdure.CollectionStatus{State: perdure.StateStarting}
		return x.end(l)
	}
	return u, err
}

func (x *terminating) UpdateWorkflow(ctx context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	l := x.lists[o.WorkflowID]
	if as[perdure.WaitRequest](x.t, o.Args[0]).Index == x.at && l.closed == 0 {
		return x.end(l)
	}
	return x.engine.UpdateWorkflow(ctx, o)
}

func (x *terminating) end(l *list) (client.WorkflowUpdateHandle, error) {
	l.closed = enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED
	return &answered{err: errAbandoned}, nil
}

func TestACollectionIsTerminatedWhileAReaderWaits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		at   int
		want []int
	}{
		{-1, nil},
		{3, []int{0, 1, 2, 3}}, // which was fetched ahead
	} {
		t.Run(fmt.Sprintf("at page %d", test.at), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(e *engine, _ *starter.Client) {
				e.make = func(string, perdure.CollectionInput) *list { return e.list(6, true) }
				c, err := starter.New(&terminating{engine: e, at: test.at}, starter.Options{Keyset: e.keyset})
				require.NoError(e.t, err)
				indexes, _, err := readAll(e.t, starter.Pages[string](e.t.Context(), c, items(), nil))
				require.ErrorIs(e.t, err, starter.ErrTerminated)
				require.Equal(e.t, test.want, indexes)
			})
		})
	}
}

// abandoning is a Temporal that terminates an operation while its start is awaited. All who
// ask share an update id, and are told the same for ever.
type abandoning struct {
	client.Client
	records *recordService
	updates int
}

func (a *abandoning) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	a.updates++
	if o.UpdateID == "" && a.updates > 1 {
		return nil, serviceerror.NewNotFound("workflow execution already completed")
	}
	return &answered{err: errAbandoned}, nil
}

func (a *abandoning) NewWithStartWorkflowOperation(client.StartWorkflowOptions, any, ...any) client.WithStartWorkflowOperation {
	return nil
}

func (a *abandoning) UpdateWithStartWorkflow(context.Context, client.UpdateWithStartWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	return &answered{err: errAbandoned}, nil
}

func (a *abandoning) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	return a.records.r.e.encoded(perdure.Status{State: perdure.StateStarting}), nil
}

func (a *abandoning) WorkflowService() workflowservice.WorkflowServiceClient { return a.records }

func TestAnOperationIsTerminatedWhileItIsAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, _ := newRecord(t, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, perdure.StreamStatus{})
		c, err := starter.New(&abandoning{records: &recordService{r: one}}, starter.Options{})
		require.NoError(t, err)
		op, err := starter.Start[int](t.Context(), c, perdure.OperationInput{
			Request: &perdure.Request{Service: "jobs", Method: "POST", URL: "/jobs"},
		}, nil)
		require.ErrorIs(t, err, starter.ErrTerminated)
		require.Equal(t, perdure.StateUnknown, op.LastStatus().State)
		s, err := op.AwaitStarted(t.Context())
		require.NoError(t, err)
		require.Equal(t, perdure.StateUnknown, s.State)
		s, err = op.UpdateStatus(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, perdure.StateUnknown, s.State)
	})
}
