package failure

import (
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// Recorded refuses a request whose body is in the history, and not in a store, and would
// not fit into an activity's input as well: the workflow task would fail for ever.
func Recorded(ctx workflow.Context, r *perdure.Request) error {
	if workflow.GetInfo(ctx).GetCurrentHistorySize() < perdure.MaxRecordedBytes {
		return nil
	}
	return r.CheckRecorded()
}
