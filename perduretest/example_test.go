package perduretest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
	"github.com/perdure-dev/perdure/starter"
)

// t is the *testing.T of your test.
var t exampleT

type exampleT struct{ testing.TB }

func (exampleT) Helper()                           {}
func (exampleT) Cleanup(func())                    {}
func (exampleT) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// VectorStore is the value of the operations in these examples.
type VectorStore struct {
	ID string `json:"id"`
}

// Stores is what is tested here: your own subclient, or a service that uses one.
type Stores struct{ client *starter.Client }

// Create starts the making of a vector store.
func (s Stores) Create(ctx context.Context, name string) (*starter.Operation[VectorStore], error) {
	body, err := json.Marshal(map[string]string{"name": name})
	if err != nil {
		return nil, err
	}
	return starter.Start[VectorStore](ctx, s.client, perdure.OperationInput{
		Request: &perdure.Request{Service: "openai", Method: "POST", URL: "/vector_stores", Body: perdure.JSONBody(body)},
		Type:    "CreateVectorStore",
	}, nil)
}

func Example() {
	ctx := context.Background()
	fake := perduretest.NewClient(t)
	fake.On("POST", "/vector_stores").Operation(perduretest.Running(40), perduretest.Succeeded(VectorStore{ID: "vs_1"}))
	stores := Stores{fake.Starter()}

	op, err := stores.Create(ctx, "handbook")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(op.LastStatus().State, *op.LastStatus().PercentComplete)
	store, err := op.Wait(ctx, nil)
	fmt.Println(store.ID, err)
	fmt.Printf("%s\n", fake.Operations()[0].Request.Body.JSON)
	// Output:
	// running 40
	// vs_1 <nil>
	// {"name":"handbook"}
}

// An operation that fails with the service's error.
func ExampleFailed() {
	ctx := context.Background()
	fake := perduretest.NewClient(t)
	fake.On("POST", "/vector_stores").Operation(
		perduretest.Pending("in_progress"),
		perduretest.Failed(perdure.ServiceError{Code: "bad_file", Message: "file-7 is not text"}))

	op, err := Stores{fake.Starter()}.Create(ctx, "handbook")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = op.Wait(ctx, nil)
	if bad, ok := errors.AsType[*perdure.OperationError](err); ok {
		fmt.Println(bad.Type, bad.Status.State, bad.Status.Error.Code)
	}
	fmt.Println(err)
	// Output:
	// OperationFailed failed bad_file
	// perdure: OperationFailed: bad_file: file-7 is not text
}

// A start that the service refuses.
func ExampleRejected() {
	fake := perduretest.NewClient(t)
	fake.On("POST", "/vector_stores").Operation(
		perduretest.Rejected(perdure.ServiceError{Code: "no_name", Message: "a name is required", HTTPStatus: 400}))

	_, err := Stores{fake.Starter()}.Create(context.Background(), "")
	fmt.Println(err)
	// Output:
	// perdure: StartRejected: no_name: a name is required
}

// An operation that runs until it is canceled.
func ExampleCanceled() {
	ctx := context.Background()
	fake := perduretest.NewClient(t)
	fake.On("POST", "/vector_stores").Operation(perduretest.Running(40))

	op, err := Stores{fake.Starter()}.Create(ctx, "handbook")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := op.Cancel(ctx, "not needed any more"); err != nil {
		fmt.Println(err)
	}
	s, err := op.Status(ctx)
	fmt.Println(s.State, s.Cancel.Reason, err)
	_, err = op.Wait(ctx, nil)
	fmt.Println(errors.Is(err, &perdure.OperationError{Type: perdure.ErrorCanceled}))
	// Output:
	// canceling not needed any more <nil>
	// true
}

// The service was faster than the cancel.
func ExampleOperation_OnCancel() {
	ctx := context.Background()
	fake := perduretest.NewClient(t)
	fake.On("POST", "/vector_stores").
		Operation(perduretest.Running(99)).
		OnCancel(perduretest.Succeeded(VectorStore{ID: "vs_1"}))

	op, err := Stores{fake.Starter()}.Create(ctx, "handbook")
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := op.Cancel(ctx, ""); err != nil {
		fmt.Println(err)
	}
	store, err := op.Wait(ctx, nil)
	fmt.Println(store.ID, err)
	// Output:
	// vs_1 <nil>
}

