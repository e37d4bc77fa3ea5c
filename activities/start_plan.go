package activities

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/transport"
)

// plan is a start request that was held against the configuration and can be sent.
type plan struct {
	service   *Service
	name      string // of the protocol, perhaps auto
	options   json.RawMessage
	bound     protocol.Bound
	key       string
	keyWindow time.Duration // how long the protocol's own form of the key counts; 0: it has none
	target    *url.URL
	method    string
	header    http.Header
	body      []byte
	callerOps []string
	// tagged: the key is on the request, so that a look-up can find it.
	tagged bool
}

// plan checks all that only a worker can check, before anything is sent.
func (a *Activities) plan(task perdure.StartTask, info activity.Info) (*plan, error) {
	in := task.Input
	if err := in.Check(); err != nil {
		return nil, err
	}
	found, err := transport.Find(a.transports(), in.ServiceName(), in.Request.URL)
	if err != nil {
		return nil, err
	}
	p := &plan{service: a.Services[found.Name()], method: in.Request.Method, header: http.Header{}}
	if p.target, err = p.service.Resolve(in.Request.URL); err != nil {
		return nil, err
	}
	if err := p.service.CheckAllowed(p.method, p.target); err != nil {
		return nil, err
	}
	if err := p.service.CheckHeaders("request.headers", in.Request.Headers); err != nil {
		return nil, err
	}
	if err := p.chooseProtocol(a.Protocols, in.Protocol); err != nil {
		return nil, err
	}
	if err := p.fill(in.Request); err != nil {
		return nil, err
	}
	return p, p.chooseKey(in.IdempotencyKey, info.WorkflowExecution.ID, task.FirstRunID)
}

// chooseProtocol takes the caller's, else the service's, else auto; the service's
// options go under the caller's where both mean the same protocol.
func (p *plan) chooseProtocol(known *protocol.Registry, callers *perdure.ProtocolChoice) error {
	choice := perdure.ProtocolChoice{Name: perdure.AutoProtocol}
	if p.service.Protocol != nil {
		choice = *p.service.Protocol
	}
	if callers != nil {
		name, options := cmp.Or(callers.Name, choice.Name), callers.Options
		if name == choice.Name {
			merged, err := mergeOptions(choice.Options, options)
			if err != nil {
				return err
			}
			options = merged
		}
		choice = perdure.ProtocolChoice{Name: name, Options: options}
		p.callerOps = optionNames(callers)
	}
	p.name, p.options = choice.Name, choice.Options
	var err error
	p.bound, err = known.Bind(p.name, p.options)
	return err
}

func mergeOptions(under, over json.RawMessage) (json.RawMessage, error) {
	if len(under) == 0 || len(over) == 0 {
		if len(over) == 0 {
			return under, nil
		}
		return over, nil
	}
	merged := map[string]json.RawMessage{}
	for _, layer := range []json.RawMessage{under, over} {
		if err := json.Unmarshal(layer, &merged); err != nil {
			return nil, &perdure.InputError{Field: "protocol.options", Message: "is no JSON object"}
		}
	}
	return json.Marshal(merged)
}

// fill makes the request's headers and body, what the protocol wants included.
func (p *plan) fill(r *perdure.Request) error {
	body, err := r.Body.Bytes()
	if err != nil {
		return &perdure.InputError{Field: "request.body.base64", Message: "is not base64"}
	}
	for name, values := range r.Headers {
		p.header[http.CanonicalHeaderKey(name)] = values
	}
	if kind := r.Body.ContentType(); kind != "" && p.header.Get("Content-Type") == "" {
		p.header.Set("Content-Type", kind)
	}
	if p.header.Get("Accept") == "" {
		p.header.Set("Accept", "application/json, */*;q=0.5")
	}
	p.body = body
	return p.change(func(start *protocol.Ask) error {
		p.bound.Prepare(start)
		return nil
	})
}

// change lets the protocol write onto the request.
func (p *plan) change(write func(start *protocol.Ask) error) error {
	ask := protocol.Ask{Method: p.method, URL: p.target.String(), Header: p.header, Body: p.body}
	if err := write(&ask); err != nil {
		return err
	}
	target, err := url.Parse(ask.URL)
	if err != nil {
		return &perdure.InputError{Field: "request.url", Message: "is malformed"}
	}
	p.target, p.header, p.body = target, ask.Header, ask.Body
	return nil
}

func (p *plan) chooseKey(callers, workflowID, firstRunID string) error {
	p.key = cmp.Or(callers, deriveKey(workflowID, firstRunID))
	if keyer, ok := p.bound.(protocol.Keyer); ok {
		err := p.change(func(start *protocol.Ask) (err error) {
			p.keyWindow, err = keyer.PutKey(start, p.key)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := p.tag(); err != nil {
		return err
	}
	l := p.service.Lookup
	p.tagged = p.keyWindow > 0 || p.service.Idempotency.configured() || l != nil && (l.Body != "" || callers != "")
	if callers != "" && !p.tagged {
		return &perdure.InputError{Field: "idempotencyKey", Message: fmt.Sprintf("cannot be sent: the configuration of service %q has neither idempotency nor lookup, and protocol %q no field for it", p.service.Name(), p.name)}
	}
	if l != nil {
		if _, err := l.address(p.key); err != nil {
			return err
		}
	}
	// A body that cannot take the key is found out before anything is sent.
	_, err := p.service.Idempotency.put(p.key, time.Time{}, &url.URL{}, http.Header{}, p.body)
	return err
}

// request is the request as it is sent at one time or another: the same bytes.
func (p *plan) request(firstSent time.Time) (transport.Request, error) {
	target, header := *p.target, p.header.Clone()
	body, err := p.service.Idempotency.put(p.key, firstSent, &target, header, p.body)
	if err != nil {
		return transport.Request{}, err
	}
	return transport.Request{Method: p.method, URL: &target, Header: header, Body: body, Start: true}, nil
}

// repeatable reports whether a request that may have been delivered can be sent again
// without starting a second operation.
func (p *plan) repeatable(firstSent, now time.Time) bool {
	switch p.method {
	case http.MethodPut, http.MethodDelete:
		return true
	}
	if p.keyWindow > 0 && within(p.keyWindow, firstSent, now) {
		return true
	}
	return p.service.Idempotency.live(firstSent, now)
}

// operation begins the state of an operation that was started.
func (p *plan) operation(a *Activities, task perdure.StartTask, at time.Time) *operation {
	in := task.Input
	o := &operation{a: a, service: p.service, bound: p.bound}
	o.header.Service, o.header.Type, o.header.Audience = p.service.Name(), in.Type, in.Audience
	o.state = state{
		Protocol: p.name, Options: p.options, CallerOptions: p.callerOps,
		Headers: laterHeaders(in.Request, p.service), GraceSince: at,
		Polling: in.Polling, Cancel: in.Cancel, Deadline: task.Deadline, StartedAt: task.StartedAt,
	}
	return o
}
