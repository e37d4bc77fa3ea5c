package operation

import (
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// countEnd counts an operation that has ended, once: the SDK's handler skips replays. The
// service is one that a worker has known, never just what the input says.
func (o *operation) countEnd(work workflow.Context, state perdure.State) {
	service := ""
	if o.Tries > 0 || o.Sealed != "" {
		service = o.Status.Service
	}
	workflow.GetMetricsHandler(work).
		WithTags(map[string]string{"service": service, "state": string(state)}).
		Counter("perdure_operations_ended").Inc(1)
}
