package sse_test

import (
	"testing"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
	"github.com/perdure-dev/perdure/activities/protocol/sse"
)

func TestStreamer(t *testing.T) {
	//rule:streams 2

	// A body that ends after a whole event is the end of the stream; with option
	// `endEvents` only an event of such a type is
	//
	//rule:sse 8 -

	protocoltest.RunStreamer(t, sse.Streamer{}, scenarios...)
}

func FuzzStreamer(f *testing.F) { protocoltest.FuzzStreamer(f, sse.Streamer{}, scenarios...) }

var eventStream = map[string]string{"Content-Type": "text/event-stream"}

func header(values ...string) map[string]string {
	out := map[string]string{}
	for i := 0; i < len(values); i += 2 {
		out[values[i]] = values[i+1]
	}
	return out
}

var scenarios = []protocoltest.StreamScenario{
	{
		Name: "events", EndsClean: true,
		Connections: []protocoltest.Connection{{
			Asks: "GET https://h/events?x=1", Header: eventStream,
			Body: ": hello\n\nevent: add\ndata: 73857293\n\ndata: one\ndata:  two\ndata\n\ndata:three\n\n",
			Events: []protocoltest.StreamedEvent{
				{Type: "add", Data: `"73857293"`},
				{Data: `"one\n two\n"`},
				{Data: `"three"`},
			},
		}},
	},
	{
		Name: "taken up after the last id", EndsClean: true,
		First: protocol.Ask{Method: "GET", URL: "https://h/events", Header: map[string][]string{"X-Tenant": {"7"}}},
		Connections: []protocoltest.Connection{
			{
				Asks: "GET https://h/events", Header: eventStream,
				Body: "id: 1\ndata: a\n\ndata: b\n\nid: 2\n\nda", Breaks: true,
				Events: []protocoltest.StreamedEvent{{ID: "1", Data: `"a"`}, {ID: "1", Data: `"b"`}},
			},
			{
				Asks: "GET https://h/events", AsksHeader: header("Last-Event-Id", "2"), Header: header("Content-Type", "Text/Event-Stream; charset=utf-8"),
				Body: "\xef\xbb\xbfdata: c\r\rid: \u00fc 3\rdata: d\r\r", Breaks: true,
				Events: []protocoltest.StreamedEvent{{ID: "2", Data: `"c"`}, {ID: "ü 3", Data: `"d"`}},
			},
			{
				Asks: "GET https://h/events", AsksHeader: header("Last-Event-Id", "ü 3"), Header: eventStream,
				Body: "id\ndata: e\n\n", Breaks: true,
				Events: []protocoltest.StreamedEvent{{Data: `"e"`}},
			},
			// The id is empty again: from the begin, which is the reader's to decide.
			{Asks: "GET https://h/events", Status: 204, Over: true},
		},
	},
	{
		Name: "an id that no header can have", EndsClean: true,
		Connections: []protocoltest.Connection{
			{
				Asks: "GET https://h/events", Header: eventStream, Body: "id: a\x01\ndata: a\n\n", Breaks: true,
				Events: []protocoltest.StreamedEvent{{ID: "a\x01", Data: `"a"`}},
			},
			{Lost: true},
		},
	},
	{
		Name: "a service whose ids lead nowhere", EndsClean: true, Options: `{"resume":false}`,
		Connections: []protocoltest.Connection{
			{
				Asks: "POST https://h/generate", Header: eventStream, Body: "id: 1\ndata: a\n\n", Breaks: true,
				Events: []protocoltest.StreamedEvent{{ID: "1", Data: `"a"`}},
			},
			{Lost: true},
		},
	},
	{
		Name: "taken up by a cursor", Options: `{"cursor":{"json":"sequence_number","query":"starting_after"},"json":true}`, EndsClean: true,
		Connections: []protocoltest.Connection{
			{
				Asks: "GET https://h/responses/1?stream=true", Header: eventStream,
				Body: "id: x\ndata: {\"sequence_number\": 12345678901234567890, \"b\":1.10}\n\ndata: no JSON\n\ndata: {}\n\n", Breaks: true,
				Events: []protocoltest.StreamedEvent{
					{ID: "x", Data: `{"sequence_number": 12345678901234567890, "b":1.10}`}, {ID: "x", Data: `"no JSON"`}, {ID: "x", Data: `{}`},
				},
			},
			{
				Asks: "GET https://h/responses/1?stream=true&starting_after=12345678901234567890", Header: eventStream,
				Body:   "data: {\"sequence_number\":\"a&b\"}\n\n",
				Breaks: true,
				Events: []protocoltest.StreamedEvent{{ID: "x", Data: `{"sequence_number":"a&b"}`}},
			},
			{Asks: "GET https://h/responses/1?stream=true&starting_after=a%26b", Header: eventStream},
		},
	},
	{
		Name: "no cursor found", Options: `{"cursor":{"json":"sequence_number","query":"starting_after"}}`, EndsClean: true,
		Connections: []protocoltest.Connection{
			{
				Asks: "GET https://h/responses/1?stream=true", Header: eventStream, Body: "id: 7\ndata: {}\n\n", Breaks: true,
				Events: []protocoltest.StreamedEvent{{ID: "7", Data: `"{}"`}},
			},
			{Lost: true},
		},
	},
	{
		Name: "end marks of one's own", Options: `{"endEvents":["message_stop","bye"]}`,
		Connections: []protocoltest.Connection{{
			Asks: "POST https://h/messages", Header: eventStream,
			Body:   "event: delta\ndata: a\n\nevent: bye\ndata: b\n\ndata: never read\n\n",
			Events: []protocoltest.StreamedEvent{{Type: "delta", Data: `"a"`}, {Type: "bye", Data: `"b"`}}, End: true,
		}},
	},
	{
		Name: "a body that ends within an event", EndsClean: true,
		Connections: []protocoltest.Connection{{
			Asks: "GET https://h/events", Header: eventStream, Body: "data: a\n\ndata: b\n", Cut: true,
			Events: []protocoltest.StreamedEvent{{Data: `"a"`}},
		}},
	},
	{
		Name: "a line without end", EndsClean: true,
		Connections: []protocoltest.Connection{{
			Asks: "GET https://h/events", Header: eventStream, Body: "data: a\n\nevent: e\ndata: ", Endless: true, TooLarge: true,
			Events: []protocoltest.StreamedEvent{{Data: `"a"`}},
		}},
	},
	{
		Name: "an id without end", EndsClean: true,
		Connections: []protocoltest.Connection{{Asks: "GET https://h/events", Header: eventStream, Body: "id: ", Endless: true, TooLarge: true}},
	},
	{
		Name: "a small limit", Options: `{"maxEventBytes":5}`, EndsClean: true,
		Connections: []protocoltest.Connection{{
			Asks: "GET https://h/events", Header: eventStream, Body: "data: 12345\n\ndata: 12\ndata: 45\n\ndata: 12\ndata: 456\n\n", TooLarge: true,
			Events: []protocoltest.StreamedEvent{{Data: `"12345"`}, {Data: `"12\n45"`}},
		}},
	},
	{Name: "nothing to come", EndsClean: true, Connections: []protocoltest.Connection{{Asks: "GET https://h/events", Status: 204, Over: true}}},
	{Name: "an empty stream", EndsClean: true, Connections: []protocoltest.Connection{{Asks: "GET https://h/events", Header: eventStream}}},
	{Name: "another content type", EndsClean: true, Connections: []protocoltest.Connection{{Asks: "GET https://h/events", Header: header("Content-Type", "application/json"), Violation: true}}},
	{Name: "no content type", EndsClean: true, Connections: []protocoltest.Connection{{Asks: "GET https://h/events", Violation: true}}},
	{Name: "another success", EndsClean: true, Connections: []protocoltest.Connection{{Asks: "GET https://h/events", Status: 201, Header: eventStream, Violation: true}}},

	{Name: "a limit of none", Options: `{"maxEventBytes":0}`, Refused: "maxEventBytes"},
	{Name: "a limit that nothing can hold", Options: `{"maxEventBytes":2000000}`, Refused: "maxEventBytes"},
	{Name: "a cursor without its place", Options: `{"cursor":{"query":"after"}}`, Refused: "cursor.json"},
	{Name: "a cursor without its parameter", Options: `{"cursor":{"json":"a"}}`, Refused: "cursor.query"},
	{Name: "a cursor that does not compile", Options: `{"cursor":{"json":"a[","query":"after"}}`, Refused: "cursor.json"},
	{Name: "a cursor in another place", Options: `{"cursor":{"json":"a","header":"after"}}`, Refused: "cursor.header"},
	{Name: "a cursor that is a word", Options: `{"cursor":"a"}`, Refused: "cursor"},
	{Name: "an end without a name", Options: `{"endEvents":[""]}`, Refused: "endEvents"},
}
