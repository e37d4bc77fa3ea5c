package protocoltest_test

import (
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

// spoiledTicker is the example's streamer with a fault.
type spoiledTicker struct {
	Ticker
	bind   func(json.RawMessage) (protocol.Streaming, error)
	ask    func(s protocol.Streaming, first protocol.Ask, at protocol.Position) (protocol.Ask, bool, error)
	begin  func(s protocol.Streaming, e protocol.Exchange) (bool, error)
	events func(s protocol.Streaming, body io.Reader, at protocol.Position) iter.Seq2[protocol.StreamEvent, error]
}

func (s spoiledTicker) Bind(raw json.RawMessage) (protocol.Streaming, error) {
	if s.bind != nil {
		return s.bind(raw)
	}
	b, err := s.Ticker.Bind(raw)
	if err != nil {
		return nil, err
	}
	return spoiledStreaming{b, s}, nil
}

type spoiledStreaming struct {
	protocol.Streaming
	fault spoiledTicker
}

func (s spoiledStreaming) Ask(first protocol.Ask, at protocol.Position) (protocol.Ask, bool, error) {
	if s.fault.ask != nil {
		return s.fault.ask(s.Streaming, first, at)
	}
	return s.Streaming.Ask(first, at)
}

func (s spoiledStreaming) Begin(e protocol.Exchange) (bool, error) {
	if s.fault.begin != nil {
		return s.fault.begin(s.Streaming, e)
	}
	return s.Streaming.Begin(e)
}

func (s spoiledStreaming) Events(body io.Reader, at protocol.Position) iter.Seq2[protocol.StreamEvent, error] {
	if s.fault.events != nil {
		return s.fault.events(s.Streaming, body, at)
	}
	return s.Streaming.Events(body, at)
}

// changeEvent is an Events that changes each event.
func changeEvent(f func(*protocol.StreamEvent)) func(protocol.Streaming, io.Reader, protocol.Position) iter.Seq2[protocol.StreamEvent, error] {
	return func(s protocol.Streaming, body io.Reader, at protocol.Position) iter.Seq2[protocol.StreamEvent, error] {
		return func(yield func(protocol.StreamEvent, error) bool) {
			for e, err := range s.Events(body, at) {
				if err == nil {
					f(&e)
				}
				if !yield(e, err) {
					return
				}
			}
		}
	}
}

func TestTheSuiteFindsNothingWrongWithTheExampleStreamer(t *testing.T) {
	require.Empty(t, protocoltest.StreamerProblems(Ticker{}, tickerScenarios...))
}

func TestTheSuiteFindsFaultsOfStreamers(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	tests := []struct {
		name  string
		fault spoiledTicker
		want  string // is in one of the problems
	}{
		{"options that nobody checks", spoiledTicker{bind: func(json.RawMessage) (protocol.Streaming, error) { return Ticker{}.Bind(nil) }}, "want a *perdure.InputError"},
		{"the first request is changed", spoiledTicker{ask: func(s protocol.Streaming, first protocol.Ask, at protocol.Position) (protocol.Ask, bool, error) {
			if first.Header == nil {
				return s.Ask(first, at)
			}
			first.Header.Set("Accept", "text/plain")
			return first, true, nil
		}}, "changes what it is given"},
		{"asked from the begin, always", spoiledTicker{ask: func(s protocol.Streaming, first protocol.Ask, _ protocol.Position) (protocol.Ask, bool, error) {
			return s.Ask(first, protocol.Position{})
		}}, "the request"},
		{"another request each time", spoiledTicker{ask: func(s protocol.Streaming, first protocol.Ask, at protocol.Position) (protocol.Ask, bool, error) {
			ask, ok, err := s.Ask(first, at)
			ask.URL += strings.Repeat("x", int(calls.Add(1)%2))
			return ask, ok, err
		}}, "something else for the same input"},
		{"a request where there is none", spoiledTicker{ask: func(s protocol.Streaming, first protocol.Ask, at protocol.Position) (protocol.Ask, bool, error) {
			ask, _, err := s.Ask(first, at)
			return ask, at.None(), err
		}}, "the request where there is none"},
		{"any answer will do", spoiledTicker{begin: func(protocol.Streaming, protocol.Exchange) (bool, error) { return true, nil }}, "on holiday"},
		{"an error of its own kind", spoiledTicker{begin: func(s protocol.Streaming, e protocol.Exchange) (bool, error) {
			if e.Status != http.StatusOK {
				return false, errors.New("no")
			}
			return s.Begin(e)
		}}, "an error is a *perdure.ProtocolError"},
		{"a panic at what is odd", spoiledTicker{events: func(s protocol.Streaming, body io.Reader, at protocol.Position) iter.Seq2[protocol.StreamEvent, error] {
			return func(yield func(protocol.StreamEvent, error) bool) {
				for e, err := range s.Events(body, at) {
					if err != nil && strings.Contains(err.Error(), "place") {
						panic(err)
					}
					if !yield(e, err) {
						return
					}
				}
			}
		}}, "Events panics"},
		{"goes on when its reader has stopped", spoiledTicker{events: func(s protocol.Streaming, body io.Reader, at protocol.Position) iter.Seq2[protocol.StreamEvent, error] {
			return func(yield func(protocol.StreamEvent, error) bool) {
				for e, err := range s.Events(body, at) {
					yield(e, err)
				}
			}
		}}, "panics when its reader stops"},
		{"the end is forgotten", spoiledTicker{events: changeEvent(func(e *protocol.StreamEvent) { e.End = false })}, "the service has ended the stream"},
		{"the position is forgotten", spoiledTicker{events: changeEvent(func(e *protocol.StreamEvent) { e.At = protocol.Position{} })}, "the request"},
		{"data that are no JSON", spoiledTicker{events: changeEvent(func(e *protocol.StreamEvent) { e.Data = json.RawMessage("x") })}, "data that are no JSON"},
		{"no type", spoiledTicker{events: changeEvent(func(e *protocol.StreamEvent) { e.Type = "" })}, "no type"},
		{"events where a line is cut", spoiledTicker{events: func(s protocol.Streaming, body io.Reader, at protocol.Position) iter.Seq2[protocol.StreamEvent, error] {
			return func(yield func(protocol.StreamEvent, error) bool) {
				for e, err := range s.Events(body, at) {
					if err != nil && !yield(protocol.StreamEvent{Type: "tick", Data: json.RawMessage(`"?"`), At: at}, nil) || !yield(e, err) {
						return
					}
				}
			}
		}}, "the events"},
		{"depends on chunks", spoiledTicker{events: func(s protocol.Streaming, body io.Reader, at protocol.Position) iter.Seq2[protocol.StreamEvent, error] {
			first := make([]byte, 4)
			n, _ := body.Read(first)
			return s.Events(io.MultiReader(strings.NewReader(strings.TrimSuffix(string(first[:n]), " ")), body), at)
		}}, "the body, "},
		{"reads all before it begins", spoiledTicker{events: func(s protocol.Streaming, body io.Reader, at protocol.Position) iter.Seq2[protocol.StreamEvent, error] {
			all, err := io.ReadAll(io.LimitReader(body, 4<<20))
			return s.Events(io.MultiReader(strings.NewReader(string(all)), failing{err}), at)
		}}, "a body without end"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			problems := protocoltest.StreamerProblems(test.fault, tickerScenarios...)
			require.Contains(t, strings.Join(problems, "\n"), test.want)
		})
	}
}

// failing fails with an error, or ends.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}
