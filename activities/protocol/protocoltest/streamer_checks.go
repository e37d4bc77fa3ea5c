package protocoltest

import (
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/stretchr/testify/assert"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// checkChunks: however the bytes come, they mean the same.
func (s streamerSuite) checkChunks(t assert.TestingT, points []streamPoint) {
	for _, p := range points {
		if p.connection.Endless {
			continue
		}
		for way, body := range chunked(p.connection.Body, p.ending()) {
			got := s.bind(t, p.scenario).events(body, p.at)
			assert.Equal(t, p.read, got, "%s: the body, %s", p.connection.Asks, way)
		}
	}
}

// ending is the error with which the connection's body ends.
func (p streamPoint) ending() error {
	if p.connection.Breaks {
		return errBroken
	}
	return io.EOF
}

// maxBreaks bounds the bytes of a body at each of which the connection is broken.
const maxBreaks = 4 << 10

// checkBreaks: a connection that breaks has given the first of the events, each whole and at
// its position; and a reader that stops early is given no more.
func (s streamerSuite) checkBreaks(t assert.TestingT, points []streamPoint) {
	for _, p := range points {
		if p.connection.Endless {
			continue
		}
		whole := p.read.recorded()
		body := p.connection.Body
		for at := range min(len(body), maxBreaks) {
			got := s.bind(t, p.scenario).events(io.MultiReader(strings.NewReader(body[:at]), broken{}), p.at)
			if events := got.recorded(); !isPrefix(events, whole) {
				t.Errorf("%s: broken after byte %d: want the first of %+v, got %+v", p.connection.Asks, at, whole, events)
				return
			}
			if !got.ended() && !errors.Is(got.err, errBroken) && (got.err == nil || p.read.err == nil) {
				t.Errorf("%s: broken after byte %d: the error is %v", p.connection.Asks, at, got.err)
			}
		}
		for n := range p.read.events {
			s.checkLeft(t, p, n)
		}
	}
}

func isPrefix(events, whole []protocol.StreamEvent) bool {
	return len(events) <= len(whole) && slices.EqualFunc(events, whole[:len(events)], func(a, b protocol.StreamEvent) bool { return reflect.DeepEqual(a, b) })
}

// checkLeft stops to read after n events.
func (s streamerSuite) checkLeft(t assert.TestingT, p streamPoint, n int) {
	defer func() {
		if r := recover(); r != nil {
			t.Errorf("%s: Events panics when its reader stops: %v", p.connection.Asks, r)
		}
	}()
	for _, err := range s.bind(t, p.scenario).Events(strings.NewReader(p.connection.Body), p.at) {
		if n == 0 || err != nil {
			return
		}
		n--
	}
}

// checkConcurrent: methods are safe for concurrent use.
func (s streamerSuite) checkConcurrent(t assert.TestingT, points []streamPoint) {
	for _, p := range points {
		if p.connection.Endless {
			continue
		}
		b := s.bind(t, p.scenario)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				b.ask(p.first, p.at)
				_, err := b.begin(p.exchange)
				assert.NoError(t, err)
				for _, body := range chunked(p.connection.Body, p.ending()) {
					assert.Equal(t, p.read, b.events(body, p.at), "called by several goroutines")
				}
			})
		}
		wg.Wait()
	}
}

// checkHostile: whatever a service answers, no method panics, and what it gives is well
// formed.
func (s streamerSuite) checkHostile(t assert.TestingT, points []streamPoint, seen *sync.Map) {
	for _, p := range points {
		b := s.bind(t, p.scenario)
		var attacks []string
		for _, e := range p.read.events {
			data := plainData(e)
			for _, other := range withHostileFields(data) {
				attacks = append(attacks, strings.Replace(p.connection.Body, data, other, 1))
			}
		}
		// The others depend on little but the options, which scenarios share.
		if _, done := seen.LoadOrStore(p.scenario.Options, true); !done {
			b.attackBegin(p)
			for _, body := range append(hostileBodies(), hostileStreams()...) {
				attacks = append(attacks, body, p.connection.Body+body, "data: "+body+"\n\n", body+"\n"+body+"\n\n")
			}
		}
		for _, body := range attacks {
			b.attackStream(p, body)
		}
	}
}

// plainData is an event's data as it stands in the body.
func plainData(e protocol.StreamEvent) string {
	if text := protocol.String(e.Data); text != "" {
		return text
	}
	return string(e.Data)
}

// attackStream reads a body and, where it leaves a position, asks to go on from there.
func (b *streamSubject) attackStream(p streamPoint, body string) {
	helper(b.t)
	got := b.events(strings.NewReader(body), p.at)
	b.ask(p.first, resealed(b.t, got.at(p.at)))
	broke := b.events(io.MultiReader(strings.NewReader(body), broken{}), p.at)
	b.ask(p.first, resealed(b.t, broke.at(p.at)))
}

// attackBegin gives odd heads to Begin.
func (b *streamSubject) attackBegin(p streamPoint) {
	helper(b.t)
	names, values := hostileHeaders()
	for _, name := range names {
		for _, value := range append(values, ";", "text/event-stream;", "text/event-stream;;=", "application/json;charset", "a/b/c", "TEXT/EVENT-STREAM") {
			for _, status := range []int{http.StatusOK, http.StatusCreated, http.StatusNoContent, http.StatusPartialContent, 299} {
				e := p.exchange
				e.Header = e.Header.Clone()
				e.Header[http.CanonicalHeaderKey(name)] = []string{value}
				e.Status = status
				_, _ = b.begin(e)
			}
		}
	}
}

// hostileStreams are event streams that no service should send, and that some do.
func hostileStreams() []string {
	long := strings.Repeat("x", 70_000)
	return []string{
		"\n", "\r", "\r\n\r\n\n\r\r", ":", "::", ":\n\n", "data", "data\n", "data\n\n", "data:\n\n", "data: \n\n", "data:  \n\n", "data\r\r", "DATA: x\n\n", "data : x\n\n", " data: x\n\n",
		"\xef\xbb\xbfdata: x\n\n", "\xef\xbb\xbf\xef\xbb\xbfdata: x\n\n", "\xef\xbbdata: x\n\n", "\xef", "id: \x00\ndata: x\n\n", "id: \x01\x7f\ndata: x\n\n", "id: \xff\ndata: \xff\xfe\n\n", "id: " + long + "\ndata: x\n\n",
		"event: " + long + "\ndata: x\n\n", "event: \xff\ndata: x\n\n", "retry: 99999999999999999999999\ndata: x\n\n", "retry: -1\n\n", "retry:\n\n", "retry: 0\n\n", "retry: 1e3\n\n", "retry: \u0661\n\n",
		":" + long + "\ndata: x\n\n", long + ": x\ndata: x\n\n", strings.Repeat("data\n", 5000) + "\n", strings.Repeat("\r\n", 5000), strings.Repeat("id: 1\n\n", 500), "data: [DONE]", "data: [DONE]\n\ndata: x\n\n",
		"event: error\n\n", "event: error\ndata\n\n", "event: error\ndata: oops\n\n", "event: error\ndata: null\n\n", "event: response.failed\ndata: {\"response\":5}\n\n", "event: response.completed\ndata\n\n",
		`{"error":{"message":"x"}}`, `{"error":null}`, `{"error":5}`, `{"error":`, "{}\n{}\n", "{}\r\n\r\n{}", "{}{}\n", "{\n}\n", "1\n2\n3", "nul", "\"\xff\"\n", "\x1e{}\n",
	}
}
