package protocoltest

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// answeredAt is when every answer is complete.
var answeredAt = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// point is one answer of a scenario, with the state before it and the step that it
// led to.
type point struct {
	scenario Scenario
	turn     Turn
	before   json.RawMessage // nil: the start
	exchange protocol.Exchange
	step     protocol.Step
	fetching bool // the answer is to the question for the value
}

// play plays a scenario: at each answer with a protocol bound anew and a state that
// went through a seal, as in another process.
func (s Suite) play(t assert.TestingT, sc Scenario) []point {
	helper(t)
	p := point{scenario: sc, turn: sc.Start, exchange: exchange(sc.Start, sc.Start.Asks, "")}
	if !s.start(t, &p) {
		return nil
	}
	points := []point{p}
	for _, turn := range sc.Then {
		b, last := s.bind(t, sc), points[len(points)-1]
		p := point{scenario: sc, turn: turn, before: sealed(t, last.step.State), fetching: last.fetching || last.step.Fetch}
		ask, err := b.next(p.before)
		if !assert.NoError(t, err, "the question %s", turn.Asks) || !assert.Equal(t, turn.Asks, ask.Method+" "+ask.URL, "the question") {
			return points
		}
		p.exchange = exchange(turn, turn.Asks, sc.Start.Asks)
		if !s.answer(t, b, &p) {
			return points
		}
		points = append(points, p)
	}
	s.checkLast(t, points)
	return points
}

// start plays the start, or the adoption.
func (s Suite) start(t assert.TestingT, p *point) bool {
	helper(t)
	b := s.bind(t, p.scenario)
	if b == nil {
		return false
	}
	var err error
	if p.scenario.Adopt == nil {
		if p.scenario.Options == "" {
			assert.Equal(t, p.scenario.Recognized, b.recognizes(p.exchange), "auto recognises the start's answer")
		}
		p.step, err = b.started(p.exchange)
		return b.wants(*p, err)
	}
	adopter, ok := b.Bound.(protocol.Adopter)
	if !assert.True(t, ok, "the protocol cannot adopt") {
		return false
	}
	p.step, err = adopter.Adopt(*p.scenario.Adopt)
	b.wellFormed(p.step, err)
	return b.wants(*p, err)
}

// answer plays one answer.
func (s Suite) answer(t assert.TestingT, b *subject, p *point) bool {
	helper(t)
	if p.exchange.Status < http.StatusBadRequest {
		var err error
		p.step, err = b.answered(p.before, p.exchange)
		return b.wants(*p, err)
	}
	step, end := b.refused(p.before, p.exchange)
	if !assert.Equal(t, !p.turn.Want.Rejected, end, "%s: the answer %d is the operation's end", p.turn.Asks, p.exchange.Status) || !end {
		return false
	}
	p.step = step
	return b.wants(*p, nil)
}

// wants holds a step against the turn's want. False: there is no step to go on from.
func (b *subject) wants(p point, err error) bool {
	helper(b.t)
	want := p.turn.Want
	if want.Violation {
		var violation *perdure.ProtocolError
		assert.True(b.t, errors.As(err, &violation), "%s: want a violation of the protocol, got %+v and the error %v", p.turn.Asks, p.step, err)
		return false
	}
	if !assert.NoError(b.t, err, p.turn.Asks) {
		return false
	}
	got := Want{
		Outcome: p.step.Outcome, Fetch: p.step.Fetch, ServiceStatus: p.step.ServiceStatus, RemoteID: p.step.RemoteID,
		Percent: p.step.Percent, Progress: string(p.step.Progress), Value: string(p.step.Value),
	}
	if p.step.Error != nil {
		got.ErrorCode, got.ErrorMessage = p.step.Error.Code, p.step.Error.Message
	}
	if p.step.Outcome == protocol.Running {
		if ask, supported, err := b.cancel(p.step.State); assert.NoError(b.t, err, "cancel") && supported {
			got.Cancel = ask.Method + " " + ask.URL
		}
	}
	return assert.Equal(b.t, want, got, "%s: what the answer means", p.turn.Asks)
}

// checkLast: an operation that has a monitor can be asked for after its end too.
func (s Suite) checkLast(t assert.TestingT, points []point) {
	helper(t)
	last := points[len(points)-1]
	_, err := s.bind(t, last.scenario).next(sealed(t, last.step.State))
	if len(points) > 1 || last.step.Outcome == protocol.Running || last.step.Fetch {
		assert.NoError(t, err, "Next on the last state")
	}
}

// checkAgain: the same answer once more, to the state that it led to, means the same.
// Questions overlap, and a worker that died had read an answer that nobody recorded.
func (s Suite) checkAgain(t assert.TestingT, points []point) {
	for _, p := range points {
		if p.before == nil || p.step.Fetch || p.exchange.Status >= http.StatusBadRequest {
			continue
		}
		b := s.bind(t, p.scenario)
		again, err := b.answered(sealed(t, p.step.State), p.exchange)
		if assert.NoError(t, err, "%s: the same answer again", p.turn.Asks) {
			again.State = p.step.State
			assert.Equal(t, p.step, again, "%s: the same answer again", p.turn.Asks)
		}
	}
}

// exchange is a turn's answer, to the request asks, which may be relative to another.
func exchange(turn Turn, asks, relativeTo string) protocol.Exchange {
	method, target, _ := strings.Cut(asks, " ")
	_, base, _ := strings.Cut(relativeTo, " ")
	if b, err := url.Parse(base); err == nil && base != "" {
		if u, err := b.Parse(target); err == nil {
			target = u.String()
		}
	}
	e := protocol.Exchange{Method: method, URL: target, Status: turn.Status, Header: http.Header{}, Body: []byte(turn.Body), At: answeredAt}
	if e.Status == 0 {
		e.Status = http.StatusOK
	}
	for name, value := range turn.Header {
		e.Header.Set(name, value)
	}
	return e
}
