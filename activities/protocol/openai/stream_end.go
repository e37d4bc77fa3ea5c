package openai

import (
	"encoding/json"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/sse"
	"github.com/perdure-dev/perdure/activities/protocol/streaming"
)

// done is the data that ends a stream (OpenAPI document, stream). The SDKs take
// whatever begins with it.
const done = "[DONE]"

// endOfType is how events of a type end a stream (OpenAPI document,
// ResponseStreamEvent and AssistantStreamEvent): where is the error, of those that end it
// badly. A response that is incomplete is one all the same.
var endOfType = map[string]func(fields map[string]json.RawMessage) json.RawMessage{
	"response.completed":  nil,
	"response.incomplete": nil,
	"done":                nil,
	"response.failed": func(fields map[string]json.RawMessage) json.RawMessage {
		response, _ := protocol.Exchange{Body: fields["response"]}.Object()
		return response["error"]
	},
	errorType: func(fields map[string]json.RawMessage) json.RawMessage { return fields["error"] },
}

const errorType = "error"

// streamEnd knows the events that end a stream.
func streamEnd(e sse.Event) sse.Ending {
	if strings.HasPrefix(e.Data, done) {
		return sse.Ending{End: true, Mark: true}
	}
	typ, fields := typeOf(e)
	where, ends := endOfType[typ]
	switch {
	case !ends:
		return sse.Ending{}
	case where == nil:
		return sse.Ending{End: true}
	}
	return sse.Ending{End: true, Failed: streamError(typ, where(fields), e.Data)}
}

// typeOf is an event's type; of one that has none, the type in its data, or that of an
// error, which the SDKs take for the end wherever it stands. Fields are those of the
// data, where its type ends a stream.
func typeOf(e sse.Event) (typ string, fields map[string]json.RawMessage) {
	if _, ends := endOfType[e.Type]; !ends && e.Type != streaming.Message {
		return e.Type, nil
	}
	if e.Type == streaming.Message && !strings.Contains(e.Data, `"type"`) && !strings.Contains(e.Data, `"error"`) {
		return e.Type, nil // a look saves to read every word of a chat
	}
	fields, _ = protocol.Exchange{Body: []byte(e.Data)}.Object()
	if e.Type != streaming.Message {
		return e.Type, fields
	}
	if isError(fields["error"]) {
		return errorType, fields
	}
	return protocol.String(fields["type"]), fields
}

// isError: an object, or text; many services have null there in every event.
func isError(words json.RawMessage) bool {
	return strings.HasPrefix(string(words), "{") || protocol.String(words) != ""
}

// streamError is the service's error: what stands at its place, else all of the data.
func streamError(typ string, words json.RawMessage, data string) *perdure.ServiceError {
	if len(words) == 0 || string(words) == "null" {
		words = streaming.JSON(data)
	}
	why := protocol.ErrorIn(words)
	if why == nil { // the data is null
		why = &perdure.ServiceError{}
	}
	if why.Code == "" {
		why.Code = typ
	}
	return why
}
