package openai_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/openai"
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

// Start and wait.
func ExampleVectorStoreClient_CreateVectorStore() {
	ctx := context.Background()
	stores := openai.NewVectorStoreClient(connect(), nil)

	op, err := stores.CreateVectorStore(ctx, openai.VectorStoreParams{Name: "handbook", FileIDs: []string{"file-1"}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	store, err := op.Wait(ctx, nil)
	var refused *openai.Error
	switch {
	case errors.As(err, &refused):
		log.Fatalf("the API said %s, of %q", refused.Code, refused.Param)
	case err != nil:
		log.Fatal(err)
	}
	fmt.Println(store.ID, store.FileCounts.Completed)
}

// Start, do something else, and wait on the handle later.
func ExampleVectorStoreClient_CreateVectorStore_handle() {
	ctx := context.Background()
	stores := openai.NewVectorStoreClient(connect(), nil)

	op, err := stores.CreateVectorStore(ctx, openai.VectorStoreParams{Name: "handbook"}, &starter.CallOptions{ID: "handbook-2026"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("on its way:", op.VectorStoreID())

	store, err := op.Wait(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(store.Status)
}

// Wait with an interval of one's own.
func ExampleCreateVectorStoreOperation_Wait() {
	ctx := context.Background()
	stores := openai.NewVectorStoreClient(connect(), nil)

	op, err := stores.AttachCreateVectorStore(ctx, "handbook-2026")
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
func ExampleCreateVectorStoreOperation_UpdateStatus() {
	ctx := context.Background()
	stores := openai.NewVectorStoreClient(connect(), nil)

	op, err := stores.CreateVectorStore(ctx, openai.VectorStoreParams{Name: "handbook", FileIDs: []string{"file-1", "file-2"}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for !op.HasCompleted() {
		time.Sleep(10 * time.Second)
		if _, err := op.UpdateStatus(ctx, nil); err != nil {
			log.Fatal(err)
		}
		files, err := op.FileCounts(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(files.Completed, "of", files.Total)
	}
	store, err := op.Value(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(store.Status)
}

// Send a body and headers of one's own, and look at the raw responses.
func ExampleVectorStoreClient_CreateVectorStoreRaw() {
	ctx := context.Background()
	stores := openai.NewVectorStoreClient(connect(), nil)

	body := json.RawMessage(`{"name": "handbook", "chunking_strategy": {"type": "auto"}}`)
	op, err := stores.CreateVectorStoreRaw(ctx, body, &starter.CallOptions{Headers: http.Header{"Openai-Project": {"proj_1"}}})
	if err != nil {
		log.Fatal(err)
	}
	raw, err := op.RawResponse(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(raw.Status, raw.Headers["X-Request-Id"])

	result, err := op.Result(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Response.Request.URL, string(result.Value))
}

// Store the token, and go on in another process.
func ExampleVectorStoreClient_RehydrateCreateVectorStore() {
	ctx := context.Background()
	stores := openai.NewVectorStoreClient(connect(), nil)

	op, err := stores.CreateVectorStore(ctx, openai.VectorStoreParams{Name: "handbook"}, nil)
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
	op, err = stores.RehydrateCreateVectorStore(ctx, token, nil)
	if errors.Is(err, tokens.ErrType) {
		log.Fatal(err) // it is another method's: the error says which
	}
	if err != nil {
		log.Fatal(err)
	}
	store, err := op.Wait(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(store.Status)
}

// A batch may take a day. The wait may be given up at any time: the batch goes on.
func ExampleBatchClient_CreateBatch() {
	ctx := context.Background()
	batches := openai.NewBatchClient(connect(), nil)

	op, err := batches.CreateBatch(ctx, openai.BatchParams{
		InputFileID: "file-1", Endpoint: "/v1/chat/completions", CompletionWindow: "24h",
	}, &starter.CallOptions{Polling: &perdure.Polling{IntervalSeconds: 60}, Timeout: 25 * time.Hour})
	if err != nil {
		log.Fatal(err)
	}
	batch, err := op.Wait(ctx, nil)
	switch {
	case errors.Is(err, perdure.ErrCanceled):
		fmt.Println("somebody canceled it")
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println(batch.OutputFileID, batch.ErrorFileID)
	}
}

func ExampleVectorStoreClient_CreateFileBatch() {
	ctx := context.Background()
	stores := openai.NewVectorStoreClient(connect(), nil)

	op, err := stores.CreateFileBatch(ctx, "vs_1", openai.FileBatchParams{FileIDs: []string{"file-3", "file-4"}}, nil)
	if err != nil {
		log.Fatal(err)
	}
	batch, err := op.Wait(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(batch.FileCounts.Failed, "failed")
}

func ExampleFineTuningClient_FineTune() {
	ctx := context.Background()
	tuning := openai.NewFineTuningClient(connect(), nil)

	op, err := tuning.FineTune(ctx, openai.FineTuningJobParams{Model: "gpt-4.1-mini", TrainingFile: "file-5"}, nil)
	if err != nil {
		log.Fatal(err)
	}
	job, err := op.Wait(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(job.FineTunedModel)
}

func ExampleResponseClient_CreateBackgroundResponse() {
	ctx := context.Background()
	responses := openai.NewResponseClient(connect(), nil)

	op, err := responses.CreateBackgroundResponse(ctx, openai.ResponseParams{Model: "gpt-5", Input: "Why?"}, nil)
	if err != nil {
		log.Fatal(err)
	}
	response, err := op.Wait(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(response.OutputText())
}

// Every assistant, whatever page it is on.
func ExampleAssistantClient_ListAssistants() {
	ctx := context.Background()
	assistants := openai.NewAssistantClient(connect(), nil)

	for assistant, err := range assistants.ListAssistants(ctx, openai.ListParams{Limit: 100}, nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(assistant.ID, assistant.Name)
	}
}

// Page by page; each page has the token of the next.
func ExampleAssistantClient_ListAssistantPages() {
	ctx := context.Background()
	assistants := openai.NewAssistantClient(connect(), nil)

	var next tokens.Token
	for page, err := range assistants.ListAssistantPages(ctx, openai.ListParams{}, nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(page.Values), page.Response.Status)
		next = page.NextPageToken
		break
	}

	// In another process, from there on:
	for page, err := range assistants.RehydrateAssistantPages(ctx, next, nil) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(len(page.Values))
	}
}

func ExampleBatchClient_ListBatches() {
	ctx := context.Background()
	batches := openai.NewBatchClient(connect(), nil)

	for batch, err := range batches.ListBatches(ctx, openai.ListParams{}, nil) {
		if err != nil {
			log.Fatal(err)
		}
		if batch.Status == "failed" {
			fmt.Println(batch.ID)
		}
	}
}

// An answer, word by word.
func ExampleChatClient_StreamChat() {
	ctx := context.Background()
	chats := openai.NewChatClient(connect(), nil)

	answer, err := chats.StreamChat(ctx, openai.ChatParams{
		Model: "gpt-5", Messages: []openai.ChatMessage{{Role: "user", Content: "Why?"}},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for text, err := range answer.Text(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(text)
	}
}
