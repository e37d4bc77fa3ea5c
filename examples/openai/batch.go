package openai

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"

	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// Batch is a file of requests that the API works through within a day. It succeeds where
// some of them failed: their errors are in the file ErrorFileID.
type Batch struct {
	ID            string        `json:"id"`
	Status        string        `json:"status"`
	OutputFileID  string        `json:"output_file_id"`
	ErrorFileID   string        `json:"error_file_id"`
	RequestCounts RequestCounts `json:"request_counts"`
}

// RequestCounts is how far the requests of a batch have come.
type RequestCounts struct {
	Total     int `json:"total"`
	Completed int `json:"completed"`
	Failed    int `json:"failed"`
}

// BatchParams are what a batch is created with.
type BatchParams struct {
	InputFileID string `json:"input_file_id"`
	// Endpoint that the requests go to, "/v1/chat/completions".
	Endpoint string `json:"endpoint"`
	// CompletionWindow has to be "24h".
	CompletionWindow string            `json:"completion_window"`
	Metadata         map[string]string `json:"metadata,omitempty"`
}

// BatchClient creates batches and lists them. It is safe for concurrent use.
type BatchClient struct {
	create  starter.OperationMethod[Batch]
	list    starter.CollectionMethod[Batch]
	rawList starter.CollectionMethod[json.RawMessage]
}

// NewBatchClient gives a client; nil options are the defaults.
func NewBatchClient(c *starter.Client, o *ClientOptions) *BatchClient {
	s := newService(c, o)
	return &BatchClient{
		create:  starter.OperationMethod[Batch]{Service: s, Type: "CreateBatch", Path: "/batches"},
		list:    starter.CollectionMethod[Batch]{Service: s, Type: "ListBatches", Path: "/batches"},
		rawList: starter.CollectionMethod[json.RawMessage]{Service: s, Type: "ListBatches", Path: "/batches"},
	}
}

// CreateBatchOperation is the work on a batch.
type CreateBatchOperation struct{ *starter.Operation[Batch] }

// BatchID is the batch's id, known before it is done.
func (o *CreateBatchOperation) BatchID() string { return o.LastStatus().RemoteID }

// RequestCounts is how far the requests have come, as far as the API has said.
func (o *CreateBatchOperation) RequestCounts(ctx context.Context) (RequestCounts, error) {
	return starter.Progress[RequestCounts](ctx, o.Operation)
}

// CreateBatch starts a batch, and returns when the API has answered.
func (c *BatchClient) CreateBatch(ctx context.Context, params BatchParams, o *starter.CallOptions) (*CreateBatchOperation, error) {
	return batch(c.create.Start(ctx, starter.Call{Body: params}, o))
}

// CreateBatchRaw is CreateBatch with a body of one's own.
func (c *BatchClient) CreateBatchRaw(ctx context.Context, body json.RawMessage, o *starter.CallOptions) (*CreateBatchOperation, error) {
	return batch(c.create.Start(ctx, starter.Call{Body: body}, o))
}

// RehydrateCreateBatch takes up a batch from its token, in any process.
func (c *BatchClient) RehydrateCreateBatch(ctx context.Context, token tokens.Token, o *starter.TokenOptions) (*CreateBatchOperation, error) {
	return batch(c.create.Rehydrate(ctx, token, o))
}

func batch(op *starter.Operation[Batch], err error) (*CreateBatchOperation, error) {
	if op == nil {
		return nil, err
	}
	return &CreateBatchOperation{op}, err
}

// ListBatches goes through the batches, whatever page they are on. An error comes once,
// last.
func (c *BatchClient) ListBatches(ctx context.Context, params ListParams, o *starter.ReadOptions) iter.Seq2[Batch, error] {
	return c.list.All(ctx, params.call(), o)
}

// ListBatchPages goes through the pages. Each has the token that goes on after it.
func (c *BatchClient) ListBatchPages(ctx context.Context, params ListParams, o *starter.ReadOptions) iter.Seq2[*starter.Page[Batch], error] {
	return c.list.Pages(ctx, params.call(), o)
}

// ListBatchPagesRaw is ListBatchPages with a query of one's own, and with the batches as
// the API wrote them.
func (c *BatchClient) ListBatchPagesRaw(ctx context.Context, query url.Values, o *starter.ReadOptions) iter.Seq2[*starter.Page[json.RawMessage], error] {
	return c.rawList.Pages(ctx, starter.Call{Query: query}, o)
}

// RehydrateBatchPages goes through the pages from the one that a token names, in any
// process.
func (c *BatchClient) RehydrateBatchPages(ctx context.Context, token tokens.Token, o *starter.TokenOptions) iter.Seq2[*starter.Page[Batch], error] {
	return c.list.RehydratePages(ctx, token, o)
}
