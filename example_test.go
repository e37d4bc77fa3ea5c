package perdure_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/perdure-dev/perdure"
)

// What is wrong with an input is known before it is sent.
func ExampleOperationInput() {
	in := perdure.OperationInput{
		Request: &perdure.Request{
			Service: "openai", Method: "POST", URL: "/vector_stores",
			Body: perdure.JSONBody(json.RawMessage(`{"name":"handbook"}`)),
		},
		Type:           "CreateVectorStore",
		Protocol:       &perdure.ProtocolChoice{Name: "openai"},
		Polling:        &perdure.Polling{IntervalSeconds: 5, MaxIntervalSeconds: 60, Backoff: 1.5},
		TimeoutSeconds: 24 * 60 * 60,
		Cancel:         &perdure.CancelSettings{OnTimeout: true},
	}
	fmt.Println(in.Check())
	fmt.Println(in.Summary())

	in.Polling.Backoff = 0.5
	fmt.Println(in.Check())
	// Output:
	// <nil>
	// openai: CreateVectorStore
	// perdure: input: polling.backoff: is 0.5, want 1 to 100
}

// An operation that somebody else has started.
func ExampleAdoption() {
	in := perdure.OperationInput{
		Adopt:    &perdure.Adoption{Operation: "batch_9", Collection: "/batches"},
		Service:  "openai",
		Protocol: &perdure.ProtocolChoice{Name: "openai"},
	}
	fmt.Println(in.Check())
	fmt.Println(in.Summary())
	// Output:
	// <nil>
	// openai: adopted
}

// JSON is read strictly: a typo is an error that names the field.
func ExampleDecode() {
	var in perdure.OperationInput
	err := perdure.Decode([]byte(`{"request": {"method": "GET", "url": "/jobs"}, "polling": {"interval": 5}}`), &in)
	if wrong, ok := errors.AsType[*perdure.InputError](err); ok {
		fmt.Printf("%s: %s\n", wrong.Field, wrong.Message)
	}
	// Output:
	// polling.interval: unknown field
}

// How an operation ended badly is an answer, and told apart from not having one.
func ExampleOperationError() {
	wait := func() error {
		return fmt.Errorf("handbook: %w", &perdure.OperationError{
			Type: perdure.ErrorOperationFailed, Message: "quota_exceeded: no room for 3 files",
			Status: perdure.Status{
				State: perdure.StateFailed, Done: true, ServiceStatus: "failed",
				Error: &perdure.ServiceError{Code: "quota_exceeded", Message: "no room for 3 files"},
			},
		})
	}
	err := wait()
	var bad *perdure.OperationError
	switch {
	case errors.Is(err, perdure.ErrCanceled), errors.Is(err, perdure.ErrAmbiguous):
		fmt.Println("not now")
	case errors.As(err, &bad):
		fmt.Println(bad.Type, bad.Status.Error.Code, bad.Status.State.Terminal())
	default:
		fmt.Println("it could not be asked:", err)
	}
	// Output:
	// OperationFailed quota_exceeded true
}

// A result has its value as the service wrote it.
func ExampleOperationResult_Decode() {
	result := perdure.OperationResult{State: perdure.StateSucceeded, Value: json.RawMessage(`{"id":"vs_1","bytes":12345678901234567890}`)}
	var store struct {
		ID    string `json:"id"`
		Bytes uint64 `json:"bytes"`
	}
	if err := result.Decode(&store); err != nil {
		fmt.Println(err)
	}
	fmt.Println(store.ID, store.Bytes)

	var picture []byte
	result = perdure.OperationResult{State: perdure.StateSucceeded, ValueBody: perdure.BytesBody([]byte("P1 1 1 0"))}
	if err := result.Decode(&picture); err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%s\n", picture)
	// Output:
	// vs_1 12345678901234567890
	// P1 1 1 0
}

// A person has looked at the service, and settles a start of which nobody knows whether it
// arrived: this is what the update "resolve" takes.
func ExampleResolve() {
	settled := perdure.Resolve{Adopt: &perdure.Adoption{Operation: "batch_9", Collection: "/batches"}}
	fmt.Println(settled.Check())
	text, err := json.Marshal(settled)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Printf("%s %s\n", perdure.UpdateResolve, text)

	settled.Retry = true
	fmt.Println(settled.Check())
	// Output:
	// <nil>
	// resolve {"adopt":{"operation":"batch_9","collection":"/batches"}}
	// perdure: input: adopt: is set beside retry, want exactly one of retry, adopt and fail
}

// A workflow of one's own takes any JSON, and says itself what is wrong with it.
func ExampleRawInput() {
	list := func(raw perdure.RawInput) error {
		var in perdure.CollectionInput
		if err := perdure.Decode(raw, &in); err != nil {
			return err
		}
		return in.Check()
	}
	fmt.Println(list(perdure.RawInput(`{"request": {"service": "jobs", "method": "GET", "url": "/jobs"}, "maxPages": "two"}`)))
	// Output:
	// perdure: input: maxPages: is a JSON string, want a number
}

// What goes wrong between a worker and a service: a protocol of one's own gives some of
// these, and meets others. None holds a query or a secret.
func Example_errorsOfAWorker() {
	for _, err := range []error{
		&perdure.ResponseError{Method: "GET", URL: "https://jobs.example.com/jobs/1", Service: perdure.ServiceError{HTTPStatus: 410, Code: "expired"}},
		&perdure.ProtocolError{Protocol: "tickets", Message: "the ticket has no state"},
		&perdure.EgressError{Target: "GET /admin", Message: `is not in the allow list of service "jobs"`},
		&perdure.CredentialError{Service: "jobs", Source: "environment variable JOBS_TOKEN", Message: "is empty or not set"},
		&perdure.SizeError{Limit: 1 << 20, Message: "GET https://jobs.example.com/jobs/1"},
	} {
		fmt.Println(err)
	}
	// Output:
	// perdure: GET https://jobs.example.com/jobs/1: HTTP 410: expired
	// perdure: protocol tickets: the ticket has no state
	// perdure: egress: GET /admin: is not in the allow list of service "jobs"
	// perdure: credential of service jobs from environment variable JOBS_TOKEN: is empty or not set
	// perdure: answer is larger than 1048576 bytes: GET https://jobs.example.com/jobs/1
}
