package activities

import (
	"context"
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
	gone     bool // with end: what a request to stop deletes is not there any more
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
	if o.notThereYet(e) {
		r.again, r.notFound = protocol.ErrorOf(e), true
		return r, nil
	}
	r.end, r.why, r.gone = perdure.ErrorPollRejected, protocol.ErrorOf(e), o.deleted(e)
	return r, nil
}

// notThereYet reports whether an answer is a 404 within its grace.
func (o *operation) notThereYet(e protocol.Exchange) bool {
	return e.Status == http.StatusNotFound && e.At.Sub(o.state.GraceSince) < o.pace().notFoundGrace()
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
