package activities

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/transport"
)

// Cancel asks the service to stop the operation, until it has answered or no further
// request fits into the grace.
func (a *Activities) Cancel(ctx context.Context, task perdure.CancelTask) (*perdure.CancelAnswer, error) {
	o, err := a.open(task.State)
	if err != nil {
		return nil, err
	}
	request, supported, err := o.bound.Cancel(o.state.State)
	if err != nil || !supported { // a state that names nothing to cancel cannot be canceled
		return &perdure.CancelAnswer{}, nil
	}
	stop := beat(ctx, func() any { return perdure.Heartbeat{Phase: perdure.PhaseWatching} })
	defer stop()
	before, until := o.state.Cookies, graceEnd(ctx, task)
	for tries := 1; ; tries++ {
		resp, err := o.send(ctx, request, nil)
		answer, wait, err := o.readCancel(resp, err, tries)
		switch {
		case err != nil:
			return nil, err
		case wait == 0 || !until.IsZero() && time.Now().Add(wait).After(until):
			return o.withSealed(ctx, answer, before), nil
		case !sleep(ctx, wait):
			return nil, cmp.Or(ctx.Err(), errStopped) // another worker asks, or the next run
		}
	}
}

// errStopped is the end of an activity that was told to stop before it had a verdict.
var errStopped = errors.New("activities: stopped before the service had answered")

// graceEnd is when the task's grace is over, by this process's clock. How much of it earlier
// attempts have used is measured by Temporal's. Zero: only the workflow says when.
func graceEnd(ctx context.Context, task perdure.CancelTask) time.Time {
	if task.GraceSeconds == 0 {
		return time.Time{}
	}
	info := activity.GetInfo(ctx)
	return time.Now().Add(seconds(task.GraceSeconds) - info.StartedTime.Sub(info.ScheduledTime))
}

// readCancel reads what came of a request to stop. With a wait it is no verdict: the
// service is asked again after that. Its error ends nothing: the activity is retried.
func (o *operation) readCancel(resp *transport.Response, err error, tries int) (*perdure.CancelAnswer, time.Duration, error) {
	answer := &perdure.CancelAnswer{Supported: true}
	if err != nil {
		if words, _, ok := unanswered(err); ok {
			answer.Error = words
			return answer, o.pace().afterFailure(tries, 0), nil
		}
		end, words := endOf(err)
		if end == "" {
			return nil, 0, err
		}
		answer.Error = words
		return answer, 0, nil
	}
	e := exchange(resp)
	if e.Success() {
		answer.Accepted = new(true)
		return answer, 0, nil
	}
	answer.Error = protocol.ErrorOf(e)
	asked := protocol.RetryAfter(e.Header, e.At)
	switch {
	case transient(e.Status):
		return answer, o.pace().afterFailure(tries, asked), nil
	case o.notThereYet(e):
		return answer, o.pace().afterNotFound(asked), nil
	}
	answer.Accepted = new(false)
	return answer, 0, nil
}

// deleted reports whether an answer says that what was asked for is gone, where the
// request to stop is to delete just that (RFC 9110, section 9.3.5).
func (o *operation) deleted(answer protocol.Exchange) bool {
	if answer.Status != http.StatusNotFound && answer.Status != http.StatusGone {
		return false
	}
	question, err := o.bound.Next(o.state.State)
	if err != nil {
		return false
	}
	stop, supported, err := o.bound.Cancel(o.state.State)
	return err == nil && supported && stop.Method == http.MethodDelete && stop.URL == question.URL
}
