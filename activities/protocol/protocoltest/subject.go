package protocoltest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// subject is a bound protocol whose every method is called twice, on copies: it has
// to give the same, leave its input as it is, and not panic. What it gives has to be
// well formed.
type subject struct {
	protocol.Bound
	t assert.TestingT
}

// bind binds the protocol anew. Nil: it does not bind, which was reported.
func (s Suite) bind(t assert.TestingT, sc Scenario) *subject {
	helper(t)
	b, err := s.Protocol.Bind(options(sc.Options))
	if !assert.NoError(t, err, "the options %s", sc.Options) {
		return nil
	}
	return &subject{Bound: b, t: t}
}

func options(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

// input is what a method is given.
type input struct {
	first    protocol.Ask // of a collection
	state    json.RawMessage
	exchange protocol.Exchange
}

func (in input) clone() input {
	out := in
	out.first.Header, out.first.Body = in.first.Header.Clone(), bytes.Clone(in.first.Body)
	out.state = bytes.Clone(in.state)
	out.exchange.Body = bytes.Clone(in.exchange.Body)
	out.exchange.Header = in.exchange.Header.Clone()
	return out
}

// String tells what a method was given, cut.
func (in input) String() string {
	return fmt.Sprintf("state %.300q, answer %d %.300q %.300q", in.state, in.exchange.Status, fmt.Sprint(in.exchange.Header), in.exchange.Body)
}

// twice calls a method twice.
func twice[Out any](b *subject, method string, in input, call func(input) Out) (out Out) {
	helper(b.t)
	defer func() {
		if r := recover(); r != nil {
			b.t.Errorf("%s panics on %v: %v", method, in, r)
		}
	}()
	given := in.clone()
	out = call(given)
	if !assert.ObjectsAreEqual(in, given) {
		b.t.Errorf("%s changes what it is given: %v became %v", method, in, given)
	}
	if again := call(in.clone()); !assert.ObjectsAreEqual(out, again) {
		b.t.Errorf("%s gives something else for the same input %v: %+v, then %+v", method, in, out, again)
	}
	return out
}

// The results of methods, each in one value.
type (
	stepped struct {
		step protocol.Step
		err  error
	}
	asked struct {
		ask protocol.Ask
		ok  bool
		err error
	}
	decided struct {
		step    protocol.Step
		yes, ok bool
	}
)

func (b *subject) started(e protocol.Exchange) (protocol.Step, error) {
	helper(b.t)
	r := twice(b, "Started", input{exchange: e}, func(in input) stepped {
		step, err := b.Started(in.exchange)
		return stepped{step, err}
	})
	b.wellFormed(r.step, r.err)
	return r.step, r.err
}

func (b *subject) answered(state json.RawMessage, e protocol.Exchange) (protocol.Step, error) {
	helper(b.t)
	r := twice(b, "Answered", input{state: state, exchange: e}, func(in input) stepped {
		step, err := b.Answered(in.state, in.exchange)
		return stepped{step, err}
	})
	b.wellFormed(r.step, r.err)
	return r.step, r.err
}

func (b *subject) recognizes(e protocol.Exchange) bool {
	helper(b.t)
	return twice(b, "Recognizes", input{exchange: e}, func(in input) bool { return b.Recognizes(in.exchange) })
}

func (b *subject) next(state json.RawMessage) (protocol.Ask, error) {
	helper(b.t)
	r := twice(b, "Next", input{state: state}, func(in input) asked {
		ask, err := b.Next(in.state)
		return asked{ask, true, err}
	})
	b.checkAsk("Next", r)
	return r.ask, r.err
}

func (b *subject) cancel(state json.RawMessage) (protocol.Ask, bool, error) {
	helper(b.t)
	r := twice(b, "Cancel", input{state: state}, func(in input) asked {
		ask, ok, err := b.Cancel(in.state)
		return asked{ask, ok, err}
	})
	b.checkAsk("Cancel", r)
	return r.ask, r.ok, r.err
}

// refused is false where the protocol leaves refusals to others.
func (b *subject) refused(state json.RawMessage, e protocol.Exchange) (protocol.Step, bool) {
	helper(b.t)
	refuser, ok := b.Bound.(protocol.Refuser)
	if !ok {
		return protocol.Step{}, false
	}
	r := twice(b, "Refused", input{state: state, exchange: e}, func(in input) decided {
		step, yes := refuser.Refused(in.state, in.exchange)
		return decided{step: step, yes: yes}
	})
	if r.yes {
		b.wellFormed(r.step, nil)
	}
	return r.step, r.yes
}

func (b *subject) retry(e protocol.Exchange) {
	if retrier, ok := b.Bound.(protocol.Retrier); ok {
		twice(b, "Retry", input{exchange: e}, func(in input) decided {
			retry, known := retrier.Retry(in.exchange)
			return decided{yes: retry, ok: known}
		})
	}
}

// wellFormed holds a step against what package protocol says of it.
func (b *subject) wellFormed(step protocol.Step, err error) {
	helper(b.t)
	if err != nil {
		b.checkError(err)
		assert.Equal(b.t, protocol.Step{}, step, "the step beside the error %v", err)
		return
	}
	t := b.t
	assert.Contains(t, []protocol.Outcome{protocol.Running, protocol.Succeeded, protocol.Failed, protocol.Canceled}, step.Outcome)
	assert.True(t, json.Valid(step.State) && utf8.Valid(step.State), "the state %.300q is JSON", step.State)
	assert.False(t, step.Fetch && step.Outcome != protocol.Succeeded, "a value is fetched of what succeeded only, got %v", step.Outcome)
	assert.False(t, step.Outcome == protocol.Failed && (step.Error == nil || step.Error.Code == ""), "what failed has an error with a code, got %+v", step.Error)
	assert.True(t, step.Percent == nil || *step.Percent >= 0 && *step.Percent <= 100, "percent is from 0 to 100")
	assert.True(t, step.Progress == nil || json.Valid(step.Progress), "the progress %.300q is JSON", step.Progress)
	assert.Equal(t, step.HasValue, len(step.Value) > 0, "HasValue with the value %.300q", step.Value)
	if step.Error != nil {
		assert.True(t, step.Error.Details == nil || json.Valid(step.Error.Details), "the error's details %.300q are JSON", step.Error.Details)
	}
}

// checkAsk holds a request against what the transport can send.
func (b *subject) checkAsk(method string, r asked) {
	helper(b.t)
	if r.err != nil {
		b.checkError(r.err)
		return
	}
	if !r.ok {
		return
	}
	u, err := url.Parse(r.ask.URL)
	if !assert.NoError(b.t, err, "%s gives a URL", method) {
		return
	}
	assert.NotEmpty(b.t, r.ask.Method, "%s gives a method", method)
	assert.LessOrEqual(b.t, len(r.ask.URL), perdure.MaxURLBytes, "%s gives a URL that can be sent", method)
	assert.NotEmpty(b.t, r.ask.URL, "%s gives a URL", method)
	if u.Scheme != "" {
		assert.Contains(b.t, []string{"https", "http"}, u.Scheme, "%s: the URL's scheme", method)
		assert.NotEmpty(b.t, u.Hostname(), "%s: the URL's host", method)
	}
}

// checkError: the kinds of error that a protocol may give.
func (b *subject) checkError(err error) {
	helper(b.t)
	var (
		violation *perdure.ProtocolError
		bad       *perdure.InputError
	)
	assert.True(b.t, errors.As(err, &violation) || errors.As(err, &bad), "an error is a *perdure.ProtocolError or a *perdure.InputError, got %T: %v", err, err)
	assert.NotContains(b.t, err.Error(), "\n", "an error is one line")
}

// sealed is a state as another process gets it: read from JSON and written again,
// its keys in another order.
func sealed(t assert.TestingT, state json.RawMessage) json.RawMessage {
	helper(t)
	type envelope struct {
		State any `json:"state"`
	}
	raw, err := json.Marshal(envelope{state})
	if !assert.NoError(t, err, "the state %.300q is JSON", state) {
		return state
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var read envelope
	if !assert.NoError(t, d.Decode(&read), "the state %.300q is JSON", state) {
		return state
	}
	out, err := json.Marshal(read.State)
	assert.NoError(t, err)
	return out
}

// helper marks a function as a helper where t is a test.
func helper(t assert.TestingT) {
	if h, ok := t.(interface{ Helper() }); ok {
		h.Helper()
	}
}
