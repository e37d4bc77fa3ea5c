package stream_test

import (
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"
)

// children plays the child workflow: it has started, and ends when the test says so.
type children struct {
	interceptor.WorkerInterceptorBase
	started []string
	end     func(error)
}

// InterceptWorkflow puts it between the workflow and the environment.
func (c *children) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &inbound{interceptor.WorkflowInboundInterceptorBase{Next: next}, c}
}

type inbound struct {
	interceptor.WorkflowInboundInterceptorBase
	children *children
}

// Init takes the outbound half.
func (i *inbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&outbound{interceptor.WorkflowOutboundInterceptorBase{Next: next}, i.children})
}

type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	children *children
}

// ExecuteChildWorkflow notes the child's id.
//
//workflowcheck:ignore the test's own bookkeeping
func (o *outbound) ExecuteChildWorkflow(ctx workflow.Context, _ string, _ ...any) workflow.ChildWorkflowFuture {
	id := workflow.GetChildWorkflowOptions(ctx).WorkflowID
	o.children.started = append(o.children.started, id)
	f := &child{}
	var started, ended workflow.Settable
	f.execution, started = workflow.NewFuture(ctx)
	f.Future, ended = workflow.NewFuture(ctx)
	started.SetValue(workflow.Execution{ID: id})
	o.children.end = ended.SetError
	return f
}

type child struct {
	workflow.Future
	execution workflow.Future
}

// GetChildWorkflowExecution is there at once.
func (c *child) GetChildWorkflowExecution() workflow.Future { return c.execution }

// SignalChildWorkflow is not used.
func (c *child) SignalChildWorkflow(workflow.Context, string, any) workflow.Future { return nil }
