package protocoltest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// streamSubject is to a bound streamer what subject is to a bound protocol.
type streamSubject struct {
	*subject
	protocol.Streaming
}

// bind binds the streamer anew. Nil: it does not bind, which was reported.
func (s streamerSuite) bind(t assert.TestingT, sc StreamScenario) *streamSubject {
	helper(t)
	b, err := s.streamer.Bind(options(sc.Options))
	if !assert.NoError(t, err, "the options %s", sc.Options) {
		return nil
	}
	return &streamSubject{&subject{t: t}, b}
}

func (b *streamSubject) ask(first protocol.Ask, at protocol.Position) (protocol.Ask, bool) {
	helper(b.t)
	r := twice(b.subject, "Ask", input{first: first}, func(in input) asked {
		ask, ok, err := b.Ask(in.first, at)
		own := ask.Header
		ask.Header = own.Clone()
		if own != nil {
			own.Set("X-Of-The-Caller", "who may write into what Ask gives")
		}
		return asked{ask, ok, err}
	})
	b.checkAsk("Ask", r)
	if r.err != nil || !r.ok {
		assert.Equal(b.t, protocol.Ask{}, r.ask, "the request where there is none: %v", r.err)
	}
	return r.ask, r.ok && r.err == nil
}

// begun is what Begin gives, in one value.
type begun struct {
	open bool
	err  error
}

func (b *streamSubject) begin(e protocol.Exchange) (bool, error) {
	helper(b.t)
	r := twice(b.subject, "Begin", input{exchange: e}, func(in input) begun {
		open, err := b.Begin(in.exchange)
		return begun{open, err}
	})
	if r.err != nil {
		b.checkError(r.err)
		assert.False(b.t, r.open, "a body is to be read beside the error %v", r.err)
	}
	return r.open, r.err
}

// streamed is what came of one body.
type streamed struct {
	events []protocol.StreamEvent
	err    error
}

// recorded are those that are no marks.
func (s streamed) recorded() (out []protocol.StreamEvent) {
	for _, e := range s.events {
		if !e.Mark {
			out = append(out, e)
		}
	}
	return out
}

// at is the position at the end of a body that began at begin.
func (s streamed) at(begin protocol.Position) protocol.Position {
	if len(s.events) == 0 {
		return begin
	}
	return s.events[len(s.events)-1].At
}

func (s streamed) ended() bool { return len(s.events) > 0 && s.events[len(s.events)-1].End }

func (s streamed) failed() string {
	if !s.ended() || s.events[len(s.events)-1].Failed == nil {
		return ""
	}
	return s.events[len(s.events)-1].Failed.Code
}

// events reads a body, and holds each event against what package protocol says of it.
func (b *streamSubject) events(body io.Reader, at protocol.Position) (out streamed) {
	helper(b.t)
	defer func() {
		if r := recover(); r != nil {
			b.t.Errorf("Events panics: %v", r)
		}
	}()
	for e, err := range b.Events(body, at) {
		if out.err != nil || out.ended() {
			b.t.Errorf("something comes after the end, or after an error (%v): %+v, %v", out.err, e, err)
			return out
		}
		if err != nil {
			assert.Equal(b.t, protocol.StreamEvent{}, e, "the event beside the error %v", err)
			b.checkReadError(err)
			out.err = err
			continue
		}
		if why := malformed(e); why != "" {
			b.t.Errorf("an event has %s: %.300q", why, fmt.Sprintf("%+v", e))
		}
		e.Data = bytes.Clone(e.Data)
		out.events = append(out.events, e)
	}
	return out
}

// checkReadError: the kinds of error that a body may give.
func (b *streamSubject) checkReadError(err error) {
	helper(b.t)
	var size *perdure.SizeError
	var violation *perdure.ProtocolError
	assert.True(b.t, errors.As(err, &size) || errors.As(err, &violation) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errBroken),
		"an error is a *perdure.ProtocolError, a *perdure.SizeError, io.ErrUnexpectedEOF or the reader's own, got %T: %v", err, err)
	assert.NotContains(b.t, err.Error(), "\n", "an error is one line")
}

// malformed says what is wrong with an event, as package protocol has them; "": nothing.
// It is asked of many.
func malformed(e protocol.StreamEvent) string {
	switch {
	case e.At.Since < 0 || e.At.Retry < 0:
		return "a position with negative numbers"
	case e.Failed != nil && !e.End:
		return "a failure that does not end the stream"
	case e.Failed != nil && e.Failed.Code == "":
		return "a failure without a code"
	case e.Failed != nil && e.Failed.Details != nil && !json.Valid(e.Failed.Details):
		return "a failure whose details are no JSON"
	case !utf8.ValidString(e.At.LastEventID) || !utf8.ValidString(e.At.Cursor):
		return "a position that is no UTF-8"
	case e.Mark && (e.Type != "" || e.Data != nil):
		return "a mark that has a type or data"
	case e.Mark:
		return ""
	case e.Type == "" || !utf8.ValidString(e.Type):
		return "no type, or one that is no UTF-8"
	case !json.Valid(e.Data) || !utf8.Valid(e.Data):
		return "data that are no JSON"
	}
	return ""
}
