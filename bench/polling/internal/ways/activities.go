package ways

import (
	"context"
	"net/http"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
)

// Names of workflows and activities.
const (
	TimerLoop     = "timerLoop"
	HeartbeatLoop = "heartbeatLoop"
	Retried       = "retried"
	OneActivity   = "oneActivity"

	activityStart = "start"
	activityAsk   = "ask"
	activityWatch = "watch"
	activityRetry = "askUntilDone"
)

// Activities of the workflows.
type Activities struct{ HTTP *http.Client }

// Start sends the start.
func (a *Activities) Start(ctx context.Context, in Input) (Answer, error) {
	return start(ctx, a.HTTP, in)
}

// Ask asks once.
func (a *Activities) Ask(ctx context.Context, monitor string) (Answer, error) {
	return ask(ctx, a.HTTP, monitor)
}

// Watch asks, heartbeats and sleeps until the operation is done.
func (a *Activities) Watch(ctx context.Context, monitor string, every time.Duration) (Answer, error) {
	for {
		answer, err := ask(ctx, a.HTTP, monitor)
		if err == nil && answer.Done() {
			return answer, nil
		}
		activity.RecordHeartbeat(ctx)
		select {
		case <-ctx.Done():
			return Answer{}, ctx.Err()
		case <-time.After(every):
		}
	}
}

// AskUntilDone asks once, and fails while the operation is not done: the server retries it.
func (a *Activities) AskUntilDone(ctx context.Context, monitor string) (Answer, error) {
	answer, err := ask(ctx, a.HTTP, monitor)
	if err == nil && !answer.Done() {
		err = temporal.NewApplicationErrorWithOptions("not done", "NotDone", temporal.ApplicationErrorOptions{
			Category: temporal.ApplicationErrorCategoryBenign,
		})
	}
	return answer, err
}
