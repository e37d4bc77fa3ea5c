package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
)

func TestLookAtStart(t *testing.T) {
	said := func(hb any) *commonpb.Payloads {
		p, err := converter.GetDefaultDataConverter().ToPayloads(hb)
		require.NoError(t, err)
		return p
	}
	pending := func(name string, state enumspb.PendingActivityState, heartbeat *commonpb.Payloads) []*workflowpb.PendingActivityInfo {
		return []*workflowpb.PendingActivityInfo{{ActivityType: &commonpb.ActivityType{Name: name}, State: state, HeartbeatDetails: heartbeat}}
	}
	const scheduled, started = enumspb.PENDING_ACTIVITY_STATE_SCHEDULED, enumspb.PENDING_ACTIVITY_STATE_STARTED
	for _, test := range []struct {
		name    string
		runID   string
		pending []*workflowpb.PendingActivityInfo
		unsent  bool
	}{
		{"no worker has had it", "", pending(perdure.ActivityStart, scheduled, nil), true},
		{"a worker has it", "", pending(perdure.ActivityStart, started, nil), false},
		{"it is told to stop", "", pending(perdure.ActivityStart, enumspb.PENDING_ACTIVITY_STATE_CANCEL_REQUESTED, nil), false},
		{"a worker died before it sent", "", pending(perdure.ActivityStart, scheduled, said(perdure.Heartbeat{Phase: perdure.PhaseUnsent})), true},
		{"a worker died when it sent", "", pending(perdure.ActivityStart, scheduled, said(perdure.Heartbeat{Phase: perdure.PhaseSending, FirstSentAt: time.Now()})), false},
		{"what a worker said cannot be read", "", pending(perdure.ActivityStart, scheduled, said("?")), false},
		{"another activity waits", "", pending(perdure.ActivityPoll, scheduled, nil), false},
		{"it has ended meanwhile", "", nil, false},
		{"the run was reset", "the run before", pending(perdure.ActivityStart, scheduled, nil), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, perduretest.NewService(t))
			seen, err := d.lookAtStart(perdure.StartLook{RunID: test.runID}, test.pending, nil)
			require.NoError(t, err)
			require.Equal(t, test.unsent, seen.Unsent)
		})
	}
	t.Run("the server does not answer", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t))
		_, err := d.lookAtStart(perdure.StartLook{}, nil, errors.New("gone"))
		require.ErrorContains(t, err, "gone")
	})
}

func (d *desk) lookAtStart(look perdure.StartLook, pending []*workflowpb.PendingActivityInfo, problem error) (perdure.StartSeen, error) {
	d.options.Describe = func(_ context.Context, workflowID, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
		require.NotEmpty(d.t, workflowID)
		return &workflowservice.DescribeWorkflowExecutionResponse{PendingActivities: pending}, problem
	}
	a := d.activities("")
	d.env.RegisterActivity(a.LookAtStart)
	var seen perdure.StartSeen
	value, err := d.env.ExecuteLocalActivity(a.LookAtStart, look)
	if err != nil {
		return seen, err
	}
	return seen, value.Get(&seen)
}
