package flows

import (
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
)

// Nightly is a schedule that runs an operation each night, for client.ScheduleClient. It
// needs no workflow of one's own: what is scheduled is Perdure's. Each run has an id, and
// with it an idempotency key, of its own; while one is still running, the next is left out.
func (f *Flows) Nightly(id string, in perdure.OperationInput) client.ScheduleOptions {
	queue := f.Perdure
	if queue == "" {
		queue = perdure.DefaultTaskQueue
	}
	return client.ScheduleOptions{
		ID:      id,
		Spec:    client.ScheduleSpec{CronExpressions: []string{"30 2 * * *"}},
		Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		Action: &client.ScheduleWorkflowAction{
			ID: id, Workflow: perdure.WorkflowOperation, Args: []any{in}, TaskQueue: queue,
		},
	}
}
