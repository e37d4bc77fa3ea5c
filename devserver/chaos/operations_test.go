package chaos_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// operation is one that is started and waited for, and what its caller came to know.
type operation struct {
	name, service string
	after         time.Duration // the beginning

	// ambiguous: the caller was told so.
	ambiguous bool
	value     jobValue
	bad       *perdure.OperationError
	err       error // nobody could say
}

func (s size) operationsToStart() []*operation {
	var all []*operation
	for i := range s.operations {
		o := &operation{name: fmt.Sprintf("operation-%04d", i)}
		r := randomFor(s.seed, "start of "+o.name)
		o.service = []string{plain, keyed}[r.IntN(2)]
		o.after = between(r, 0, s.faults*9/10)
		all = append(all, o)
	}
	return all
}

func (o *operation) input() perdure.OperationInput {
	body, err := json.Marshal(job{o.name})
	if err != nil {
		panic(err)
	}
	return perdure.OperationInput{
		Request:  &perdure.Request{Service: o.service, Method: "POST", URL: "/jobs", Body: perdure.JSONBody(body)},
		Protocol: &perdure.ProtocolChoice{Name: "azure"},
		Polling:  &perdure.Polling{IntervalSeconds: 0.5},
	}
}

// run starts the operation and waits for it, again and again under the same id, until it
// is told how it ended. Where the start is ambiguous it waits for the calm, and settles it
// by what the service's books say.
func (o *operation) run(ctx context.Context, w *world, calm <-chan struct{}) {
	var op *starter.Operation[jobValue]
	start := func() (_ bool, err error) {
		op, err = starter.Start[jobValue](ctx, w.client, o.input(), &starter.StartOptions{ID: o.name})
		return true, err
	}
	wait := func() (_ bool, err error) {
		o.value, err = op.Wait(ctx, nil)
		return true, err
	}
	err := w.insist(ctx, "Start", start)
	if err == nil {
		err = w.insist(ctx, "Wait", wait)
	}
	for errors.Is(err, perdure.ErrAmbiguous) && o.awaitCalm(ctx, calm) {
		if _, err := op.Resolve(ctx, w.found(o)); err != nil {
			w.inVain.add("Resolve", err) // waiting tells whether it was
		}
		err = w.insist(ctx, "Wait", wait)
	}
	if !errors.As(err, &o.bad) {
		o.err = err
	}
}

// awaitCalm notes that the operation is ambiguous, and returns when nothing is injected any
// longer. False: ctx ended first.
func (o *operation) awaitCalm(ctx context.Context, calm <-chan struct{}) bool {
	o.ambiguous = true
	select {
	case <-ctx.Done():
		return false
	case <-calm:
		return true
	}
}

// found is what a person finds out about an ambiguous start.
func (w *world) found(o *operation) perdure.Resolve {
	executed := w.service.books.executed(o.name)
	if len(executed) == 0 {
		return perdure.Resolve{Retry: true}
	}
	at := fmt.Sprintf("%s/%s/jobs/%s", w.link.url(), o.service, executed[0])
	return perdure.Resolve{Adopt: &perdure.Adoption{StatusURL: at, Method: "POST"}}
}
