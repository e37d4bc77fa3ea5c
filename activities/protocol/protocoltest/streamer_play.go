package protocoltest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/stretchr/testify/assert"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// streamPoint is one connection of a scenario, with what led to it.
type streamPoint struct {
	scenario   StreamScenario
	connection Connection
	first      protocol.Ask
	at         protocol.Position
	exchange   protocol.Exchange // without its body
	read       streamed
}

// play plays a scenario: at each connection with a streamer bound anew and a position
// that went through a seal, as in another process. It gives the connections that have a
// body.
func (s streamerSuite) play(t assert.TestingT, sc StreamScenario) []streamPoint {
	helper(t)
	var points []streamPoint
	p := streamPoint{scenario: sc, first: sc.First}
	if p.first.URL == "" && len(sc.Connections) > 0 {
		p.first.Method, p.first.URL, _ = strings.Cut(sc.Connections[0].Asks, " ")
	}
	for _, c := range sc.Connections {
		b := s.bind(t, sc)
		if b == nil {
			return points
		}
		p.connection = c
		ask, ok := b.ask(p.first, p.at)
		if !b.asksFor(p, ask, ok) {
			return points
		}
		p.exchange = exchange(Turn{Status: c.Status, Header: c.Header}, ask.Method+" "+ask.URL, "")
		p.exchange.Body = nil
		open, err := b.begin(p.exchange)
		if c.Over || c.Violation && err != nil {
			assert.False(t, open, "%s: there is no body to read", c.Asks)
			assert.Equal(t, c.Violation, err != nil, "%s: the service broke its protocol: %v", c.Asks, err)
			return points
		}
		if !assert.NoError(t, err, "%s: the head of the answer", c.Asks) || !assert.True(t, open, "%s: there is a body to read", c.Asks) {
			return points
		}
		body := b.body(c)
		p.read = b.events(body, p.at)
		if !b.gives(p, body) {
			return points
		}
		points = append(points, p)
		p.at = resealed(t, p.read.at(p.at))
	}
	return points
}

// asksFor holds a request against the connection's. False: there is none.
func (b *streamSubject) asksFor(p streamPoint, ask protocol.Ask, ok bool) bool {
	helper(b.t)
	c := p.connection
	if c.Lost {
		assert.False(b.t, ok, "there is no way to go on from %+v, and Ask gives %s %s", p.at, ask.Method, ask.URL)
		return false
	}
	if !assert.True(b.t, ok, "%s: a way to go on from %+v", c.Asks, p.at) {
		return false
	}
	want, got := p.first.Header.Clone(), ask.Header.Clone()
	if want == nil {
		want = http.Header{}
	}
	for name, value := range c.AsksHeader {
		want.Set(name, value)
	}
	if accept := got.Get("Accept"); want.Get("Accept") == "" {
		assert.NotEmpty(b.t, accept, "%s: the header Accept", c.Asks)
		got.Del("Accept")
	}
	assert.Equal(b.t, want, got, "%s: the request's headers", c.Asks)
	assert.Equal(b.t, string(p.first.Body), string(ask.Body), "%s: the request's body", c.Asks)
	return assert.Equal(b.t, c.Asks, ask.Method+" "+ask.URL, "the request")
}

// readAhead is how much more than one event may be read.
const readAhead = 64 << 10

// body is a connection's; limit is what may be read of one that has no end.
func (b *streamSubject) body(c Connection) *countedBody {
	var end io.Reader = strings.NewReader("")
	switch {
	case c.Endless:
		end = endless{}
	case c.Breaks:
		end = broken{}
	}
	return &countedBody{Reader: io.MultiReader(strings.NewReader(c.Body), end)}
}

// gives holds what was read against the connection's.
func (b *streamSubject) gives(p streamPoint, body *countedBody) bool {
	helper(b.t)
	c, t := p.connection, b.t
	var got []StreamedEvent
	for _, e := range p.read.events {
		if !e.Mark {
			got = append(got, StreamedEvent{Type: e.Type, ID: e.At.LastEventID, Data: string(e.Data)})
		}
	}
	var want []StreamedEvent
	for _, e := range c.Events {
		if e.Type == "" {
			e.Type = "message"
		}
		want = append(want, e)
	}
	var size *perdure.SizeError
	var violation *perdure.ProtocolError
	ok := assert.Equal(t, want, got, "%s: the events", c.Asks)
	ok = assert.Equal(t, c.TooLarge, errors.As(p.read.err, &size), "%s: an event is too large, want a *perdure.SizeError: %v", c.Asks, p.read.err) && ok
	ok = assert.Equal(t, c.Violation, errors.As(p.read.err, &violation), "%s: want a violation of the protocol: %v", c.Asks, p.read.err) && ok
	ok = assert.Equal(t, c.Cut, errors.Is(p.read.err, io.ErrUnexpectedEOF), "%s: the body ends within an event: %v", c.Asks, p.read.err) && ok
	ok = assert.Equal(t, c.Breaks && !c.End && c.Failed == "", errors.Is(p.read.err, errBroken), "%s: the connection broke: %v", c.Asks, p.read.err) && ok
	ok = assert.Equal(t, c.Failed, p.read.failed(), "%s: the code of the error with which the stream ends", c.Asks) && ok
	ok = assert.Equal(t, c.End || c.Failed != "", p.read.ended(), "%s: the service has ended the stream", c.Asks) && ok
	if c.Endless {
		const most = 2<<20 + readAhead
		ok = assert.Less(t, body.read, most, "%s: the bytes that were read of a body without end", c.Asks) && ok
	}
	return assert.Equal(t, p.scenario.EndsClean, b.EndsClean(), "a body's end is the stream's") && ok
}

// resealed is a position as another process gets it.
func resealed(t assert.TestingT, at protocol.Position) (out protocol.Position) {
	helper(t)
	raw, err := json.Marshal(at)
	assert.NoError(t, err)
	assert.NoError(t, json.Unmarshal(raw, &out))
	assert.Equal(t, at, out, "the position, written and read")
	return out
}
