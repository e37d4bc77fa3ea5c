package child

import (
	"cmp"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// settings are what the children have in common.
type settings struct {
	taskQueue, id, summary string
	abandon                bool
}

// bind gives the context of a child. An abandoned one does not hear of the parent's end,
// nor of its cancellation.
func (s settings) bind(ctx workflow.Context) workflow.Context {
	policy := enumspb.PARENT_CLOSE_POLICY_REQUEST_CANCEL
	if s.abandon {
		policy = enumspb.PARENT_CLOSE_POLICY_ABANDON
		ctx, _ = workflow.NewDisconnectedContext(ctx)
	}
	return workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		TaskQueue:             cmp.Or(s.taskQueue, perdure.DefaultTaskQueue),
		WorkflowID:            s.id,
		StaticSummary:         s.summary,
		ParentClosePolicy:     policy,
		WaitForCancellation:   true,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
	})
}
