package activities

import (
	"context"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/activity"

	"github.com/perdure-dev/perdure"
)

// LookAtStart asks Temporal whether the start activity of the workflow that it runs in is
// waiting for a worker, and has never recorded that it was about to send. When it is canceled
// in that state, nothing else shows that it was.
func (a *Activities) LookAtStart(ctx context.Context, look perdure.StartLook) (perdure.StartSeen, error) {
	run := activity.GetInfo(ctx).WorkflowExecution
	if look.RunID != "" && look.RunID != run.RunID { // it was reset, and the run before may have sent
		return perdure.StartSeen{}, nil
	}
	d, err := a.Describe(ctx, run.ID, run.RunID)
	if err != nil {
		return perdure.StartSeen{}, fmt.Errorf("look at the start activity: %w", err)
	}
	for _, pending := range d.GetPendingActivities() {
		if pending.GetActivityType().GetName() == perdure.ActivityStart {
			return perdure.StartSeen{Unsent: a.neverSent(pending)}, nil
		}
	}
	return perdure.StartSeen{}, nil
}

// neverSent: no worker has it, and the attempts before, if any, have recorded that they had
// not sent. A heartbeat that cannot be read proves nothing.
func (a *Activities) neverSent(start *workflowpb.PendingActivityInfo) bool {
	if start.GetState() != enumspb.PENDING_ACTIVITY_STATE_SCHEDULED {
		return false
	}
	if len(start.GetHeartbeatDetails().GetPayloads()) == 0 {
		return true
	}
	var hb perdure.Heartbeat
	return a.DataConverter.FromPayloads(start.GetHeartbeatDetails(), &hb) == nil && hb.Phase != perdure.PhaseSending && hb.FirstSentAt.IsZero()
}
