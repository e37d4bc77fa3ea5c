package operation

import (
	"cmp"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/workflows/internal/failure"
)

// The names of activities and timers in the history, which is read in Temporal's web UI.
// They are no part of what is replayed.

const maxNameBytes = 120

func (o *operation) startName() string {
	name := "send the start: "
	switch {
	case o.Resolve != nil && o.Resolve.Adopt != nil || o.input.Adopt != nil:
		name = "take over: "
	case o.input.Token != "":
		name = "take up: "
	case o.Tries > 0:
		name = "send the start again: "
	}
	return failure.Cut(name+o.Summary, maxNameBytes)
}

func (o *operation) watchName(work workflow.Context) string {
	name := "watch " + cmp.Or(withoutSecrets(o.Status.RemoteID), "the operation")
	if wait := o.NextAt.Sub(workflow.Now(work)).Round(time.Second); wait > 0 {
		name += ", first question in " + wait.String()
	}
	return failure.Cut(name, maxNameBytes)
}

func (o *operation) waitName() string {
	if o.state() == perdure.StateStarting {
		return "until the start is sent again"
	}
	return "until the next question"
}

// pause is workflow.Sleep by a timer that has a name.
func pause(ctx workflow.Context, d time.Duration, name string) error {
	return workflow.NewTimerWithOptions(ctx, d, workflow.TimerOptions{Summary: name}).Get(ctx, nil)
}