// A start of which nobody can tell whether it arrived, until a person settles it.
func ExampleAmbiguous() {
	ctx := context.Background()
	fake := perduretest.NewClient(t)
	fake.On("POST", "/vector_stores").Operation(
		perduretest.Ambiguous(), perduretest.Running(40), perduretest.Succeeded(VectorStore{ID: "vs_1"}))

	op, err := Stores{fake.Starter()}.Create(ctx, "handbook")
	fmt.Println(errors.Is(err, &perdure.OperationError{Type: perdure.ErrorStartAmbiguous}), op.LastStatus().State)
	s, err := op.Resolve(ctx, perdure.Resolve{Retry: true})
	fmt.Println(s.State, err)
	store, err := op.Wait(ctx, nil)
	fmt.Println(store.ID, err)
	// Output:
	// true ambiguous
	// running <nil>
	// vs_1 <nil>
}

// A state that comes when the test says so.
func ExampleOperationState_Hold() {
	ctx := context.Background()
	release := make(chan struct{})
	fake := perduretest.NewClient(t)
	fake.On("POST", "/vector_stores").Operation(
		perduretest.Running(40), perduretest.Succeeded(VectorStore{ID: "vs_1"}).Hold(release))

	op, err := Stores{fake.Starter()}.Create(ctx, "handbook")
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		s, err := op.UpdateStatus(ctx, nil)
		fmt.Println(s.State, err)
		if s.State == perdure.StateRunning {
			close(release)
		}
	}
	// Output:
	// running <nil>
	// succeeded <nil>
}

// Pages, one that cannot be had among them, and a page by its token.
func ExampleNewPage() {
	ctx := context.Background()
	fake := perduretest.NewClient(t)
	fake.On("GET", "/assistants").Pages(
		perduretest.NewPage("ada", "bob"),
		perduretest.PageError(perdure.ErrorPageRejected, perdure.ServiceError{Code: "overloaded"}),
		perduretest.NewPage("cyd"))
	in := perdure.CollectionInput{Request: &perdure.Request{Service: "openai", Method: "GET", URL: "/assistants"}}

	client := fake.Starter()
	var kept *starter.Page[string]
	for page, err := range starter.Pages[string](ctx, client, in, nil) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(page.Index, page.Values, page.Last)
		kept = page
	}
	next, err := starter.GetPage[string](ctx, client, perdure.CollectionInput{Token: kept.NextPageToken.Text()}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(next.Values, next.Last)
	// Output:
	// 0 [ada bob] false
	// perdure: PageRejected: overloaded
	// [cyd] true
}

// A stream that breaks: what came before is read.
func ExampleNewEvent() {
	ctx := context.Background()
	fake := perduretest.NewClient(t)
	fake.On("POST", "/chat/completions").Stream(
		perduretest.NewEvent("Hel"), perduretest.NewEvent("lo"),
		perduretest.BrokenStream(perdure.ErrorStreamBroken, perdure.ServiceError{Code: perdure.ErrorStreamBroken, Message: "the service cannot take it up"}))

	stream, err := starter.StartStream[string](ctx, fake.Starter(), perdure.StreamInput{
		Request:  &perdure.Request{Service: "openai", Method: "POST", URL: "/chat/completions"},
		Protocol: &perdure.ProtocolChoice{Name: "openai"},
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for event, err := range stream.Events(ctx, 0) {
		if err != nil {
			fmt.Println(err)
			break
		}
		fmt.Println(event.Offset, event.Data)
	}
	// Output:
	// 0 Hel
	// 1 lo
	// perdure: StreamBroken: the service cannot take it up
}

// An operation that another process takes up from its token, after Temporal has forgotten
// it.
func ExampleClient_Forget() {
	ctx := context.Background()
	fake := perduretest.NewClient(t)
	fake.On("POST", "/vector_stores").Operation(perduretest.Running(40), perduretest.Succeeded(VectorStore{ID: "vs_1"}))

	op, err := Stores{fake.Starter()}.Create(ctx, "handbook")
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := op.Token(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fake.Forget(op.ID())

	elsewhere := fake.Starter()
	_, err = starter.Rehydrate[VectorStore](ctx, elsewhere, token, &starter.RehydrateOptions{Type: "DeleteVectorStore"})
	fmt.Println(err)
	again, err := starter.Rehydrate[VectorStore](ctx, elsewhere, token, &starter.RehydrateOptions{Type: "CreateVectorStore"})
	if err != nil {
		fmt.Println(err)
		return
	}
	store, err := again.Wait(ctx, nil)
	fmt.Println(store.ID, err)
	// Output:
	// tokens: wrong type: the token is for type "CreateVectorStore", asked for type "DeleteVectorStore"
	// vs_1 <nil>
}

// A request that nobody has scripted.
func ExampleClient_On() {
	fake := perduretest.NewClient(t)
	fake.On("POST", "/vector_stores/{id}/files").Operation()

	_, err := Stores{fake.Starter()}.Create(context.Background(), "handbook")
	fmt.Println(err != nil)
	// Output:
	// perduretest: no Operation is scripted for POST /vector_stores; scripted: Operation POST /vector_stores/{id}/files
	// true
}
