package waiter

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/jmes"
)

// Name is what inputs call the protocol.
const Name = "waiter"

// Protocol is the protocol of APIs that are described by data.
type Protocol struct{}

// Name is "waiter".
func (Protocol) Name() string { return Name }

type bound struct {
	status    *request
	cancel    *request // nil: the service cannot be asked to stop
	acceptors []acceptor

	result, progress, percent, failure *jmes.Path // each may be nil

	minDelay, maxDelay time.Duration
}

var (
	_ protocol.Pacer   = &bound{}
	_ protocol.Refuser = &bound{}
	_ protocol.Adopter = &bound{}
)

// state is what is needed to go on.
type state struct {
	URL    string `json:"url"`
	Cancel string `json:"cancel,omitempty"`
	// Input is the start's answer, kept where an acceptor looks into it.
	Input json.RawMessage `json:"input,omitempty"`
	// Adopted: the caller named the URL, and not the service.
	Adopted bool `json:"adopted,omitempty"`
}

// Prepare adds nothing.
func (*bound) Prepare(*protocol.Ask) {}

// Recognizes nothing: this protocol has to be named.
func (*bound) Recognizes(protocol.Exchange) bool { return false }

// Started fills the templates from the start's answer, which says nothing yet about
// how the operation goes.
func (b *bound) Started(start protocol.Exchange) (protocol.Step, error) {
	if !start.Success() {
		return protocol.Step{}, violation("the start was answered with a redirect")
	}
	text, _ := start.Value()
	document := jmes.Parse(text)
	s := state{}
	var err error
	if s.URL, err = b.status.url.fill(start, "status", document); err != nil {
		return protocol.Step{}, err
	}
	if b.cancel != nil {
		if s.Cancel, err = b.cancel.url.fill(start, "cancel", document); err != nil {
			s.Cancel = "" // this operation cannot be canceled, and runs all the same
		}
	}
	if document != nil && b.looksAtInput() {
		if s.Input, err = json.Marshal(document); err != nil {
			return protocol.Step{}, violation("the start's answer cannot be kept")
		}
	}
	return step(s, protocol.Step{})
}

func (b *bound) looksAtInput() bool {
	for _, a := range b.acceptors {
		if a.inputOutput != nil {
			return true
		}
	}
	return false
}

// Next asks for the status.
func (b *bound) Next(raw json.RawMessage) (protocol.Ask, error) {
	s, err := decode(raw)
	if err != nil {
		return protocol.Ask{}, err
	}
	ask := protocol.Ask{Method: b.status.method, URL: s.URL, Option: "status"}
	if s.Adopted {
		ask.Option = protocol.FromAdoption
	}
	return ask, nil
}

// Answered lets the acceptors decide; where none does, the operation runs.
func (b *bound) Answered(raw json.RawMessage, answer protocol.Exchange) (protocol.Step, error) {
	s, err := decode(raw)
	if err != nil {
		return protocol.Step{}, err
	}
	if !answer.Success() {
		return protocol.Step{}, violation("the answer is a redirect that names nothing")
	}
	text, _ := answer.Value()
	saw := seen{success: true, output: jmes.Parse(text), input: jmes.Parse(s.Input)}
	outcome, _ := b.decide(saw)
	out := protocol.Step{Outcome: outcome, ServiceStatus: b.word(saw), Progress: b.progress.Raw(saw.output), Percent: percent(b.percent, saw.output)}
	switch outcome {
	case protocol.Running:
	case protocol.Succeeded:
		out.Value, out.HasValue = b.value(text, saw.output)
	case protocol.Failed:
		out.Error = b.errorIn(out.ServiceStatus, saw.output)
		fallthrough
	case protocol.Canceled: // what was produced so far
		out.Value, out.HasValue = text, len(text) > 0
	}
	return step(s, out)
}

// Refused lets the acceptors decide on an error answer. Where none does, the
// operation failed (Smithy 2.0, waiters), unless the answer speaks of the question
// only: of who asks, or of what may not be there yet.
func (b *bound) Refused(raw json.RawMessage, answer protocol.Exchange) (protocol.Step, bool) {
	s, err := decode(raw)
	if err != nil {
		return protocol.Step{}, false
	}
	why := protocol.ErrorOf(answer)
	outcome, decided := b.decide(seen{input: jmes.Parse(s.Input), errors: errorNames(answer, why)})
	if !decided {
		switch answer.Status {
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
			return protocol.Step{}, false
		}
		outcome = protocol.Failed
	}
	out := protocol.Step{Outcome: outcome, ServiceStatus: why.Code}
	if outcome == protocol.Failed || outcome == protocol.Canceled {
		out.Error = why
	}
	out, err = step(s, out)
	return out, err == nil
}

// Cancel is the option's request.
func (b *bound) Cancel(raw json.RawMessage) (protocol.Ask, bool, error) {
	s, err := decode(raw)
	if err != nil || b.cancel == nil || s.Cancel == "" {
		return protocol.Ask{}, false, err
	}
	return protocol.Ask{Method: b.cancel.method, URL: s.Cancel, Option: "cancel"}, true, nil
}

// decide gives the state of the first acceptor that matches.
func (b *bound) decide(s seen) (outcome protocol.Outcome, decided bool) {
	for _, a := range b.acceptors {
		if a.matches(s) {
			return a.outcome, true
		}
	}
	return protocol.Running, false
}

// word is the service's own: what the first path that is compared with one string
// gives.
func (b *bound) word(s seen) string {
	for _, a := range b.acceptors {
		if a.output == nil || a.output.comparator != stringEquals {
			continue
		}
		if word, ok := a.output.path.In(s.output).(string); ok {
			return word
		}
	}
	return ""
}

// value is the option's, or all of the answer.
func (b *bound) value(text []byte, output any) ([]byte, bool) {
	if b.result == nil {
		return text, len(text) > 0
	}
	value := b.result.Raw(output)
	return value, value != nil
}

// errorIn is why the operation failed. What the option finds gives code and message;
// the service's word stands in for a code.
func (b *bound) errorIn(word string, output any) *perdure.ServiceError {
	out := protocol.ErrorIn(b.failure.Raw(output))
	if out == nil {
		out = &perdure.ServiceError{}
	}
	out.Details = nil // they are the answer itself
	if out.Code == "" {
		out.Code = word
	}
	if out.Code == "" {
		out.Code = "failure"
	}
	return out
}

// errorNames are the names that an error answer goes by: its code, the type that
// Smithy's JSON protocols give, and its HTTP status.
func errorNames(answer protocol.Exchange, why *perdure.ServiceError) []string {
	body, _ := answer.Object()
	return []string{
		why.Code, answer.Header.Get("X-Amzn-Errortype"), protocol.String(body["__type"]), protocol.String(body["code"]), strconv.Itoa(answer.Status),
	}
}

func percent(p *jmes.Path, output any) *float64 {
	text, ok := p.Text(output)
	if !ok {
		return nil
	}
	n, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || !(n >= 0 && n <= 100) {
		return nil
	}
	return &n
}

func step(s state, out protocol.Step) (protocol.Step, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return protocol.Step{}, err
	}
	out.State = raw
	return out, nil
}

func decode(raw json.RawMessage) (state, error) {
	var s state
	if json.Unmarshal(raw, &s) != nil || s.URL == "" {
		return state{}, violation("the state is not this protocol's")
	}
	return s, nil
}

func violation(message string) error {
	return &perdure.ProtocolError{Protocol: Name, Message: message}
}
