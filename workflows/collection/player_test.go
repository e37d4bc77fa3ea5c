package collection_test

import (
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

// ExecuteWorkflow begins to count the time.
func (i *inbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	for _, begin := range i.stage.onBegin {
		begin()
	}
	return i.Next.ExecuteWorkflow(ctx, in)
}

type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	stage *stage
}

// ExecuteActivity plays the next act, which ends as soon as it is told to stop.
//
//workflowcheck:ignore the test's own bookkeeping
func (o *outbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	s := o.stage
	future, settable := workflow.NewFuture(ctx)
	c := call{at: s.elapsed(), options: workflow.GetActivityOptions(ctx)}
	input, err := json.Marshal(args[0])
	if err == nil {
		err = json.Unmarshal(input, &c.task)
	}
	if err != nil || name != perdure.ActivityFetchPage || len(s.fetches) == 0 {
		panic(fmt.Sprintf("%s at %v: one more than the test has acts for: %v: %s", name, c.at, err, input)) // ends the workflow
	}
	play := s.fetches[0]
	s.fetches = s.fetches[1:]
	n := len(s.calls)
	s.calls = append(s.calls, c)
	settle := func(answer any, err error) {
		if future.IsReady() {
			return
		}
		s.calls[n].stopped = ctx.Err() != nil
		settable.Set(encoded(answer, err))
	}
	workflow.Go(ctx, func(ctx workflow.Context) { settle(play(ctx, c.task)) })
	workflow.Go(ctx, func(ctx workflow.Context) {
		if ctx.Done().Receive(ctx, nil); ctx.Err() != nil {
			settle(nil, ctx.Err())
		}
	})
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
	if status, ok := memo[perdure.MemoStatus].(perdure.CollectionStatus); ok && len(memo) == 1 {
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
func now(answer perdure.PageAnswer) act { return after(0, answer) }

// after answers after d.
func after(d time.Duration, answer perdure.PageAnswer) act {
	return func(ctx workflow.Context, _ perdure.PageTask) (any, error) {
		if d > 0 {
			if err := workflow.Sleep(ctx, d); err != nil {
				return nil, err
			}
		}
		return answer, nil
	}
}

// never answers.
func never() act { return after(10_000*time.Hour, perdure.PageAnswer{}) }

// fails with an error of the activity itself.
func fails(message string) act {
	return func(workflow.Context, perdure.PageTask) (any, error) {
		return nil, temporal.NewNonRetryableApplicationError(message, "Test", nil)
	}
}
