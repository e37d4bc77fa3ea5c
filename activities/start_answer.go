package activities

import (
	"context"
	"net/http"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/transport"
)

// unanswered deals with a request that got no answer.
func (s *starting) unanswered(ctx context.Context, err error, sentBefore bool) (*perdure.Answer, error) {
	words, unsent, ok := unanswered(err)
	if !ok {
		return s.stopped(ctx, err)
	}
	s.failed(words, 0)
	if unsent {
		s.maybeSent = sentBefore
		s.retract(ctx)
		return nil, nil
	}
	s.maybeSent = true
	return nil, nil
}

// stopped deals with a request that was refused on our side, or whose answer was too
// large to be read.
func (s *starting) stopped(ctx context.Context, err error) (*perdure.Answer, error) {
	errorType, why := endOf(err)
	switch {
	case errorType == perdure.ErrorResponseTooLarge: // it was delivered, and answered
		a := s.verdict("")
		a.ErrorType, a.Error = errorType, why
		return a, nil
	case errorType == "":
		return nil, err
	case s.maybeSent:
		s.failed(why, 0)
		return s.ambiguous(), nil
	}
	s.retract(ctx)
	a := s.verdict(perdure.StateFailed)
	a.ErrorType, a.Error = errorType, why
	return a, nil
}

// answered reads the status of an answer.
func (s *starting) answered(ctx context.Context, resp *transport.Response, sentBefore bool) (*perdure.Answer, error) {
	e := exchange(resp)
	asked := protocol.RetryAfter(e.Header, e.At)
	switch {
	case e.Status < http.StatusBadRequest:
		return s.started(ctx, resp)
	case s.plan.service.startedNothing(e):
		s.maybeSent = sentBefore
		s.failed(protocol.ErrorOf(e), asked)
		s.retract(ctx)
		return nil, nil
	case e.Status == http.StatusRequestTimeout, e.Status >= http.StatusInternalServerError && e.Status != http.StatusNotImplemented:
		s.maybeSent = true
		s.failed(protocol.ErrorOf(e), asked)
		return nil, nil
	case sentBefore:
		s.refusal = resp
		s.failed(protocol.ErrorOf(e), 0)
		return nil, nil
	}
	a := s.verdict(perdure.StateFailed)
	a.ErrorType, a.Error = perdure.ErrorStartRejected, s.plan.service.cappedError(protocol.ErrorOf(e))
	a.Response = s.plan.service.Capture(resp)
	return a, nil
}

// started reads what the service started.
func (s *starting) started(ctx context.Context, resp *transport.Response) (*perdure.Answer, error) {
	e := exchange(resp)
	p := s.plan
	if p.name == perdure.AutoProtocol {
		if name, bound, ok := s.a.Protocols.Detect(e); ok {
			p.name, p.bound, p.options = name, bound, nil
		}
	}
	o := p.operation(s.a, s.task, resp.At)
	o.state.Cookies = s.cookies
	step, err := p.bound.Started(e)
	if err != nil {
		return s.unreadable(resp, err)
	}
	o.take(step, resp.At)
	a := o.answer()
	s.fill(a)
	o.tell(a, step)
	o.tellResponse(a, resp, "")
	a.AsOf = resp.At
	pace := o.pace()
	a.Interval = pace.configured().Seconds()
	if !step.Ended() && !step.Fetch {
		asked := protocol.RetryAfter(e.Header, e.At)
		wait := pace.afterAnswer(1, asked)
		a.WaitSeconds, a.ServiceWaitSeconds = wait.Seconds(), asked.Seconds()
		a.Durable = wait > s.a.Watch.Threshold
	}
	return o.finish(ctx, a, "")
}

// unreadable is the verdict on an answer that the protocol cannot read: a redirect
// that means nothing to it is a rejection, anything else breaks the protocol.
func (s *starting) unreadable(resp *transport.Response, err error) (*perdure.Answer, error) {
	errorType, why := endOf(err)
	if errorType == "" {
		return nil, err
	}
	a := s.verdict("")
	if resp.Status >= http.StatusMultipleChoices {
		a.State, errorType = perdure.StateFailed, perdure.ErrorStartRejected
		why.HTTPStatus = resp.Status
	}
	a.ErrorType, a.Error = errorType, why
	a.Response = s.plan.service.Capture(resp)
	return a, nil
}
