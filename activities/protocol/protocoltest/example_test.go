package protocoltest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

// Tickets is a protocol of one's own: the start is answered with the number of a
// ticket, which is open until it is closed or dropped.
type Tickets struct{}

func (Tickets) Name() string { return "tickets" }

func (Tickets) Bind(raw json.RawMessage) (protocol.Bound, error) {
	o := ticketOptions{Drop: "drop"}
	if err := protocol.Options(raw, &o); err != nil {
		return nil, err
	}
	return tickets{o}, nil
}

type ticketOptions struct {
	Drop string `json:"drop"` // the last segment of the URL that cancels
}

type tickets struct{ ticketOptions }

type ticketState struct {
	Desk   string `json:"desk"`
	Number string `json:"number"`
}

func (tickets) Prepare(*protocol.Ask) {}

func (tickets) Recognizes(start protocol.Exchange) bool {
	body, ok := start.Object()
	return ok && protocol.String(body["ticket"]) != ""
}

func (b tickets) Started(start protocol.Exchange) (protocol.Step, error) {
	body, _ := start.Object()
	number := protocol.String(body["ticket"])
	if number == "" || len(number) > 100 {
		return protocol.Step{}, broken("the start's answer has no ticket")
	}
	return b.read(ticketState{Desk: start.URL, Number: number}, start)
}

func (tickets) Next(raw json.RawMessage) (protocol.Ask, error) {
	s, err := ticket(raw)
	if err != nil {
		return protocol.Ask{}, err
	}
	return protocol.Ask{Method: http.MethodGet, URL: s.Desk + "/" + url.QueryEscape(s.Number)}, nil
}

func (b tickets) Answered(raw json.RawMessage, answer protocol.Exchange) (protocol.Step, error) {
	s, err := ticket(raw)
	if err != nil {
		return protocol.Step{}, err
	}
	return b.read(s, answer)
}

func (b tickets) Cancel(raw json.RawMessage) (protocol.Ask, bool, error) {
	s, err := ticket(raw)
	if err != nil {
		return protocol.Ask{}, false, err
	}
	return protocol.Ask{Method: http.MethodPost, URL: s.Desk + "/" + url.QueryEscape(s.Number) + "/" + b.Drop}, true, nil
}

func (tickets) read(s ticketState, answer protocol.Exchange) (protocol.Step, error) {
	body, _ := answer.Object()
	word := protocol.String(body["state"])
	if word == "" {
		return protocol.Step{}, broken("the ticket has no state")
	}
	raw, err := json.Marshal(s)
	step := protocol.Step{State: raw, ServiceStatus: word, RemoteID: s.Number}
	switch strings.ToLower(word) {
	case "closed":
		step.Outcome = protocol.Succeeded
		step.Value, step.HasValue = answer.Value()
	case "dropped":
		step.Outcome = protocol.Canceled
	case "torn":
		step.Outcome = protocol.Failed
		step.Error = &perdure.ServiceError{Code: word}
	}
	return step, err
}

func ticket(raw json.RawMessage) (ticketState, error) {
	var s ticketState
	if json.Unmarshal(raw, &s) != nil || s.Desk == "" {
		return s, broken("the state is not this protocol's")
	}
	return s, nil
}

func broken(message string) error {
	return &perdure.ProtocolError{Protocol: "tickets", Message: message}
}

// ticketSuite is all that the test of a protocol has to say.
var ticketSuite = protocoltest.Suite{
	Protocol: Tickets{},
	Scenarios: []protocoltest.Scenario{
		{
			Name: "closed", Recognized: true,
			Start: protocoltest.Turn{
				Asks: "POST https://desk.example.com/tickets", Status: 202, Body: `{"ticket":"a/7","state":"open"}`,
				Want: protocoltest.Want{ServiceStatus: "open", RemoteID: "a/7", Cancel: "POST https://desk.example.com/tickets/a%2F7/drop"},
			},
			Then: []protocoltest.Turn{
				{
					Asks: "GET https://desk.example.com/tickets/a%2F7", Body: `{"state":"at the counter"}`,
					Want: protocoltest.Want{ServiceStatus: "at the counter", RemoteID: "a/7", Cancel: "POST https://desk.example.com/tickets/a%2F7/drop"},
				},
				{
					Asks: "GET https://desk.example.com/tickets/a%2F7", Body: `{"state":"closed","by":"Ada"}`,
					Want: protocoltest.Want{Outcome: protocol.Succeeded, ServiceStatus: "closed", RemoteID: "a/7", Value: `{"state":"closed","by":"Ada"}`},
				},
			},
		},
		{
			Name: "torn, with another cancel", Options: `{"drop":"away"}`,
			Start: protocoltest.Turn{
				Asks: "POST https://desk.example.com/tickets", Body: `{"ticket":"8","state":"open"}`,
				Want: protocoltest.Want{ServiceStatus: "open", RemoteID: "8", Cancel: "POST https://desk.example.com/tickets/8/away"},
			},
			Then: []protocoltest.Turn{{
				Asks: "GET https://desk.example.com/tickets/8", Body: `{"state":"Torn"}`,
				Want: protocoltest.Want{Outcome: protocol.Failed, ServiceStatus: "Torn", RemoteID: "8", ErrorCode: "Torn"},
			}},
		},
		{
			Name: "no ticket",
			Start: protocoltest.Turn{
				Asks: "POST https://desk.example.com/tickets", Body: `{"state":"open"}`, Want: protocoltest.Want{Violation: true},
			},
		},
	},
}

func TestTickets(t *testing.T) { protocoltest.Run(t, ticketSuite) }

func FuzzTickets(f *testing.F) { protocoltest.Fuzz(f, ticketSuite) }
