package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// play runs an activity as the worker does whose clock this bubble's is, again after the
// wait that an attempt asks for, and has the workflow's time pass meanwhile.
func (r *lifeRun) play(ctx workflow.Context, name string, task any) (json.RawMessage, error) {
	for attempt := int32(1); ; attempt++ {
		now := workflow.Now(ctx)
		for _, m := range r.due(now) {
			m.do(r)
		}
		time.Sleep(time.Until(now.Add(r.skew)))
		began := time.Now()
		answer, err := r.attempt(name, task, attempt)
		took := time.Since(began)
		if wait := askedWait(err); wait > 0 {
			if err := workflow.Sleep(ctx, took+wait); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		r.note(task, answer)
		return answer, workflow.Sleep(ctx, took)
	}
}

// askedWait is the wait before the next attempt; 0: there is none.
func askedWait(err error) time.Duration {
	if failed, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return failed.NextRetryDelay()
	}
	return 0
}

func (r *lifeRun) attempt(name string, task any, number int32) (answer json.RawMessage, err error) {
	env := attemptEnvironment(number)
	env.RegisterActivityWithOptions(r.work.Start, activity.RegisterOptions{Name: perdure.ActivityStart})
	env.RegisterActivityWithOptions(r.work.Poll, activity.RegisterOptions{Name: perdure.ActivityPoll})
	env.RegisterActivityWithOptions(r.work.FetchPage, activity.RegisterOptions{Name: perdure.ActivityFetchPage})
	value, err := env.ExecuteActivity(name, task)
	if err == nil {
		err = value.Get(&answer)
	}
	return answer, err
}

// attemptEnvironment is of one attempt of an activity, which is told its number.
func attemptEnvironment(number int32) *testsuite.TestActivityEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	env.SetTestTimeout(100 * year)
	env.SetWorkerOptions(sdkworker.Options{Interceptors: []interceptor.WorkerInterceptor{&numbered{number: number}}})
	return env
}

// lifePlayer has the run play its activities.
type lifePlayer struct {
	interceptor.WorkerInterceptorBase
	run *lifeRun
}

// InterceptWorkflow puts it between the workflow and the environment.
func (p *lifePlayer) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &lifeInbound{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, run: p.run}
}

type lifeInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	run *lifeRun
}

// Init takes the outbound half.
func (i *lifeInbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&lifeOutbound{WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: next}, run: i.run})
}

// ExecuteWorkflow runs what is beside it in a coroutine.
func (i *lifeInbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	if i.run.life.beside != nil {
		workflow.Go(ctx, func(ctx workflow.Context) { i.run.life.beside(ctx, i.run) })
	}
	return i.Next.ExecuteWorkflow(ctx, in)
}

type lifeOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	run *lifeRun
}

// GetInfo tells the runs of a life apart.
func (o *lifeOutbound) GetInfo(ctx workflow.Context) *workflow.Info {
	info := *o.Next.GetInfo(ctx)
	info.WorkflowExecution.RunID, info.FirstRunID = o.run.id, o.run.life.runs[0].id
	return &info
}

// ExecuteActivity plays it in a coroutine.
func (o *lifeOutbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	future, settable := workflow.NewFuture(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		answer, err := o.run.play(ctx, name, args[0])
		if err != nil {
			settable.SetError(err)
			return
		}
		settable.Set(converter.GetDefaultDataConverter().ToPayloads(answer))
	})
	return future
}

// ExecuteChildWorkflow has the life play it: it has started, and outlives the run.
func (o *lifeOutbound) ExecuteChildWorkflow(ctx workflow.Context, _ string, args ...any) workflow.ChildWorkflowFuture {
	o.run.life.child(args[0])
	started, settable := workflow.NewFuture(ctx)
	settable.SetValue(workflow.Execution{ID: workflow.GetChildWorkflowOptions(ctx).WorkflowID})
	ended, _ := workflow.NewFuture(ctx)
	return lifeChild{ended, started}
}

type lifeChild struct {
	workflow.Future
	started workflow.Future
}

// GetChildWorkflowExecution is there at once.
func (c lifeChild) GetChildWorkflowExecution() workflow.Future { return c.started }

// SignalChildWorkflow is not used.
func (c lifeChild) SignalChildWorkflow(workflow.Context, string, any) workflow.Future { return nil }

// numbered tells an activity which attempt it is: the environment has no second.
type numbered struct {
	interceptor.WorkerInterceptorBase
	number int32
}

// InterceptActivity puts it between the activity and the environment.
func (n *numbered) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &numberedInbound{interceptor.ActivityInboundInterceptorBase{Next: next}, n.number}
}

type numberedInbound struct {
	interceptor.ActivityInboundInterceptorBase
	number int32
}

// Init takes the outbound half.
func (i *numberedInbound) Init(next interceptor.ActivityOutboundInterceptor) error {
	return i.Next.Init(&numberedOutbound{interceptor.ActivityOutboundInterceptorBase{Next: next}, i.number})
}

type numberedOutbound struct {
	interceptor.ActivityOutboundInterceptorBase
	number int32
}

// GetInfo has the number.
func (o *numberedOutbound) GetInfo(ctx context.Context) activity.Info {
	info := o.Next.GetInfo(ctx)
	info.Attempt = o.number
	return info
}
