package protocoltest

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/stretchr/testify/assert"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// pagePoint is one page of a scenario, with what led to it.
type pagePoint struct {
	scenario PageScenario
	turn     PageTurn
	first    protocol.Ask
	before   json.RawMessage // nil: the first page
	exchange protocol.Exchange
	page     protocol.Page
}

// play plays a scenario: at each page with a pager bound anew and a state that went
// through a seal, as in another process.
func (s pagerSuite) play(t assert.TestingT, sc PageScenario) []pagePoint {
	helper(t)
	var points []pagePoint
	p := pagePoint{scenario: sc, first: firstOf(sc)}
	for i, turn := range sc.Pages {
		b := s.bind(t, sc)
		if b == nil {
			return points
		}
		p.turn = turn
		ask, err := b.ask(p.first, p.before)
		if turn.Unaskable != "" {
			checkRefusal(t, err, turn.Asks, turn.Unaskable)
			return points
		}
		if !b.asksFor(p, ask, err) {
			return points
		}
		p.exchange = answer(turn, ask, p.first)
		if p.before == nil && sc.Options == "" {
			assert.Equal(t, sc.Recognized, b.recognizes(p.exchange), "auto recognises the first page")
		}
		if p.page, err = b.read(p.exchange); !b.gives(p, err) {
			return points
		}
		points = append(points, p)
		if last := i == len(sc.Pages)-1; !assert.Equal(t, last, p.page.Next == nil, "%s: this is the last page", turn.Asks) || last {
			return points
		}
		p.before = sealed(t, p.page.Next)
	}
	return points
}

// firstOf is a collection's first request.
func firstOf(sc PageScenario) protocol.Ask {
	first := sc.First
	if first.URL == "" && len(sc.Pages) > 0 {
		first.Method, first.URL, _ = strings.Cut(sc.Pages[0].Asks, " ")
	}
	if first.Method == "" {
		first.Method = http.MethodGet
	}
	return first
}

// asksFor holds a request against the turn's.
func (b *pageSubject) asksFor(p pagePoint, ask protocol.Ask, err error) bool {
	helper(b.t)
	if !assert.NoError(b.t, err, "the request %s", p.turn.Asks) {
		return false
	}
	type request struct {
		line, body string
		header     http.Header
	}
	want := request{line: p.turn.Asks, body: p.turn.AsksBody, header: http.Header{}}
	if p.before == nil {
		want.header, want.body = p.first.Header.Clone(), string(p.first.Body)
	}
	for name, value := range p.turn.AsksHeader {
		want.header.Set(name, value)
	}
	got := request{line: ask.Method + " " + ask.URL, body: string(ask.Body), header: ask.Header}
	if len(got.header) == 0 && len(want.header) == 0 {
		got.header, want.header = nil, nil
	}
	return assert.Equal(b.t, want, got, "the request")
}

// answer is a turn's answer, at the request's URL, which may be relative to a service.
func answer(turn PageTurn, ask, first protocol.Ask) protocol.Exchange {
	e := exchange(Turn{Status: turn.Status, Header: turn.Header, Body: turn.Body}, ask.Method+" "+ask.URL, first.Method+" "+first.URL)
	if u, err := url.Parse(e.URL); err == nil && u.Host == "" {
		e.URL = "https://service.example.com/" + strings.TrimPrefix(e.URL, "/")
	}
	return e
}

// gives holds a page against the turn's. False: there is none to go on from.
func (b *pageSubject) gives(p pagePoint, err error) bool {
	helper(b.t)
	if p.turn.Violation {
		var violation *perdure.ProtocolError
		assert.True(b.t, errors.As(err, &violation), "%s: want a violation of the protocol, got %s and the error %v", p.turn.Asks, p.page.Values, err)
		return false
	}
	want := p.turn.Values
	if want == "" {
		want = "[]"
	}
	return assert.NoError(b.t, err, p.turn.Asks) && assert.Equal(b.t, want, string(p.page.Values), "%s: the page's values", p.turn.Asks)
}

// checkRefusal wants a *perdure.InputError that names the field; "": any.
func checkRefusal(t assert.TestingT, err error, what, field string) {
	helper(t)
	var input *perdure.InputError
	if assert.True(t, errors.As(err, &input), "%s: want a *perdure.InputError, got %v", what, err) && field != "" {
		assert.Equal(t, field, input.Field, "%s: the field that the error %q names", what, err)
	}
}
