package protocoltest_test

import (
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

// spoiled is the example's protocol with a fault.
type spoiled struct {
	Tickets
	bind     func(json.RawMessage) (protocol.Bound, error)
	answered func(b protocol.Bound, state json.RawMessage, e protocol.Exchange) (protocol.Step, error)
	next     func(b protocol.Bound, state json.RawMessage) (protocol.Ask, error)
}

func (p spoiled) Bind(raw json.RawMessage) (protocol.Bound, error) {
	if p.bind != nil {
		return p.bind(raw)
	}
	b, err := p.Tickets.Bind(raw)
	if err != nil {
		return nil, err
	}
	return spoiledBound{b, p}, nil
}

type spoiledBound struct {
	protocol.Bound
	fault spoiled
}

func (b spoiledBound) Answered(state json.RawMessage, e protocol.Exchange) (protocol.Step, error) {
	if b.fault.answered != nil {
		return b.fault.answered(b.Bound, state, e)
	}
	return b.Bound.Answered(state, e)
}

func (b spoiledBound) Next(state json.RawMessage) (protocol.Ask, error) {
	if b.fault.next != nil {
		return b.fault.next(b.Bound, state)
	}
	return b.Bound.Next(state)
}

// change is an Answered that changes the right step.
func change(f func(*protocol.Step, protocol.Exchange)) func(protocol.Bound, json.RawMessage, protocol.Exchange) (protocol.Step, error) {
	return func(b protocol.Bound, state json.RawMessage, e protocol.Exchange) (protocol.Step, error) {
		step, err := b.Answered(state, e)
		if err == nil {
			f(&step, e)
		}
		return step, err
	}
}

func TestTheSuiteFindsNothingWrongWithTheExample(t *testing.T) {
	require.Empty(t, protocoltest.Problems(ticketSuite))
}

//rule:answers 1
func TestTheSuiteFindsFaults(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	tests := []struct {
		name  string
		fault spoiled
		want  string // is in one of the problems
	}{
		{"a word that compares with case", spoiled{answered: change(func(s *protocol.Step, _ protocol.Exchange) {
			if s.ServiceStatus == strings.ToUpper(s.ServiceStatus) {
				s.Outcome, s.Error = protocol.Running, nil
			}
		})}, `the outcome of the word "CLOSED"`},
		{"an unknown word that fails", spoiled{answered: func(b protocol.Bound, state json.RawMessage, e protocol.Exchange) (protocol.Step, error) {
			step, err := b.Answered(state, e)
			if err == nil && strings.HasPrefix(step.ServiceStatus, "zz") {
				return protocol.Step{}, broken("what is that?")
			}
			return step, err
		}}, `closed/words: `},
		{"a state that is no JSON", spoiled{answered: change(func(s *protocol.Step, _ protocol.Exchange) { s.State = []byte("x") })}, "is JSON"},
		{"a last step without a state", spoiled{answered: change(func(s *protocol.Step, _ protocol.Exchange) {
			if s.Outcome == protocol.Succeeded {
				s.State = nil
			}
		})}, "is JSON"},
		{"a state that only its own process reads", spoiled{next: func(b protocol.Bound, state json.RawMessage) (protocol.Ask, error) {
			if !strings.HasPrefix(string(state), `{"desk":"https://desk.example.com/tickets","number":"a`) {
				return protocol.Ask{}, broken("lost")
			}
			return b.Next(state)
		}}, "torn, with another cancel"},
		{"a method that remembers", spoiled{answered: change(func(s *protocol.Step, _ protocol.Exchange) {
			p := float64(calls.Add(1) % 100)
			s.Percent = &p
		})}, "gives something else for the same input"},
		{"a method that writes into its input", spoiled{answered: change(func(_ *protocol.Step, e protocol.Exchange) {
			if len(e.Body) > 0 {
				e.Body[0] = ' '
			}
		})}, "changes what it is given"},
		{"a method that writes into the headers", spoiled{answered: change(func(_ *protocol.Step, e protocol.Exchange) { e.Header.Set("X", "y") })}, "changes what it is given"},
		{"a panic on a hostile body", spoiled{answered: func(b protocol.Bound, state json.RawMessage, e protocol.Exchange) (protocol.Step, error) {
			_ = e.Body[0]
			return b.Answered(state, e)
		}}, "Answered panics"},
		{"an error of no known kind", spoiled{answered: func(b protocol.Bound, state json.RawMessage, e protocol.Exchange) (protocol.Step, error) {
			step, err := b.Answered(state, e)
			if err != nil {
				err = errors.New("no")
			}
			return step, err
		}}, "an error is a *perdure.ProtocolError"},
		{"a step beside an error", spoiled{answered: func(b protocol.Bound, state json.RawMessage, e protocol.Exchange) (protocol.Step, error) {
			step, err := b.Answered(state, e)
			if err != nil {
				step.ServiceStatus = "?"
			}
			return step, err
		}}, "the step beside the error"},
		{"a percentage of 400", spoiled{answered: change(func(s *protocol.Step, _ protocol.Exchange) { p := 400.0; s.Percent = &p })}, "percent is from 0 to 100"},
		{"a failure without a word", spoiled{answered: change(func(s *protocol.Step, _ protocol.Exchange) { s.Error = nil })}, "has an error with a code"},
		{"a question that names no host", spoiled{next: func(protocol.Bound, json.RawMessage) (protocol.Ask, error) {
			return protocol.Ask{Method: "GET", URL: "ftp:x"}, nil
		}}, "the URL's scheme"},
		{"an option in another case", spoiled{bind: func(raw json.RawMessage) (protocol.Bound, error) {
			return Tickets{}.Bind(json.RawMessage(strings.ReplaceAll(string(raw), `"Drop"`, `"drop"`)))
		}}, `the options {"Drop":"away"}`},
		{"options that are not looked at", spoiled{bind: func(json.RawMessage) (protocol.Bound, error) { return Tickets{}.Bind(nil) }}, `the options {"noSuchOption": 1}`},
		{"another outcome", spoiled{answered: change(func(s *protocol.Step, _ protocol.Exchange) { s.RemoteID = "9" })}, "what the answer means"},
		{"another question", spoiled{next: func(b protocol.Bound, state json.RawMessage) (protocol.Ask, error) {
			ask, err := b.Next(state)
			ask.URL += "/"
			return ask, err
		}}, "the question"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := ticketSuite
			s.Protocol = tt.fault
			require.Contains(t, strings.Join(protocoltest.Problems(s), "\n"), tt.want)
		})
	}
}
