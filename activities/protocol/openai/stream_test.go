package openai_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

func TestStreamer(t *testing.T) {
	// `data: [DONE]` ends the stream well, and is no event. `response.completed`,
	// `response.incomplete` and `done` end it well, and are recorded
	//
	//rule:openaistream 1 OAI

	// `response.failed`, an event `error`, and data with an `error` are recorded and end
	// the stream as `OperationFailed`
	//
	//rule:openaistream 2 OAI; - for the type

	// JSON in place of an event stream is `StartRejected` where it has an `error`; else it
	// breaks the protocol
	//
	//rule:openaistream 3 -

	protocoltest.RunStreamer(t, openai.Streamer{}, streamScenarios...)
}

func FuzzStreamer(f *testing.F) {
	protocoltest.FuzzStreamer(f, openai.Streamer{}, streamScenarios...)
}

var (
	eventStream = map[string]string{"Content-Type": "text/event-stream; charset=utf-8"}
	jsonBody    = map[string]string{"Content-Type": "application/json; charset=utf-8"}
)

// chunk is one of a chat completion, as the API spells it.
const chunk = `{"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}`

var streamScenarios = []protocoltest.StreamScenario{
	{
		Name: "a chat", Options: `{"json":true}`,
		Connections: []protocoltest.Connection{{
			Asks: "POST https://api.openai.com/v1/chat/completions", Header: eventStream,
			Body:   "data: " + chunk + "\n\ndata: {\"choices\":[],\"usage\":{\"total_tokens\":9}}\n\ndata: [DONE]\n\ndata: never read\n\n",
			Events: []protocoltest.StreamedEvent{{Data: chunk}, {Data: `{"choices":[],"usage":{"total_tokens":9}}`}}, End: true,
		}},
	},
	{
		Name: "data is a string",
		Connections: []protocoltest.Connection{{
			Asks: "POST https://h/chat", Header: eventStream, Body: "data: {\"a\":1}\n\ndata:[DONE]\n\n",
			Events: []protocoltest.StreamedEvent{{Data: `"{\"a\":1}"`}}, End: true,
		}},
	},
	{
		Name: "a chat that breaks",
		Connections: []protocoltest.Connection{
			{Asks: "POST https://h/chat", Header: eventStream, Body: "data: {}\n\n", Breaks: true, Events: []protocoltest.StreamedEvent{{Data: `"{}"`}}},
			{Asks: "POST https://h/chat", Status: 204, Over: true}, // there is no id: the reader may not ask again, and knows
		},
	},
	{
		Name: "a response", Options: `{"json":true}`,
		Connections: []protocoltest.Connection{{
			Asks: "POST https://api.openai.com/v1/responses", Header: eventStream,
			Body: "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0}\n\nevent: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}\n\n" +
				"event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"error\":null}}\n\n",
			Events: []protocoltest.StreamedEvent{
				{Type: "response.created", Data: `{"type":"response.created","sequence_number":0}`},
				{Type: "response.output_text.delta", Data: `{"type":"response.output_text.delta","delta":"Hi"}`},
				{Type: "response.completed", Data: `{"type":"response.completed","response":{"error":null}}`},
			}, End: true,
		}},
	},
	{
		Name: "a response that is taken up", Options: `{"json":true,"cursor":{"json":"sequence_number","query":"starting_after"}}`,
		Connections: []protocoltest.Connection{
			{
				Asks: "GET https://api.openai.com/v1/responses/resp_1?stream=true", Header: eventStream, Breaks: true,
				Body:   "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0}\n\nevent: response.in_progress\ndata: {\"sequence_number\":1}\n\nevent: resp",
				Events: []protocoltest.StreamedEvent{{Type: "response.created", Data: `{"type":"response.created","sequence_number":0}`}, {Type: "response.in_progress", Data: `{"sequence_number":1}`}},
			},
			{
				Asks: "GET https://api.openai.com/v1/responses/resp_1?stream=true&starting_after=1", Header: eventStream,
				Body:   "event: response.incomplete\ndata: {\"sequence_number\":2}\n\n",
				Events: []protocoltest.StreamedEvent{{Type: "response.incomplete", Data: `{"sequence_number":2}`}}, End: true,
			},
		},
	},
	{
		Name: "a response whose events have their types in the data only", Options: `{"json":true}`,
		Connections: []protocoltest.Connection{{
			Asks: "POST https://h/responses", Header: eventStream,
			Body:   "data: {\"type\":\"response.output_text.delta\",\"delta\":\"Hi\"}\n\ndata: {\"type\":\"response.completed\"}\n\n",
			Events: []protocoltest.StreamedEvent{{Data: `{"type":"response.output_text.delta","delta":"Hi"}`}, {Data: `{"type":"response.completed"}`}}, End: true,
		}},
	},
	{
		Name: "a response that failed", Options: `{"json":true}`,
		Connections: []protocoltest.Connection{{
			Asks: "POST https://h/responses", Header: eventStream,
			Body:   "event: response.failed\ndata: {\"response\":{\"error\":{\"code\":\"server_error\",\"message\":\"Oops\"}}}\n\n",
			Events: []protocoltest.StreamedEvent{{Type: "response.failed", Data: `{"response":{"error":{"code":"server_error","message":"Oops"}}}`}}, Failed: "server_error",
		}},
	},
	{
		Name: "an error in the midst of a response",
		Connections: []protocoltest.Connection{{
			Asks: "POST https://h/responses", Header: eventStream,
			Body:   "event: error\ndata: {\"type\":\"error\",\"code\":\"rate_limit_exceeded\",\"message\":\"Slow down\",\"param\":null,\"sequence_number\":1}\n\n",
			Events: []protocoltest.StreamedEvent{{Type: "error", Data: `"{\"type\":\"error\",\"code\":\"rate_limit_exceeded\",\"message\":\"Slow down\",\"param\":null,\"sequence_number\":1}"`}}, Failed: "rate_limit_exceeded",
		}},
	},
	{
		Name: "an error in words",
		Connections: []protocoltest.Connection{{
			Asks: "POST https://h/responses", Header: eventStream, Body: "event: error\ndata: out of memory\n\n",
			Events: []protocoltest.StreamedEvent{{Type: "error", Data: `"out of memory"`}}, Failed: "error",
		}},
	},
	{
		Name: "an error in the midst of a chat", Options: `{"json":true}`,
		Connections: []protocoltest.Connection{{
			Asks: "POST https://h/chat", Header: eventStream, Body: "data: " + chunk + "\n\ndata: {\"error\":{\"message\":\"Oops\",\"type\":\"server_error\",\"code\":null}}\n\n",
			Events: []protocoltest.StreamedEvent{{Data: chunk}, {Data: `{"error":{"message":"Oops","type":"server_error","code":null}}`}}, Failed: "server_error",
		}},
	},
	{
		Name: "words of errors that are none",
		Connections: []protocoltest.Connection{{
			Asks: "POST https://h/chat", Header: eventStream,
			Body:   "data: {\"error\":null}\n\ndata: {\"error\":false}\n\ndata: {\"delta\":\"the \\\"error\\\" of \\\"type\\\" [DONE]\"}\n\ndata: [1]\n\ndata: [DONE]\n\n",
			Events: []protocoltest.StreamedEvent{{Data: `"{\"error\":null}"`}, {Data: `"{\"error\":false}"`}, {Data: `"{\"delta\":\"the \\\"error\\\" of \\\"type\\\" [DONE]\"}"`}, {Data: `"[1]"`}}, End: true,
		}},
	},
	{
		Name: "a run of an assistant",
		Connections: []protocoltest.Connection{{
			Asks: "POST https://h/threads/1/runs", Header: eventStream, Body: "event: thread.run.completed\ndata: {}\n\nevent: done\ndata: [DONE]\n\n",
			Events: []protocoltest.StreamedEvent{{Type: "thread.run.completed", Data: `"{}"`}}, End: true,
		}},
	},
	{
		Name: "an end without [DONE]", Options: `{"endEvents":["stop"]}`,
		Connections: []protocoltest.Connection{{
			Asks: "POST https://h/x", Header: eventStream, Body: "event: stop\ndata: {}\n\n",
			Events: []protocoltest.StreamedEvent{{Type: "stop", Data: `"{}"`}}, End: true,
		}},
	},
	{
		Name: "a body that ends without a mark",
		Connections: []protocoltest.Connection{{
			Asks: "POST https://h/chat", Header: eventStream, Body: "data: {}\n\n", Events: []protocoltest.StreamedEvent{{Data: `"{}"`}},
		}},
	},
	{
		Name: "JSON in place of a stream, with an error",
		Connections: []protocoltest.Connection{{
			Asks: "POST https://h/chat", Header: jsonBody, Body: `{"error":{"code":"model_not_found","message":"no such model"}}`, Failed: "model_not_found",
		}},
	},
	{
		Name: "JSON in place of a stream",
		Connections: []protocoltest.Connection{{
			Asks: "POST https://h/chat", Header: jsonBody, Body: `{"object":"chat.completion","choices":[]}`, Violation: true,
		}},
	},
	{
		Name:        "JSON without end",
		Connections: []protocoltest.Connection{{Asks: "POST https://h/chat", Header: jsonBody, Body: `{"`, Endless: true, TooLarge: true}},
	},
	{Name: "another content type", Connections: []protocoltest.Connection{{Asks: "POST https://h/chat", Header: map[string]string{"Content-Type": "text/html"}, Violation: true}}},
	{Name: "JSON, created", Connections: []protocoltest.Connection{{Asks: "POST https://h/chat", Status: 201, Header: jsonBody, Violation: true}}},
	{Name: "nothing to come", Connections: []protocoltest.Connection{{Asks: "GET https://h/responses/1?stream=true", Status: 204, Over: true}}},
	{Name: "a limit of none", Options: `{"maxEventBytes":0}`, Refused: "maxEventBytes"},
}

