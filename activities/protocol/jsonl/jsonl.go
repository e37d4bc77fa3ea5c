package jsonl

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/streaming"
)

// Name is what inputs call the streamer.
const Name = "jsonl"

// accept lists the names that the format goes by.
const accept = "application/jsonl, application/x-ndjson, application/json;q=0.9, */*;q=0.5"

// Streamer is for one JSON value a line. The body's end is the stream's.
type Streamer struct{}

// Name is "jsonl".
func (Streamer) Name() string { return Name }

// options of the streamer.
type options struct {
	Cursor        *streaming.Cursor `json:"cursor"`
	MaxEventBytes *int64            `json:"maxEventBytes"`
	Resume        *bool             `json:"resume"`
}

// Bind reads the options.
func (Streamer) Bind(raw json.RawMessage) (protocol.Streaming, error) {
	var o options
	if err := protocol.Options(raw, &o); err != nil {
		return nil, err
	}
	rules, err := streaming.Check(Name, streaming.Options{Cursor: o.Cursor, MaxEventBytes: o.MaxEventBytes, Resume: o.Resume})
	if err != nil {
		return nil, err
	}
	return bound{rules}, nil
}

type bound struct{ streaming.Rules }

// Ask goes on by the option cursor: a line has no id.
func (b bound) Ask(first protocol.Ask, at protocol.Position) (protocol.Ask, bool, error) {
	ask, ok := b.Rules.Ask(first, at, accept)
	return ask, ok, nil
}

// Begin takes 200 and 204, whatever the Content-Type: services have many names for the
// format, and some have none. An event stream is none of them.
func (b bound) Begin(answer protocol.Exchange) (open bool, err error) {
	if open, err = b.CheckStatus(answer); !open {
		return false, err
	}
	if media, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); media == "text/event-stream" {
		return false, b.Violation("answers with an event stream; want the protocol sse")
	}
	return true, nil
}

// EndsClean is true: there is no mark.
func (bound) EndsClean() bool { return true }

// Events reads a value a line. Empty lines are no events; a last line without its line
// end is one if it is whole JSON.
func (b bound) Events(body io.Reader, at protocol.Position) iter.Seq2[protocol.StreamEvent, error] {
	return func(yield func(protocol.StreamEvent, error) bool) {
		l := lines{r: bufio.NewReader(body), limit: b.MaxEventBytes}
		for {
			e, found, err := b.next(&l, at)
			if found {
				at = e.At
				if !yield(e, nil) {
					return
				}
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					yield(protocol.StreamEvent{}, err)
				}
				return
			}
		}
	}
}

// next reads a line. Found is false for one that is empty. The error io.EOF is the
// body's end.
func (b bound) next(l *lines, at protocol.Position) (e protocol.StreamEvent, found bool, err error) {
	text, err := l.next()
	switch {
	case errors.Is(err, errTooLarge):
		return e, false, b.TooLarge()
	case err != nil && !errors.Is(err, io.EOF):
		return e, false, err
	}
	text = bytes.TrimSpace(text)
	switch {
	case len(text) == 0:
		return e, false, err
	case json.Valid(text):
		data := []byte(streaming.Decode(text)) // what is malformed is within strings
		return protocol.StreamEvent{Type: streaming.Message, Data: data, At: b.After(at, "", false, data)}, true, err
	case err != nil:
		return e, false, io.ErrUnexpectedEOF
	}
	return e, false, b.Violation(fmt.Sprintf("line %d is no JSON", l.number))
}

// errTooLarge: a line is larger than the limit.
var errTooLarge = errors.New("jsonl: the line is too large")

// lines splits a body at LF; a CR before it is white space.
type lines struct {
	r      *bufio.Reader
	limit  int64
	number int // of the line that was read last
	text   []byte
}

// next is a line, valid until the next call. With an error it is what came before that.
func (l *lines) next() ([]byte, error) {
	l.number++
	l.text = l.text[:0]
	for {
		part, err := l.r.ReadSlice('\n')
		if l.number == 1 && len(l.text) == 0 {
			part = bytes.TrimPrefix(part, []byte("\xef\xbb\xbf"))
		}
		l.text = append(l.text, part...)
		if int64(len(bytes.TrimRight(l.text, "\r\n"))) > l.limit {
			return nil, errTooLarge
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return l.text, err
		}
	}
}
