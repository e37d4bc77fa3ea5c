package jsonl_test

import (
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/jsonl"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

func TestStreamer(t *testing.T) {
	// A line is one JSON value, which is recorded as it is spelled. White space around it,
	// and empty lines, mean nothing
	//
	//rule:jsonl 1 -

	// The body's end is the end of the stream. A last line without its line end counts if
	// it is whole
	//
	//rule:jsonl 2 -

	// What is no JSON breaks the protocol, and so does an event stream; any other
	// Content-Type will do
	//
	//rule:jsonl 3 -

	protocoltest.RunStreamer(t, jsonl.Streamer{}, scenarios...)
}

func FuzzStreamer(f *testing.F) { protocoltest.FuzzStreamer(f, jsonl.Streamer{}, scenarios...) }

func events(data ...string) (out []protocoltest.StreamedEvent) {
	for _, d := range data {
		out = append(out, protocoltest.StreamedEvent{Data: d})
	}
	return out
}

var scenarios = []protocoltest.StreamScenario{
	{
		Name: "a value a line", EndsClean: true,
		Connections: []protocoltest.Connection{{
			Asks: "GET https://h/logs", Header: map[string]string{"Content-Type": "application/x-ndjson"},
			Body:   "{\"a\": 1.10, \"a\":12345678901234567890}\r\n\n  \"text\"  \n[]\n \r\nnull\n1e400\n",
			Events: events(`{"a": 1.10, "a":12345678901234567890}`, `"text"`, `[]`, `null`, `1e400`),
		}},
	},
	{
		Name: "a last line without its end", EndsClean: true,
		Connections: []protocoltest.Connection{{
			Asks: "GET https://h/logs", Body: "\xef\xbb\xbf{\"a\":1}\n{\"b\":2}",
			Events: events(`{"a":1}`, `{"b":2}`),
		}},
	},
	{
		Name: "a last line that is not whole", EndsClean: true,
		Connections: []protocoltest.Connection{{
			Asks: "GET https://h/logs", Body: "{\"a\":1}\n{\"b\":", Events: events(`{"a":1}`), Cut: true,
		}},
	},
	{
		Name: "a connection that breaks after what may be a whole line", EndsClean: true,
		Connections: []protocoltest.Connection{
			{Asks: "GET https://h/logs", Body: "1\n2", Events: events("1"), Breaks: true},
			{Asks: "GET https://h/logs", Body: "1\n23\n", Events: events("1", "23")},
		},
	},
	{
		Name: "taken up by a cursor", EndsClean: true, Options: `{"cursor":{"json":"metadata.version","query":"since"}}`,
		Connections: []protocoltest.Connection{
			{
				Asks: "GET https://h/watch?watch=1", Breaks: true,
				Body:   "{\"metadata\":{\"version\":\"7\"}}\n{}\n{\"metadata\"",
				Events: events(`{"metadata":{"version":"7"}}`, `{}`),
			},
			{Asks: "GET https://h/watch?watch=1&since=7", Body: "{}\n", Events: events(`{}`)},
		},
	},
	{
		Name: "malformed UTF-8 within text", EndsClean: true,
		Connections: []protocoltest.Connection{{Asks: "GET https://h/logs", Body: "\"a\xff\xe2\x82b\"\n", Events: events(`"a` + "\ufffd\ufffd" + `b"`)}},
	},
	{
		Name: "a line that is no JSON", EndsClean: true,
		Connections: []protocoltest.Connection{{Asks: "GET https://h/logs", Body: "1\nhello\n2\n", Events: events("1"), Violation: true}},
	},
	{
		Name: "two values in a line", EndsClean: true,
		Connections: []protocoltest.Connection{{Asks: "GET https://h/logs", Body: "1 2\n", Violation: true}},
	},
	{
		Name: "a line without end", EndsClean: true,
		Connections: []protocoltest.Connection{{Asks: "GET https://h/logs", Body: "1\n\"", Endless: true, TooLarge: true, Events: events("1")}},
	},
	{
		Name: "a small limit", EndsClean: true, Options: `{"maxEventBytes":5}`,
		Connections: []protocoltest.Connection{{Asks: "GET https://h/logs", Body: "\"123\"\r\n12345\n123456\n", TooLarge: true, Events: events(`"123"`, "12345")}},
	},
	{Name: "nothing to come", EndsClean: true, Connections: []protocoltest.Connection{{Asks: "GET https://h/logs", Status: 204, Over: true}}},
	{Name: "an empty stream", EndsClean: true, Connections: []protocoltest.Connection{{Asks: "GET https://h/logs", Body: "\n\n"}}},
	{Name: "any content type", EndsClean: true, Connections: []protocoltest.Connection{{Asks: "GET https://h/logs", Header: map[string]string{"Content-Type": "text/plain"}, Body: "1\n", Events: events("1")}}},
	{Name: "an event stream", EndsClean: true, Connections: []protocoltest.Connection{{Asks: "GET https://h/logs", Header: map[string]string{"Content-Type": "text/event-stream"}, Violation: true}}},
	{Name: "another success", EndsClean: true, Connections: []protocoltest.Connection{{Asks: "GET https://h/logs", Status: 206, Violation: true}}},
	{Name: "an option of event streams", Options: `{"endEvents":["a"]}`, Refused: "endEvents"},
	{Name: "a limit below one", Options: `{"maxEventBytes":-1}`, Refused: "maxEventBytes"},
	{Name: "a cursor without its place", Options: `{"cursor":{"query":"after"}}`, Refused: "cursor.json"},
}

// Of a line of 33 MiB no more is held in memory than an event may have.
func TestLongLinesAreNotHeldInMemory(t *testing.T) {
	//rule:streams 7

	s, err := jsonl.Streamer{}.Bind(nil)
	require.NoError(t, err)
	body := io.LimitReader(digits{}, 33<<20)
	before := allocated()
	for _, err = range s.Events(body, protocol.Position{}) {
	}
	require.ErrorAs(t, err, new(*perdure.SizeError))
	require.Less(t, allocated()-before, uint64(8<<20))
}

// The message names the line, and quotes nothing of it.
func TestALineThatIsNoJSON(t *testing.T) {
	//rule:jsonl 3

	s, err := jsonl.Streamer{}.Bind(nil)
	require.NoError(t, err)
	for _, err = range s.Events(strings.NewReader("1\n\nsecret\n"), protocol.Position{}) {
	}
	require.EqualError(t, err, "perdure: protocol jsonl: line 3 is no JSON")
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

type digits struct{}

var ones = []byte(strings.Repeat("1", 32<<10))

func (digits) Read(p []byte) (int, error) { return copy(p, ones), nil }
