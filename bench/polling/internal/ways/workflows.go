package ways

import (
	"encoding/json"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// registry is a worker, or an environment of tests.
type registry interface {
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
	RegisterActivityWithOptions(a any, options activity.RegisterOptions)
}

// Register registers all workflows and activities.
func Register(r registry, a *Activities) {
	for name, f := range map[string]any{
		TimerLoop: timerLoop, HeartbeatLoop: heartbeatLoop, Retried: retried, OneActivity: oneActivity,
	} {
		r.RegisterWorkflowWithOptions(f, workflow.RegisterOptions{Name: name})
	}
	for name, f := range map[string]any{
		activityStart: a.Start, activityAsk: a.Ask, activityWatch: a.Watch, activityRetry: a.AskUntilDone,
	} {
		r.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
}

// timerLoop asks by an activity, and sleeps by a timer.
func timerLoop(ctx workflow.Context, in Input) (json.RawMessage, error) {
	started, err := started(ctx, in)
	if err != nil {
		return nil, err
	}
	asking := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	for {
		var a Answer
		if err := workflow.ExecuteActivity(asking, activityAsk, started.Monitor).Get(ctx, &a); err != nil {
			return nil, err
		}
		if a.Done() {
			return a.Value, nil
		}
		if err := workflow.Sleep(ctx, in.Every); err != nil {
			return nil, err
		}
	}
}

// heartbeatLoop leaves it all to one activity.
func heartbeatLoop(ctx workflow.Context, in Input) (json.RawMessage, error) {
	started, err := started(ctx, in)
	if err != nil {
		return nil, err
	}
	watching := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 24 * time.Hour, HeartbeatTimeout: 30 * time.Second,
	})
	var a Answer
	err = workflow.ExecuteActivity(watching, activityWatch, started.Monitor, in.Every).Get(ctx, &a)
	return a.Value, err
}

// retried has the server retry one activity until the operation is done.
func retried(ctx workflow.Context, in Input) (json.RawMessage, error) {
	started, err := started(ctx, in)
	if err != nil {
		return nil, err
	}
	asking := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{BackoffCoefficient: 1, InitialInterval: in.Every},
	})
	var a Answer
	err = workflow.ExecuteActivity(asking, activityRetry, started.Monitor).Get(ctx, &a)
	return a.Value, err
}

// oneActivity is a start and nothing more.
func oneActivity(ctx workflow.Context, in Input) (json.RawMessage, error) {
	a, err := started(ctx, in)
	return a.Value, err
}

func started(ctx workflow.Context, in Input) (a Answer, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	err = workflow.ExecuteActivity(ctx, activityStart, in).Get(ctx, &a)
	return a, err
}
