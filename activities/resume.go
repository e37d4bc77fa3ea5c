package activities

import (
	"context"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// resume takes up the operation that a continuation token names. The first question
// is asked by the poll that follows.
func (a *Activities) resume(ctx context.Context, task perdure.StartTask) (*perdure.Answer, error) {
	in := task.Input
	o, err := a.openToken(in)
	if err != nil {
		a.metrics.tokenRefused(err)
		v, err := a.refuse(err)
		if v != nil {
			v.State = "" // the service's operation was started, and nobody asked how it goes
		}
		return v, err
	}
	if in.Polling != nil {
		o.state.Polling = in.Polling
	}
	if in.Cancel != nil {
		o.state.Cancel = in.Cancel
	}
	if !task.Deadline.IsZero() {
		o.state.Deadline = task.Deadline
	}
	v := o.answer()
	v.State = perdure.StateRunning
	v.ServiceStatus = o.state.ServiceStatus
	v.SearchAttributes = a.SearchAttributes()
	v.Interval = o.pace().configured().Seconds()
	v.Resumed = &perdure.Resumed{
		Polling: o.state.Polling, Cancel: o.state.Cancel, Deadline: o.state.Deadline, StartedAt: o.state.StartedAt,
	}
	o.header.Type, o.header.Audience = in.Type, in.Audience
	o.sealed = "" // it is sealed anew, for this workflow
	return o.finish(ctx, v, "")
}

func (a *Activities) openToken(in perdure.OperationInput) (*operation, error) {
	if err := in.Check(); err != nil {
		return nil, err
	}
	token, err := tokens.Parse(in.Token)
	if err != nil {
		return nil, err
	}
	opened, err := a.Keyset.Open(token, tokens.Expect{
		Kind: tokens.KindOperation, Type: in.Type, Audience: in.Audience, Service: in.Service,
		Lifetime: a.TokenLifetime, Now: time.Now(),
	})
	if err != nil {
		return nil, err
	}
	if err := a.checkService(opened.Header.Service); err != nil {
		return nil, err
	}
	return a.bind(opened.Header, in.Token, opened.State)
}
