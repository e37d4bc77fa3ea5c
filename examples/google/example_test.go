package google_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure/examples/google"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// connect reaches the Temporal server on this machine. A program does so once.
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

const parent = "projects/shop/locations/europe-west1"

func cache() google.Instance { return google.Instance{Tier: "BASIC", MemorySizeGB: 1} }

// Start and wait.
func ExampleInstanceClient_CreateInstance() {
	ctx := context.Background()
	instances := google.NewInstanceClient(connect(), nil)
	op, err := instances.CreateInstance(ctx, parent, "cache", cache(), nil)
	if err != nil {
		log.Fatal(err)
	}
	instance, err := op.Wait(ctx, nil)
	var refused *google.Error
	switch {
	case errors.As(err, &refused):
		log.Fatalf("the API said %s: %s", refused.Code, refused.Message)
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println(instance.Host, instance.Port)
}

// Start, do something else, and wait on the handle later.
func ExampleInstanceClient_DeleteInstance() {
	ctx := context.Background()
	instances := google.NewInstanceClient(connect(), nil)
	op, err := instances.DeleteInstance(ctx, parent+"/instances/cache", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("on its way:", op.Name())

	if _, err := op.Wait(ctx, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Println("gone")
}

// Wait with an interval of one's own.
func ExampleOperation_Wait() {
	ctx := context.Background()
	instances := google.NewInstanceClient(connect(), nil)
	op, err := instances.CreateInstance(ctx, parent, "cache", cache(), nil)
	if err != nil {
		log.Fatal(err)
	}
	instance, err := op.Wait(ctx, &starter.WaitOptions{Interval: 5 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(instance.Host)
}

// Poll by hand, and look at the metadata.
func ExampleOperation_Metadata() {
	ctx := context.Background()
	instances := google.NewInstanceClient(connect(), nil)
	op, err := instances.CreateInstance(ctx, parent, "cache", cache(), nil)
	if err != nil {
		log.Fatal(err)
	}
	for !op.HasCompleted() {
		time.Sleep(10 * time.Second)
		if _, err := op.UpdateStatus(ctx, nil); err != nil {
			log.Fatal(err)
		}
		metadata, err := op.Metadata(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(metadata.Verb, metadata.Target, metadata.StatusDetail)
	}
	instance, err := op.Value(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(instance.Host)
}

// Send a body and headers of one's own, and look at the raw responses.
func ExampleInstanceClient_CreateInstanceRaw() {
	ctx := context.Background()
	instances := google.NewInstanceClient(connect(), nil)
	body := json.RawMessage(`{"tier": "BASIC", "memorySizeGb": 1, "labels": {"team": "shop"}}`)
	op, err := instances.CreateInstanceRaw(ctx, parent, "cache", body, &starter.CallOptions{Headers: http.Header{"X-Goog-User-Project": {"shop"}}})
	if err != nil {
		log.Fatal(err)
	}
	raw, err := op.RawResponse(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(raw.Status, raw.Request.URL)

	result, err := op.Result(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(result.Value))
}

// Store the token, and go on in another process.
func ExampleInstanceClient_RehydrateCreateInstance() {
	ctx := context.Background()
	instances := google.NewInstanceClient(connect(), nil)
	op, err := instances.CreateInstance(ctx, parent, "cache", cache(), nil)
	if err != nil {
		log.Fatal(err)
	}
	token, err := op.Token(ctx)
	if err != nil {
		log.Fatal(err)
	}
	stored := token.Text()

	// Elsewhere, with nothing but the text and the keyset:
	token, err = tokens.Parse(stored)
	if err != nil {
		log.Fatal(err)
	}
	op, err = instances.RehydrateCreateInstance(ctx, token, nil)
	if err != nil {
		log.Fatal(err)
	}
	instance, err := op.Wait(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(instance.Host)
}

func ExampleInstanceClient_ListInstances() {
	ctx := context.Background()
	instances := google.NewInstanceClient(connect(), nil)
	for instance, err := range instances.ListInstances(ctx, parent, nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(instance.Name, instance.State)
	}
}
