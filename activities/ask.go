package activities

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/transport"
)

// reading is what came of one question.
type reading struct {
	at       time.Time
	response *transport.Response // nil: no answer
	asked    time.Duration       // the wait that the service asks for
	// One of these holds:
	step     *protocol.Step        // the service said how the operation goes
	again    *perdure.ServiceError // nothing usable; the same question is asked again
	notFound bool                  // with again: "not there yet"
	end      string                // the type of error with which it ends, and why
	why      *perdure.ServiceError
}

// ask asks the question that the operation's state holds, once. Its error ends
// nothing: the activity is retried, or was told to stop.
func (o *operation) ask(ctx context.Context, headers map[string][]string) (reading, error) {
	question, err := o.bound.Next(o.state.State)
	if err != nil {
		return ended(err)
	}
	r := reading{}
	r.response, err = o.send(ctx, question, headers)
	r.at = time.Now().UTC()
	if err != nil {
		return r.without(ctx, err)
	}
	r.at = r.response.At
	r.asked = protocol.RetryAfter(r.response.Header, r.at)
	return o.read(r)
}

// send sends a question or a cancel request of the protocol's.
func (o *operation) send(ctx context.Context, a protocol.Ask, extra map[string][]string) (*transport.Response, error) {
	target, err := o.service.Resolve(a.URL)
	if err != nil {
		return nil, &perdure.ProtocolError{Protocol: o.state.Protocol, Message: "names a malformed URL"}
	}
	if a.Option != "" && slices.Contains(o.state.CallerOptions, a.Option) {
		if err := o.service.CheckAllowed(a.Method, target); err != nil {
			return nil, err
		}
	}
	return o.service.Do(ctx, transport.Request{
		Method: a.Method, URL: target, Header: o.headers(a, extra), Body: a.Body, SeeOther: a.SeeOther, Cookies: &o.state.Cookies,
	})
}

// headers: the operation's own, the protocol's over them, and those of this
// question over both. Package transport keeps them to the service's own origin.
func (o *operation) headers(a protocol.Ask, extra map[string][]string) http.Header {
	h := http.Header{"Accept": {"application/json, */*;q=0.5"}}
	for _, layer := range []map[string][]string{o.state.Headers, a.Header, extra} {
		for name, values := range layer {
			h[http.CanonicalHeaderKey(name)] = values
		}
	}
	return h
}

// without reads an error in place of an answer.
func (r reading) without(ctx context.Context, err error) (reading, error) {
	if words, _, ok := unanswered(err); ok {
		if ctx.Err() != nil {
			return r, context.Cause(ctx)
		}
		r.again = words
		return r, nil
	}
	if r.end, r.why = endOf(err); r.end != "" {
		return r, nil
	}
	return r, err
}

// read asks the protocol what an answer means. What is transient is decided here
// for all protocols, and by the protocol where it knows more.
func (o *operation) read(r reading) (reading, error) {
	e := exchange(r.response)
	retry := transient(e.Status)
	if p, ok := o.bound.(protocol.Retrier); ok {
		if more, known := p.Retry(e); known {
			retry = more
		}
	}
	switch {
	case e.Success(), e.Status == http.StatusSeeOther:
		step, err := o.bound.Answered(o.state.State, e)
		if err != nil {
			bad, err := ended(err)
			bad.at, bad.response = r.at, r.response
			return bad, err
		}
		r.step = &step
		return r, nil
	case retry:
		r.again = protocol.ErrorOf(e)
		return r, nil
	}
	if p, ok := o.bound.(protocol.Refuser); ok {
		if step, ok := p.Refused(o.state.State, e); ok {
			r.step = &step
			return r, nil
		}
	}
	if e.Status == http.StatusNotFound && r.at.Sub(o.state.GraceSince) < o.pace().notFoundGrace() {
		r.again, r.notFound = protocol.ErrorOf(e), true
		return r, nil
	}
	r.end, r.why = perdure.ErrorPollRejected, protocol.ErrorOf(e)
	return r, nil
}

func ended(err error) (reading, error) {
	r := reading{at: time.Now().UTC()}
	if r.end, r.why = endOf(err); r.end == "" {
		return r, err
	}
	return r, nil
}

func transient(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func exchange(r *transport.Response) protocol.Exchange {
	h := r.Header
	if h == nil {
		h = http.Header{}
	}
	return protocol.Exchange{Method: r.Method, URL: r.URL.String(), Status: r.Status, Header: h, Body: r.Body, At: r.At}
}

// Cancel asks the service, once, to stop the operation.
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
	before := o.state.Cookies
	for tries := 1; ; tries++ {
		resp, err := o.send(ctx, request, nil)
		words, wait := o.notAccepted(resp, err, tries)
		switch {
		case words == nil && err == nil:
			return o.withSealed(ctx, &perdure.CancelAnswer{Supported: true, Accepted: true}, before), nil
		case words == nil:
			return nil, err
		case wait == 0 || tries == maxCancelTries:
			return o.withSealed(ctx, &perdure.CancelAnswer{Supported: true, Error: words}, before), nil
		}
		if !sleep(ctx, wait) {
			return nil, errStopped // another worker asks
		}
	}
}

// errStopped is the end of an activity that was told to stop before it had a verdict.
var errStopped = errors.New("activities: stopped before the service had answered")

// maxCancelTries bounds the requests to stop; the operation goes on being asked.
const maxCancelTries = 8

// notAccepted reads the answer to a request to stop: nil words for accepted, or for
// an error that the activity is retried after; a wait where asking again may help.
func (o *operation) notAccepted(resp *transport.Response, err error, tries int) (*perdure.ServiceError, time.Duration) {
	if err != nil {
		if words, _, ok := unanswered(err); ok {
			return words, o.pace().afterFailure(tries, 0)
		}
		_, words := endOf(err)
		return words, 0
	}
	e := exchange(resp)
	switch {
	case e.Success():
		return nil, 0
	case transient(e.Status):
		return protocol.ErrorOf(e), o.pace().afterFailure(tries, protocol.RetryAfter(e.Header, e.At))
	}
	return protocol.ErrorOf(e), 0
}

// optionNames lists the top-level names of an options object.
func optionNames(p *perdure.ProtocolChoice) []string {
	if p == nil {
		return nil
	}
	object, ok := protocol.Exchange{Body: p.Options}.Object()
	if !ok {
		return nil
	}
	return slices.Sorted(maps.Keys(object))
}
