package activities

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/azure"
	"github.com/perdure-dev/perdure/activities/transport"
)

// adopt takes over an operation that a caller names.
func (a *Activities) adopt(ctx context.Context, task perdure.StartTask, adoption perdure.Adoption) (*perdure.Answer, error) {
	if start := task.Input.Request; start != nil && adoption.Operation != "" && adoption.Collection == "" {
		adoption.Collection, _, _ = strings.Cut(start.URL, "?")
	}
	p, err := a.adoptionPlan(task.Input, adoption)
	if err != nil {
		return a.refuse(err)
	}
	p.callerOps = append(p.callerOps, protocol.FromAdoption)
	return a.takeOver(ctx, p, task, adoption, task.Sealed)
}

// takeOver goes on with an operation that is there. Nothing is sent; the first question
// is asked by the poll that follows. Sealed is what a start of ours has left.
func (a *Activities) takeOver(ctx context.Context, p *plan, task perdure.StartTask, adoption perdure.Adoption, sealed string) (*perdure.Answer, error) {
	step, err := p.adopted(adoption)
	if err != nil {
		return a.refuse(err)
	}
	o := p.operation(a, task, time.Now().UTC())
	o.state.Cookies = a.openCookies(sealed, o.service)
	o.take(step, time.Now().UTC())
	v := o.answer()
	v.State, v.ServiceStatus = perdure.StateRunning, step.ServiceStatus
	v.SearchAttributes = a.SearchAttributes()
	v.Interval = o.pace().configured().Seconds()
	return o.finish(ctx, v, "")
}

// adopted binds the operation that an adoption names. The caller chose what its first poll
// asks, so that is checked here against what callers may request; send checks later polls.
func (p *plan) adopted(adoption perdure.Adoption) (protocol.Step, error) {
	if p.name == perdure.AutoProtocol {
		return protocol.Step{}, &perdure.InputError{Field: "protocol.name", Message: "is missing: what is taken over has no start's answer to tell the protocol by"}
	}
	adopter, ok := p.bound.(protocol.Adopter)
	if !ok {
		return protocol.Step{}, &perdure.InputError{Field: "adopt", Message: fmt.Sprintf("protocol %q cannot take over an operation", p.name)}
	}
	step, err := adopter.Adopt(adoption)
	if err != nil {
		return protocol.Step{}, err
	}
	question, err := p.bound.Next(step.State)
	if err != nil {
		return protocol.Step{}, err
	}
	target, err := p.service.Resolve(question.URL)
	if err != nil {
		return protocol.Step{}, err
	}
	if slices.Contains(p.callerOps, protocol.FromAdoption) {
		err = p.service.CheckAllowed(question.Method, target)
	}
	return step, err
}

// adoptionPlan finds service and protocol of an adoption.
func (a *Activities) adoptionPlan(in perdure.OperationInput, adoption perdure.Adoption) (*plan, error) {
	named := in.ServiceName()
	origin := cmp.Or(adoption.StatusURL, adoption.Collection)
	if in.Request != nil {
		origin = cmp.Or(origin, in.Request.URL)
	}
	if named == "" && origin == "" {
		return nil, &perdure.InputError{Field: "service", Message: "is missing: the adoption does not tell whose operation it is"}
	}
	found, err := transport.Find(a.transports(), named, origin)
	if err != nil {
		return nil, err
	}
	p := &plan{service: a.Services[found.Name()], method: http.MethodGet, header: http.Header{}}
	if err := p.chooseProtocol(a.Protocols, in.Protocol); err != nil {
		return nil, err
	}
	if p.name == perdure.AutoProtocol && adoption.Azcore != "" {
		p.name = azure.Name
		p.bound, err = a.Protocols.Bind(p.name, nil)
	}
	return p, err
}

// adoption is what a task takes over in place of sending a request; nil: nothing.
func adoption(task perdure.StartTask) *perdure.Adoption {
	if task.Adopt != nil {
		return task.Adopt
	}
	return task.Input.Adopt
}
