package sse

import (
	"encoding/json"
	"errors"
	"io"
	"iter"
	"mime"
	"slices"
	"strconv"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/streaming"
)

// Name is what inputs call the streamer.
const Name = "sse"

// ContentType of an event stream.
const ContentType = "text/event-stream"

// Streamer is for services that keep to the standard: a body that ends is the stream's
// end, unless the option endEvents says otherwise.
type Streamer struct{}

// Name is "sse".
func (Streamer) Name() string { return Name }

// Bind reads the options that all event streams take.
func (Streamer) Bind(raw json.RawMessage) (protocol.Streaming, error) {
	return Bind(Dialect{Name: Name}, raw)
}

// Dialect is what a service has agreed on beside the standard.
type Dialect struct {
	// Name is the streamer's.
	Name string
	// End says how an event ends the stream, if it does; nil: by the option endEvents
	// only. It is safe for concurrent use.
	End func(e Event) Ending
}

// Ending is how an event ends the stream; the zero value: it does not.
type Ending struct {
	End bool
	// Mark: it is no event, and not recorded.
	Mark bool
	// Failed is why, where the stream ends badly, in the service's words.
	Failed *perdure.ServiceError
}

// options of event streams.
type options struct {
	Cursor *streaming.Cursor `json:"cursor"`
	// JSON: data is recorded as JSON where it is some, else as a string. Default: data is
	// a string.
	JSON bool `json:"json"`
	// EndEvents are the types of events that end the stream well.
	EndEvents     []string `json:"endEvents"`
	MaxEventBytes *int64   `json:"maxEventBytes"`
	Resume        *bool    `json:"resume"`
}

// Stream is a dialect with its options.
type Stream struct {
	streaming.Rules
	dialect   Dialect
	json      bool
	endEvents []string
}

// Bind reads the options that all event streams take.
func Bind(d Dialect, raw json.RawMessage) (*Stream, error) {
	var o options
	if err := protocol.Options(raw, &o); err != nil {
		return nil, err
	}
	rules, err := streaming.Check(d.Name, streaming.Options{Cursor: o.Cursor, MaxEventBytes: o.MaxEventBytes, Resume: o.Resume})
	if err != nil {
		return nil, err
	}
	if slices.Contains(o.EndEvents, "") {
		return nil, &perdure.InputError{Field: "endEvents", Message: "has an empty name, want the types of events"}
	}
	return &Stream{Rules: rules, dialect: d, json: o.JSON, endEvents: o.EndEvents}, nil
}

// Ask goes on by Last-Event-ID, or by the option cursor.
func (s *Stream) Ask(first protocol.Ask, at protocol.Position) (protocol.Ask, bool, error) {
	ask, ok := s.Rules.Ask(first, at, ContentType)
	return ask, ok, nil
}

// Begin takes 200 with text/event-stream, and 204 for a stream that is over.
func (s *Stream) Begin(answer protocol.Exchange) (open bool, err error) {
	if open, err = s.CheckStatus(answer); !open {
		return false, err
	}
	if got := MediaType(answer); got != ContentType {
		return false, s.Violation("answers with " + strconv.Quote(protocol.Cut(got, 100)) + " for a content type, want " + ContentType)
	}
	return true, nil
}

// MediaType is what an answer's Content-Type says, without parameters.
func MediaType(answer protocol.Exchange) string {
	media, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")) // a parameter may be malformed
	return media
}

// EndsClean is true where no mark says how the stream ends.
func (s *Stream) EndsClean() bool { return s.dialect.End == nil && len(s.endEvents) == 0 }

// Events reads the events up to the one that ends the stream.
func (s *Stream) Events(body io.Reader, at protocol.Position) iter.Seq2[protocol.StreamEvent, error] {
	return func(yield func(protocol.StreamEvent, error) bool) {
		for e, err := range Read(body, s.MaxEventBytes) {
			if err != nil {
				if errors.Is(err, errTooLarge) {
					err = s.TooLarge()
				}
				yield(protocol.StreamEvent{}, err)
				return
			}
			out := s.event(e, at)
			at = out.At
			if !yield(out, nil) || out.End {
				return
			}
		}
	}
}

// event is an event after the position at.
func (s *Stream) event(e Event, at protocol.Position) protocol.StreamEvent {
	if e.Retry > 0 {
		at.Retry = e.Retry
	}
	if e.Silent {
		if e.SetsID {
			at = s.AfterID(at, e.ID)
		}
		return protocol.StreamEvent{Mark: true, At: at}
	}
	end := s.end(e)
	out := protocol.StreamEvent{At: s.After(at, e.ID, e.SetsID, []byte(e.Data)), End: end.End, Mark: end.Mark, Failed: end.Failed}
	if out.Mark {
		return out
	}
	out.Type, out.Data = e.Type, streaming.Text(e.Data)
	if s.json {
		out.Data = streaming.JSON(e.Data)
	}
	return out
}

func (s *Stream) end(e Event) Ending {
	if s.dialect.End != nil {
		if end := s.dialect.End(e); end.End {
			return end
		}
	}
	return Ending{End: slices.Contains(s.endEvents, e.Type)}
}