func TestStreamErrorsInTheServicesWords(t *testing.T) {
	//rule:openaistream 2

	s, err := openai.Streamer{}.Bind(nil)
	require.NoError(t, err)
	for _, test := range []struct {
		name, body string
		want       *perdure.ServiceError
	}{
		{
			"response.failed", "event: response.failed\ndata: {\"response\":{\"error\":{\"code\":\"server_error\",\"message\":\"Oops\"}}}\n\n",
			&perdure.ServiceError{Code: "server_error", Message: "Oops", Details: []byte(`{"code":"server_error","message":"Oops"}`)},
		},
		{
			"response.failed without an error", "event: response.failed\ndata: {}\n\n",
			&perdure.ServiceError{Code: "response.failed", Message: "{}", Details: []byte(`{}`)},
		},
		{"error without data", "event: error\ndata\n\n", &perdure.ServiceError{Code: "error", Message: `""`, Details: []byte(`""`)}},
		{"error in words", "event: error\ndata: out of memory\n\n", &perdure.ServiceError{Code: "error", Message: "out of memory", Details: []byte(`"out of memory"`)}},
		{"error that is null", "event: error\ndata: null\n\n", &perdure.ServiceError{Code: "error"}},
		{"JSON", `{"error":"no such model"}`, &perdure.ServiceError{Message: "no such model", Details: []byte(`"no such model"`), Code: "error"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for e, err := range s.Events(strings.NewReader(test.body), protocol.Position{}) {
				require.NoError(t, err)
				require.True(t, e.End)
				require.Equal(t, test.want, e.Failed)
			}
		})
	}
}

func TestJSONInPlaceOfAStreamSaysWhatToDo(t *testing.T) {
	//rule:openaistream 3

	s, err := openai.Streamer{}.Bind(nil)
	require.NoError(t, err)
	for _, err := range s.Events(strings.NewReader(`{"choices":[]}`), protocol.Position{}) {
		require.ErrorContains(t, err, `"stream": true`)
	}
}
