package openai

import (
	"bufio"
	"encoding/json"
	"io"
	"iter"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/sse"
)

// Streamer is the convention of OpenAI's API, and of many that imitate it, for event
// streams: those of chat completions, which have data only and end with [DONE], and
// those of responses and runs, whose events have types.
type Streamer struct{}

// Name is "openai".
func (Streamer) Name() string { return Name }

// Bind reads the options that all event streams take.
func (Streamer) Bind(raw json.RawMessage) (protocol.Streaming, error) {
	s, err := sse.Bind(sse.Dialect{Name: Name, End: streamEnd}, raw)
	if err != nil {
		return nil, err
	}
	return stream{s}, nil
}

type stream struct{ *sse.Stream }

// Begin takes JSON, too: some services answer 200 with an error in it.
func (s stream) Begin(answer protocol.Exchange) (open bool, err error) {
	if media := sse.MediaType(answer); media == "application/json" {
		return s.CheckStatus(answer)
	}
	return s.Stream.Begin(answer)
}

// Events reads an event stream, or the error that came in its place. No line of an event
// stream that means anything begins with a brace.
func (s stream) Events(body io.Reader, at protocol.Position) iter.Seq2[protocol.StreamEvent, error] {
	return func(yield func(protocol.StreamEvent, error) bool) {
		r := bufio.NewReader(body)
		if begin, err := r.Peek(1); err == nil && begin[0] == '{' {
			yield(s.refusal(r, at))
			return
		}
		s.Stream.Events(r, at)(yield)
	}
}

// refusal reads a body that is JSON.
func (s stream) refusal(body io.Reader, at protocol.Position) (protocol.StreamEvent, error) {
	text, err := io.ReadAll(io.LimitReader(body, s.MaxEventBytes+1))
	switch {
	case err != nil:
		return protocol.StreamEvent{}, err
	case int64(len(text)) > s.MaxEventBytes:
		return protocol.StreamEvent{}, s.TooLarge()
	}
	fields, _ := protocol.Exchange{Body: text}.Object()
	if isError(fields["error"]) {
		return protocol.StreamEvent{At: at, End: true, Mark: true, Failed: streamError(errorType, fields["error"], "")}, nil
	}
	return protocol.StreamEvent{}, s.Violation(`answers with JSON in place of an event stream; does the request say "stream": true?`)
}
