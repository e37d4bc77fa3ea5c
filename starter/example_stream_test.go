package starter_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// Read a chat completion as it comes; the offset goes on in any process.
func ExampleStartStream() {
	ctx, c := context.Background(), connect()
	chat, err := starter.StartStream[string](ctx, c, perdure.StreamInput{
		Request: &perdure.Request{
			Service: "openai", Method: "POST", URL: "/chat/completions",
			Body: perdure.JSONBody(json.RawMessage(`{"model":"gpt-5","stream":true,"messages":[{"role":"user","content":"Why?"}]}`)),
		},
		Protocol: &perdure.ProtocolChoice{Name: "openai"},
	}, &starter.StreamOptions{ID: "chat-17"})
	if err != nil {
		log.Fatal(err)
	}
	next := 0
	for event, err := range chat.Events(ctx, next) {
		var bad *perdure.StreamError
		switch {
		case errors.As(err, &bad):
			log.Fatalf("it ended after %d events: %s", bad.Status.Events, bad.Type)
		case err != nil:
			log.Fatalf("it could not be asked; go on from %d: %v", next, err)
		}
		fmt.Println(event.Data)
		next = event.Offset + 1
	}
}
