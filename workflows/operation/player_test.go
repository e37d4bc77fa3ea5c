package operation_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
)

// player plays a stage's activities in place of the environment.
type player struct {
	interceptor.WorkerInterceptorBase
	stage *stage
}

// InterceptWorkflow puts the player between the workflow and the environment.
func (p *player) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &inbound{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, stage: p.stage}
}

type inbound struct {
	interceptor.WorkflowInboundInterceptorBase
	stage *stage
}

// Init takes the outbound half.
func (i *inbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&outbound{WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: next}, stage: i.stage})
}

type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	stage *stage
}

// GetInfo tells of the run that was reset.
func (o *outbound) GetInfo(ctx workflow.Context) *workflow.Info {
	info := *o.Next.GetInfo(ctx)
	info.OriginalRunID = cmp.Or(o.stage.resetFrom, info.WorkflowExecution.RunID)
	return &info
}

// ExecuteWorkflow begins to count the time.
func (i *inbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	for _, begin := range i.stage.onBegin {
		begin()
	}
	return i.Next.ExecuteWorkflow(ctx, in)
}

// ExecuteActivity plays the next act. With WaitForCancellation the activity ends when
// its act does; without, as soon as it is told to stop.
//
//workflowcheck:ignore the test's own bookkeeping
func (o *outbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	s := o.stage
	future, settable := workflow.NewFuture(ctx)
	if ctx.Err() != nil { // as the SDK does: it is not even scheduled
		settable.SetError(ctx.Err())
		return future
	}
	c := call{name: name, at: s.elapsed(), options: workflow.GetActivityOptions(ctx)}
	input, err := json.Marshal(args[0])
	var play func(workflow.Context) (any, error)
	if err == nil {
		play, err = s.take(name, input, &c)
	}
	n := len(s.calls)
	s.calls = append(s.calls, c)
	if err != nil {
		panic(fmt.Sprintf("%s at %v: %v: %s", name, c.at, err, input)) // ends the workflow
	}
	settle := func(answer any, err error) {
		if future.IsReady() {
			return
		}
		s.calls[n].stopped = ctx.Err() != nil
		settable.Set(encoded(answer, err))
	}
	workflow.Go(ctx, func(ctx workflow.Context) { settle(play(ctx)) })
	if !c.options.WaitForCancellation && !s.stubborn {
		workflow.Go(ctx, func(ctx workflow.Context) {
			if ctx.Done().Receive(ctx, nil); ctx.Err() != nil {
				settle(nil, ctx.Err())
			}
		})
	}
	return future
}

// ExecuteLocalActivity has the stage say what is known of the start activity.
func (o *outbound) ExecuteLocalActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	future, settable := workflow.NewFuture(ctx)
	look, ok := args[0].(perdure.StartLook)
	if name != perdure.ActivityLookAtStart || !ok {
		panic(fmt.Sprintf("%s%v: no such local activity", name, args))
	}
	settable.Set(encoded(o.stage.look(look)))
	return future
}

// UpsertTypedSearchAttributes keeps count.
//
//workflowcheck:ignore the test's own bookkeeping
func (o *outbound) UpsertTypedSearchAttributes(ctx workflow.Context, updates ...temporal.SearchAttributeUpdate) error {
	set := map[string]any{}
	attributes := temporal.NewSearchAttributes(updates...)
	for key, value := range attributes.GetUntypedValues() {
		set[key.GetName()] = value
	}
	o.stage.attributes = append(o.stage.attributes, set)
	return o.Next.UpsertTypedSearchAttributes(ctx, updates...)
}

// UpsertMemo keeps count.
func (o *outbound) UpsertMemo(ctx workflow.Context, memo map[string]any) error {
	o.stage.memos++
	if status, ok := memo[perdure.MemoStatus].(perdure.Status); ok && len(memo) == 1 {
		o.stage.memo = append(o.stage.memo, status)
	}
	return o.Next.UpsertMemo(ctx, memo)
}

func encoded(answer any, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(answer)
	return payloads, err
}

// now answers at once.
func now[T any](answer any) act[T] {
	return func(workflow.Context, T) (any, error) { return answer, nil }
}

// after answers after d, or, when told to stop, that nothing was asked and how long
// there is still to wait.
func after[T any](d time.Duration, answer any) act[T] {
	return orElse[T](d, answer, nil)
}

// orElse answers after d, or with other when told to stop.
func orElse[T any](d time.Duration, answer, other any) act[T] {
	return func(ctx workflow.Context, _ T) (any, error) {
		due := workflow.Now(ctx).Add(d)
		if workflow.Sleep(ctx, d) == nil {
			return answer, nil
		}
		if other == nil {
			other = perdure.Answer{WaitSeconds: due.Sub(workflow.Now(ctx)).Seconds()}
		}
		return other, nil
	}
}

// never answers only when told to stop: that the service was never asked.
func never[T any]() act[T] { return after[T](24*time.Hour, perdure.Answer{}) }

// lost is canceled before any worker ran it.
func lost[T any]() act[T] {
	return func(ctx workflow.Context, _ T) (any, error) {
		ctx.Done().Receive(ctx, nil)
		return nil, ctx.Err()
	}
}

// fails after d with an error of the activity itself.
func fails[T any](d time.Duration, format string, args ...any) act[T] {
	return func(ctx workflow.Context, _ T) (any, error) {
		if err := workflow.Sleep(ctx, d); err != nil {
			return nil, err
		}
		return nil, temporal.NewApplicationError(fmt.Sprintf(format, args...), "Test")
	}
}
