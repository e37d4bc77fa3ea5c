package starter_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/url"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// openAI is the service of the typed clients in these examples.
func openAI(c *starter.Client) *starter.Service {
	return &starter.Service{
		Client: c, Name: "openai",
		DecodeError: func(said perdure.ServiceError) error {
			return &APIError{StatusCode: said.HTTPStatus, Code: said.Code, Message: said.Message}
		},
	}
}

// APIError is the service's own error.
type APIError struct {
	StatusCode    int
	Code, Message string
}

// Error gives code and message.
func (e *APIError) Error() string { return e.Code + ": " + e.Message }

// The errors of a service in a type of its own.
func ExampleErrorDecoder() {
	var decode starter.ErrorDecoder = func(said perdure.ServiceError) error {
		if said.Code == "" {
			return nil // a proxy's, perhaps: the *perdure.OperationError says it all
		}
		return &APIError{StatusCode: said.HTTPStatus, Code: said.Code, Message: said.Message}
	}
	fmt.Println(decode(perdure.ServiceError{Code: "no_such_file", Message: "file-1 is not there", HTTPStatus: 404}))
	// Output:
	// no_such_file: file-1 is not there
}

// A method of a typed client, and the errors of the service's own type.
func ExampleOperationMethod() {
	ctx, c := context.Background(), connect()
	createBatch := starter.OperationMethod[json.RawMessage]{Service: openAI(c), Type: "CreateBatch", Path: "/batches"}

	op, err := createBatch.Start(ctx, starter.Call{Body: map[string]string{"input_file_id": "file-1"}}, &starter.CallOptions{
		ID: "batch-of-november", Timeout: 24 * time.Hour,
	})
	var refused *APIError
	switch {
	case errors.As(err, &refused):
		log.Fatalf("the service said %s", refused.Code)
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println(op.LastStatus().RemoteID)
}

// The token of another method is refused, and the error says which two.
func ExampleOperationMethod_Rehydrate() {
	ctx, c := context.Background(), connect()
	createBatch := starter.OperationMethod[json.RawMessage]{Service: openAI(c), Type: "CreateBatch", Path: "/batches"}

	token, err := tokens.Parse("perdure1_...")
	if err != nil {
		log.Fatal(err)
	}
	op, err := createBatch.Rehydrate(ctx, token, &starter.TokenOptions{Audience: "tenant-7"})
	switch {
	case errors.Is(err, tokens.ErrType):
		log.Fatal(err) // tokens: wrong type: the token is for type "CreateVectorStore", asked for type "CreateBatch"
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println(op.ID())
}

func ExampleCollectionMethod() {
	ctx, c := context.Background(), connect()
	listAssistants := starter.CollectionMethod[Assistant]{Service: openAI(c), Type: "ListAssistants", Path: "/assistants"}

	for a, err := range listAssistants.All(ctx, starter.Call{Query: url.Values{"limit": {"100"}}}, &starter.ReadOptions{Audience: "tenant-7"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(a.ID)
	}
}

func ExampleStreamMethod() {
	ctx, c := context.Background(), connect()
	type word struct {
		Delta string `json:"delta"`
	}
	streamResponse := starter.StreamMethod[word]{
		Service: openAI(c), Type: "StreamResponse", Path: "/responses",
		Protocol: &perdure.ProtocolChoice{Name: "openai", Options: json.RawMessage(`{"json":true}`)},
	}

	answer, err := streamResponse.Start(ctx, starter.Call{Body: map[string]any{"model": "gpt-5", "input": "Why?", "stream": true}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for event, err := range answer.Events(ctx, 0) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(event.Data.Delta)
	}
}

// How far a service has come, in its own words.
func ExampleProgress() {
	ctx, c := context.Background(), connect()
	type fileCounts struct {
		Completed int `json:"completed"`
		Total     int `json:"total"`
	}
	op, err := starter.Attach[VectorStore](ctx, c, "handbook-2026")
	if err != nil {
		log.Fatal(err)
	}
	files, err := starter.Progress[fileCounts](ctx, op)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(files.Completed, "of", files.Total)
}

// The operations of a namespace that are not over.
func ExampleClient_List() {
	ctx, c := context.Background(), connect()
	for op, err := range c.List(ctx, &starter.ListOptions{State: perdure.StateRunning}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(op.WorkflowID, op.Service, op.ServiceStatus)
	}
}
