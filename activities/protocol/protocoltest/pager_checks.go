package protocoltest

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/stretchr/testify/assert"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// spellings are values that change when they are read and written again.
const spellings = `1e400, 12345678901234567890,1.10,-0, "\u00fc\/ü" ,{"b" :1,"a":2,"a":3},null,[ ]`

// checkValues: values come as they are spelled and in their order; null for values is
// an empty page, an object in their place breaks the protocol.
func (s pagerSuite) checkValues(t assert.TestingT, points []pagePoint) {
	for _, p := range points {
		values := string(p.page.Values)
		if p.page.Count == 0 || strings.Count(p.turn.Body, values) != 1 {
			continue // they are not in the body as they are
		}
		b := s.bind(t, p.scenario)
		put := func(other string) (protocol.Page, error) {
			e := p.exchange
			e.Body = []byte(strings.Replace(p.turn.Body, values, other, 1))
			return b.read(e)
		}
		odd := "[" + spellings + "," + values[1:]
		page, err := put(odd)
		if assert.NoError(t, err, "%s: values as services spell them", p.turn.Asks) {
			assert.Equal(t, odd, string(page.Values), "%s: values as they are spelled", p.turn.Asks)
			assert.Equal(t, string(p.page.Next), string(page.Next), "%s: with other values first", p.turn.Asks)
		}
		if page, err := put("null"); err == nil {
			assert.Equal(t, "[]", string(page.Values), "%s: null for values", p.turn.Asks)
		}
		var violation *perdure.ProtocolError
		_, err = put("{}")
		assert.True(t, errors.As(err, &violation), "%s: an object in place of the values: want a violation of the protocol, got %v", p.turn.Asks, err)
	}
}

// checkConcurrent: methods are safe for concurrent use.
func (s pagerSuite) checkConcurrent(t assert.TestingT, points []pagePoint) {
	for _, p := range points {
		b := s.bind(t, p.scenario)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				b.recognizes(p.exchange)
				page, err := b.read(p.exchange)
				assert.NoError(t, err)
				assert.Equal(t, p.page, page, "called by several goroutines")
				_, err = b.ask(p.first, p.before)
				assert.NoError(t, err)
			})
		}
		wg.Wait()
	}
}

// checkHostile: whatever a service answers, no method panics, and what it gives is
// well formed.
func (s pagerSuite) checkHostile(t assert.TestingT, points []pagePoint, seen *sync.Map) {
	for _, p := range points {
		b := s.bind(t, p.scenario)
		attack := func(change func(e *protocol.Exchange)) {
			e := p.exchange
			e.Header = e.Header.Clone()
			change(&e)
			b.attackPage(p.first, e)
		}
		for _, body := range withHostileFields(p.turn.Body) {
			attack(func(e *protocol.Exchange) { e.Body = []byte(body) })
		}
		// The others depend on little but the options, which scenarios share.
		if _, done := seen.LoadOrStore(p.scenario.Options, true); done {
			continue
		}
		for _, body := range hostileBodies() {
			for _, status := range []int{http.StatusOK, http.StatusNoContent} {
				attack(func(e *protocol.Exchange) { e.Status, e.Body = status, []byte(body) })
			}
		}
		for _, value := range append(hostileLinks(), p.turn.Header["Link"]) {
			attack(func(e *protocol.Exchange) { e.Header.Add("Link", value) })
		}
		names, values := hostileHeaders()
		for name := range p.turn.Header {
			names = append(names, name)
		}
		for _, name := range names {
			for _, value := range values {
				attack(func(e *protocol.Exchange) { e.Header[http.CanonicalHeaderKey(name)] = []string{value} })
			}
		}
	}
}

// attackPage gives an answer to every method, and goes on from what comes of it.
func (b *pageSubject) attackPage(first protocol.Ask, e protocol.Exchange) {
	helper(b.t)
	b.recognizes(e)
	page, err := b.read(e)
	if err != nil || page.Next == nil {
		return
	}
	var violation *perdure.ProtocolError // the request would be too long
	_, err = b.ask(first, sealed(b.t, page.Next))
	assert.True(b.t, err == nil || errors.As(err, &violation), "Ask after %v: %v", input{exchange: e}, err)
}

// hostileLinks are values of the header Link.
func hostileLinks() []string {
	_, urls := hostileHeaders()
	out := []string{
		"<", "<>", "<>;", "<>;rel", "<>;rel=", `<>;rel="`, `<>;rel="next`, `<>;rel="next\`, `<x>;;;rel=next`, `<x>;=;rel=next`, `<x>;rel=next;rel=prev`, `<x>;REL=NEXT`,
		`x;rel=next`, `<x>rel=next`, `<x>;rel="a" b`, `,,,<x>;rel=next,,`, `<x>;rel=next;anchor="#a"`, `<x>;rel=next;anchor="http://[::1"`, `<x>;title*=UTF-8''%zz;rel=next`,
		`<x>;rel=next, <`, strings.Repeat("<x>;rel=a,", 5000), "<" + strings.Repeat(";", 5000), `<x>;rel="` + strings.Repeat(`\"`, 5000) + `"`,
	}
	for _, u := range urls {
		out = append(out, "<"+u+`>; rel="next"`)
	}
	return out
}

// checkStates: a state that is not the pager's own, or a first request that is odd, is
// an error or a request that can be sent, and no panic.
func (s pagerSuite) checkStates(t assert.TestingT, points []pagePoint) {
	if len(points) == 0 {
		return
	}
	last := points[len(points)-1]
	b := s.bind(t, last.scenario)
	for _, state := range append(hostileBodies(), `{"link":5}`, `{"link":""}`, `{"link":"x"}`, `{"token":null}`, `{"token":{}}`, `{"token":true}`, `{"token":"\n"}`) {
		if state != "" {
			_, _ = b.ask(last.first, json.RawMessage(state))
		}
	}
	for _, body := range hostileBodies() {
		odd := last.first
		odd.Body = []byte(body)
		_, _ = b.ask(odd, nil)
		_, _ = b.ask(odd, last.before)
	}
}
