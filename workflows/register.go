package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/collection"
	"github.com/perdure-dev/perdure/workflows/operation"
	"github.com/perdure-dev/perdure/workflows/rehydrate"
	"github.com/perdure-dev/perdure/workflows/stream"
)

// Registry is what workflows are registered with: a worker, a replayer or a test
// environment.
type Registry interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
}

// Register registers every workflow under its name in the contract.
func Register(r Registry) {
	r.RegisterWorkflowWithOptions(operation.Operation, workflow.RegisterOptions{Name: perdure.WorkflowOperation})
	r.RegisterWorkflowWithOptions(collection.Collection, workflow.RegisterOptions{Name: perdure.WorkflowCollection})
	r.RegisterWorkflowWithOptions(collection.Page, workflow.RegisterOptions{Name: perdure.WorkflowPage})
	r.RegisterWorkflowWithOptions(stream.Stream, workflow.RegisterOptions{Name: perdure.WorkflowStream})
	r.RegisterWorkflowWithOptions(stream.Reader, workflow.RegisterOptions{Name: perdure.WorkflowStreamReader})
	r.RegisterWorkflowWithOptions(rehydrate.Rehydrate, workflow.RegisterOptions{Name: perdure.WorkflowRehydrate})
}
