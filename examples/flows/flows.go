package flows

import (
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/workflow"
)

// TaskQueue is the one that the workflows of this package run on, unless another is
// chosen. Perdure's is another.
const TaskQueue = "flows"

// Names of the workflows and of their activity.
const (
	WorkflowCreateStores = "CreateStores"
	WorkflowKeepPages    = "KeepPages"
	WorkflowAnswer       = "Answer"
	WorkflowListen       = "Listen"
	ActivityKeep         = "Keep"
)

// Flows are the workflows.
type Flows struct {
	// Perdure is the task queue of Perdure's workers. Default perdure.DefaultTaskQueue.
	Perdure string
	// Service is its name in their configuration.
	Service string
}

// Registry is what workflows and activities are registered with.
type Registry interface {
	RegisterWorkflowWithOptions(w any, o workflow.RegisterOptions)
	RegisterActivityWithOptions(a any, o activity.RegisterOptions)
}

// Register registers the workflows, and the activity.
func Register(r Registry, f *Flows, k *Keeper) {
	r.RegisterWorkflowWithOptions(f.CreateStores, workflow.RegisterOptions{Name: WorkflowCreateStores})
	r.RegisterWorkflowWithOptions(f.KeepPages, workflow.RegisterOptions{Name: WorkflowKeepPages})
	r.RegisterWorkflowWithOptions(f.Answer, workflow.RegisterOptions{Name: WorkflowAnswer})
	r.RegisterWorkflowWithOptions(f.Listen, workflow.RegisterOptions{Name: WorkflowListen})
	r.RegisterActivityWithOptions(k.Keep, activity.RegisterOptions{Name: ActivityKeep})
}
