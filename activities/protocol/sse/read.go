package sse

import (
	"cmp"
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/streaming"
)

// Event is one that a stream dispatches.
type Event struct {
	// Type is "message" where the stream names none.
	Type string
	// Data is the lines of its data, joined by LF.
	Data string
	// ID is the event's own, perhaps the empty one, where SetsID is true.
	ID     string
	SetsID bool
	// Retry is how long the stream asks to wait before a connection is taken up again; 0:
	// it has not.
	Retry time.Duration
	// Silent: there is no event, because there is no data. ID, SetsID and Retry count all
	// the same.
	Silent bool
}

// errTooLarge: an event's data is larger than the limit.
var errTooLarge = errors.New("sse: the event is too large")

// Read reads an event stream as WHATWG HTML, 9.2.6 says; maxData bounds the data of an
// event. An error comes once, last: errTooLarge, a *perdure.SizeError for another field,
// io.ErrUnexpectedEOF where the body ends within an event, or the body's own. A body that
// ends after a whole event is no error.
func Read(body io.Reader, maxData int64) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		p := parser{lines: newLines(body), data: data{limit: maxData}}
		for {
			e, err := p.event()
			if err == nil {
				if !yield(e, nil) {
					return
				}
				continue
			}
			// What the stream says of retries holds without an event.
			if p.retry != p.told && !yield(Event{Retry: p.retry, Silent: true}, nil) {
				return
			}
			if err = p.atEnd(err); err != nil {
				yield(Event{}, err)
			}
			return
		}
	}
}

// parser is one body at work.
type parser struct {
	lines *lines
	field field

	// Of the event that is being read:
	data   data
	typ    string
	id     string
	setsID bool

	retry time.Duration
	told  time.Duration // the retry that was told last
}

// event reads up to the next empty line after which there is something to tell.
func (p *parser) event() (Event, error) {
	for {
		if err := p.line(); err != nil {
			return Event{}, err
		}
		if p.field.began {
			p.interpret()
		} else if e, ok := p.dispatch(); ok {
			return e, nil
		}
	}
}

// line reads a line into field.
func (p *parser) line() error {
	p.field.begin(&p.data)
	for {
		part, ends, err := p.lines.next()
		if err != nil {
			return err
		}
		if err := p.field.write(part); err != nil {
			return err
		}
		if ends {
			return p.field.end()
		}
	}
}

// interpret takes the field of a line over.
func (p *parser) interpret() {
	switch p.field.kind {
	case isEvent:
		p.typ = streaming.Decode(p.field.value)
	case isID:
		if id := string(p.field.value); !strings.Contains(id, "\x00") {
			p.id, p.setsID = streaming.Decode(p.field.value), true
		}
	case isRetry:
		p.retry = reconnectionTime(string(p.field.value), p.retry)
	case isData, ignored, unnamed:
	}
}

// dispatch is what an empty line does. False: there is nothing to tell.
func (p *parser) dispatch() (Event, bool) {
	e := Event{ID: p.id, SetsID: p.setsID, Retry: p.retry, Silent: !p.data.any}
	if !e.Silent {
		e.Type, e.Data = cmp.Or(p.typ, streaming.Message), streaming.Decode(p.data.text)
	}
	news := !e.Silent || e.SetsID || p.retry != p.told
	p.data.reset()
	p.typ, p.id, p.setsID, p.told = "", "", false, p.retry
	return e, news
}

// atEnd: a body that ends within an event has been cut off.
func (p *parser) atEnd(err error) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	if p.field.began || p.data.any || p.typ != "" || p.setsID {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// reconnectionTime reads ASCII digits, the milliseconds; anything else is ignored.
func reconnectionTime(value string, before time.Duration) time.Duration {
	if value == "" || strings.Trim(value, "0123456789") != "" {
		return before
	}
	ms, err := strconv.ParseInt(value, 10, 64)
	if err != nil || ms > protocol.MaxRetryAfter.Milliseconds() { // too many digits
		return protocol.MaxRetryAfter
	}
	return time.Duration(max(ms, 1)) * time.Millisecond // 0 is a time, and not none
}
