package starter_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// VectorStore is the value of the operations in these examples.
type VectorStore struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

// create is what a vector store is created with.
func create(name string) perdure.OperationInput {
	body, err := json.Marshal(map[string]string{"name": name})
	if err != nil {
		log.Fatal(err)
	}
	return perdure.OperationInput{
		Request: &perdure.Request{Service: "openai", Method: "POST", URL: "/vector_stores", Body: perdure.JSONBody(body)},
		Type:    "CreateVectorStore",
	}
}

func connect() *starter.Client {
	temporal, err := client.Dial(client.Options{})
	if err != nil {
		log.Fatal(err)
	}
	keyset, err := tokens.LoadKeyset("keyset.json")
	if err != nil {
		log.Fatal(err)
	}
	c, err := starter.New(temporal, starter.Options{Keyset: keyset})
	if err != nil {
		log.Fatal(err)
	}
	return c
}

// A client over Temporal's own, with the workers' keyset.
func ExampleNew() {
	temporal, err := client.Dial(client.Options{Namespace: "orders"})
	if err != nil {
		log.Fatal(err)
	}
	defer temporal.Close()
	keyset, err := tokens.LoadKeyset("keyset.json")
	if err != nil {
		log.Panic(err)
	}
	c, err := starter.New(temporal, starter.Options{Namespace: "orders", Keyset: keyset})
	if err != nil {
		log.Panic(err)
	}
	fmt.Println(starter.Attach[VectorStore](context.Background(), c, "handbook-2026"))
}

// Start and return when completed.
func ExampleRun() {
	ctx, c := context.Background(), connect()
	store, _, err := starter.Run[VectorStore](ctx, c, create("handbook"), nil)
	var bad *perdure.OperationError
	switch {
	case errors.As(err, &bad):
		log.Fatalf("it ended badly: %s (the service said %q)", bad.Type, bad.Status.ServiceStatus)
	case err != nil:
		log.Fatalf("it could not be asked: %v", err)
	}
	fmt.Println(store.ID, store.Status)
}

// Start, do something else, then wait on the handle.
func ExampleStart() {
	ctx, c := context.Background(), connect()
	op, err := starter.Start[VectorStore](ctx, c, create("handbook"), &starter.StartOptions{ID: "handbook-2026"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("started", op.ID(), "at the service:", op.LastStatus().RemoteID)
	store, err := op.Wait(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(store.Status)
}

// Wait with a polling interval of one's own.
func ExampleOperation_Wait_interval() {
	ctx, c := context.Background(), connect()
	op, err := starter.Attach[VectorStore](ctx, c, "handbook-2026")
	if err != nil {
		log.Fatal(err)
	}
	store, err := op.Wait(ctx, &starter.WaitOptions{Interval: 2 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(store.Status)
}

// Poll by hand.
func ExampleOperation_UpdateStatus() {
	ctx, c := context.Background(), connect()
	op, err := starter.Start[VectorStore](ctx, c, create("handbook"), nil)
	if err != nil {
		log.Fatal(err)
	}
	for !op.HasCompleted() {
		status, err := op.UpdateStatus(ctx, &starter.UpdateStatusOptions{Headers: map[string][]string{"X-Trace": {"by hand"}}})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(status.State, status.ServiceStatus)
		time.Sleep(10 * time.Second)
	}
	store, err := op.Value(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(store.Status)
}

// Look at the raw HTTP response after the start and after every update.
func ExampleOperation_RawResponse() {
	ctx, c := context.Background(), connect()
	op, err := starter.Start[VectorStore](ctx, c, create("handbook"), nil)
	if err != nil {
		log.Fatal(err)
	}
	for {
		raw, err := op.RawResponse(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(raw.Request.Method, raw.Request.URL, raw.Status, raw.Headers["X-Request-Id"])
		if op.HasCompleted() {
			return
		}
		if _, err := op.UpdateStatus(ctx, nil); err != nil {
			log.Fatal(err)
		}
	}
}

// Persist the token; wait for the operation in another process.
func ExampleRehydrate() {
	ctx, c := context.Background(), connect()
	op, err := starter.Start[VectorStore](ctx, c, create("handbook"), nil)
	if err != nil {
		log.Fatal(err)
	}
	token, err := op.Token(ctx)
	if err != nil {
		log.Fatal(err)
	}
	stored, err := token.MarshalText() // into a database, a URL, a queue
	if err != nil {
		log.Fatal(err)
	}

	// Elsewhere, with nothing but the text and the keyset:
	var taken tokens.Token
	if err := taken.UnmarshalText(stored); err != nil {
		log.Fatal(err)
	}
	same, err := starter.Rehydrate[VectorStore](ctx, c, taken, &starter.RehydrateOptions{Type: "CreateVectorStore"})
	if err != nil {
		log.Fatal(err)
	}
	store, err := same.Wait(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(store.Status)
}

// A webhook says that there is news: have the service asked, and do not wait for it.
func ExampleOperation_RequestPoll() {
	ctx, c := context.Background(), connect()
	op, err := starter.Attach[VectorStore](ctx, c, "handbook-2026")
	if err != nil {
		log.Fatal(err)
	}
	if err := op.RequestPoll(ctx); err != nil {
		log.Fatal(err)
	}
}
