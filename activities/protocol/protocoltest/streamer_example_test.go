package protocoltest_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

// Ticker is a streamer of one's own: a line is an event, its place in the stream before
// it, and a full stop is the end.
type Ticker struct{}

func (Ticker) Name() string { return "ticker" }

func (Ticker) Bind(raw json.RawMessage) (protocol.Streaming, error) {
	o := tickerOptions{Width: 80}
	if err := protocol.Options(raw, &o); err != nil {
		return nil, err
	}
	if o.Width < 1 || o.Width > 1000 {
		return nil, &perdure.InputError{Field: "width", Message: "want 1 to 1000"}
	}
	return ticker{o}, nil
}

type tickerOptions struct {
	Width int `json:"width"` // of a line
}

type ticker struct{ tickerOptions }

func (ticker) Ask(first protocol.Ask, at protocol.Position) (protocol.Ask, bool, error) {
	first.Header = first.Header.Clone()
	if first.Header == nil {
		first.Header = http.Header{}
	}
	first.Header.Set("Accept", "text/plain")
	if !at.None() {
		first.URL = protocol.WithParameter(first.URL, "after", at.Cursor)
	}
	return first, true, nil
}

func (ticker) Begin(answer protocol.Exchange) (bool, error) {
	if answer.Status != http.StatusOK {
		return false, stuck("does not tick")
	}
	return true, nil
}

func (ticker) EndsClean() bool { return false }

func (t ticker) Events(body io.Reader, at protocol.Position) iter.Seq2[protocol.StreamEvent, error] {
	return func(yield func(protocol.StreamEvent, error) bool) {
		r := bufio.NewReader(body)
		for {
			line, err := t.line(r)
			if err != nil {
				if !errors.Is(err, io.EOF) {
					yield(protocol.StreamEvent{}, err)
				}
				return
			}
			if line == "." {
				yield(protocol.StreamEvent{At: at, End: true, Mark: true}, nil)
				return
			}
			place, text, ok := strings.Cut(line, " ")
			if _, err := strconv.ParseUint(place, 10, 64); err != nil || !ok {
				yield(protocol.StreamEvent{}, stuck("a line has no place"))
				return
			}
			at.Cursor = place
			data, _ := json.Marshal(text)
			if !yield(protocol.StreamEvent{Type: "tick", Data: data, At: at}, nil) {
				return
			}
		}
	}
}

func (t ticker) line(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		c, err := r.ReadByte()
		switch {
		case errors.Is(err, io.EOF) && len(line) > 0:
			return "", io.ErrUnexpectedEOF
		case err != nil:
			return "", err
		case c == '\n':
			return string(line), nil
		}
		if line = append(line, c); len(line) > t.Width {
			return "", &perdure.SizeError{Limit: int64(t.Width), Message: "a line"}
		}
	}
}

func stuck(message string) error {
	return &perdure.ProtocolError{Protocol: "ticker", Message: message}
}

// tickerScenarios are all that the test of a streamer has to say.
var tickerScenarios = []protocoltest.StreamScenario{
	{
		Name:  "a tape that breaks",
		First: protocol.Ask{Method: "GET", URL: "https://exchange.example.com/tape", Header: http.Header{"X-Floor": {"7"}}},
		Connections: []protocoltest.Connection{
			{
				Asks: "GET https://exchange.example.com/tape", Body: "1 YHOO +2\n2 AAPL -1\n3 MS", Breaks: true,
				Events: []protocoltest.StreamedEvent{{Type: "tick", Data: `"YHOO +2"`}, {Type: "tick", Data: `"AAPL -1"`}},
			},
			{
				Asks: "GET https://exchange.example.com/tape?after=2", Body: "3 MSFT 0\n.\n",
				Events: []protocoltest.StreamedEvent{{Type: "tick", Data: `"MSFT 0"`}}, End: true,
			},
		},
	},
	{Name: "a line in two", Connections: []protocoltest.Connection{{Asks: "GET https://exchange.example.com/tape", Body: "1 YH", Cut: true}}},
	{Name: "no place", Connections: []protocoltest.Connection{{Asks: "GET https://exchange.example.com/tape", Body: "YHOO\n", Violation: true}}},
	{Name: "a line without end", Options: `{"width":20}`, Connections: []protocoltest.Connection{{Asks: "GET https://exchange.example.com/tape", Body: "1 ", Endless: true, TooLarge: true}}},
	{Name: "on holiday", Connections: []protocoltest.Connection{{Asks: "GET https://exchange.example.com/tape", Status: 203, Violation: true}}},
	{Name: "no width", Options: `{"width":0}`, Refused: "width"},
}

func TestTicker(t *testing.T) { protocoltest.RunStreamer(t, Ticker{}, tickerScenarios...) }

func FuzzTicker(f *testing.F) { protocoltest.FuzzStreamer(f, Ticker{}, tickerScenarios...) }
