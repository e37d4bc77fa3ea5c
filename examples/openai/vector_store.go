package openai

import (
	"context"
	"encoding/json"

	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// VectorStore holds files to be searched.
type VectorStore struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Status     string            `json:"status"`
	UsageBytes int64             `json:"usage_bytes"`
	FileCounts FileCounts        `json:"file_counts"`
	Metadata   map[string]string `json:"metadata"`
}

// FileCounts is how far the files of a vector store, or of a batch of them, have come.
type FileCounts struct {
	InProgress int `json:"in_progress"`
	Completed  int `json:"completed"`
	Failed     int `json:"failed"`
	Cancelled  int `json:"cancelled"`
	Total      int `json:"total"`
}

// VectorStoreParams are what a vector store is created with.
type VectorStoreParams struct {
	Name     string            `json:"name,omitempty"`
	FileIDs  []string          `json:"file_ids,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

// VectorStoreClient creates vector stores and adds files to them. It is safe for
// concurrent use.
type VectorStoreClient struct {
	create    starter.OperationMethod[VectorStore]
	fileBatch starter.OperationMethod[FileBatch]
}

// NewVectorStoreClient gives a client; nil options are the defaults.
func NewVectorStoreClient(c *starter.Client, o *ClientOptions) *VectorStoreClient {
	s := withAssistants(newService(c, o))
	return &VectorStoreClient{
		create:    starter.OperationMethod[VectorStore]{Service: s, Type: "CreateVectorStore", Path: "/vector_stores"},
		fileBatch: starter.OperationMethod[FileBatch]{Service: s, Type: "CreateVectorStoreFileBatch", Path: "/vector_stores/{vector_store_id}/file_batches"},
	}
}

// CreateVectorStoreOperation is the creation of a vector store, which lasts until its
// files are processed.
type CreateVectorStoreOperation struct {
	*starter.Operation[VectorStore]
}

// VectorStoreID is the store's id, known before its files are processed.
func (o *CreateVectorStoreOperation) VectorStoreID() string { return o.LastStatus().RemoteID }

// FileCounts is how far the files have come, as far as the API has said.
func (o *CreateVectorStoreOperation) FileCounts(ctx context.Context) (FileCounts, error) {
	return starter.Progress[FileCounts](ctx, o.Operation)
}

// CreateVectorStore starts the creation, and returns when the API has answered.
func (c *VectorStoreClient) CreateVectorStore(ctx context.Context, params VectorStoreParams, o *starter.CallOptions) (*CreateVectorStoreOperation, error) {
	return creation(c.create.Start(ctx, starter.Call{Body: params}, o))
}

// CreateVectorStoreRaw is CreateVectorStore with a body of one's own. The operation's
// Result has the value as the API wrote it.
func (c *VectorStoreClient) CreateVectorStoreRaw(ctx context.Context, body json.RawMessage, o *starter.CallOptions) (*CreateVectorStoreOperation, error) {
	return creation(c.create.Start(ctx, starter.Call{Body: body}, o))
}

// RehydrateCreateVectorStore takes up a creation from its token, in any process.
func (c *VectorStoreClient) RehydrateCreateVectorStore(ctx context.Context, token tokens.Token, o *starter.TokenOptions) (*CreateVectorStoreOperation, error) {
	return creation(c.create.Rehydrate(ctx, token, o))
}

// AttachCreateVectorStore gives a handle on a creation by its workflow id.
func (c *VectorStoreClient) AttachCreateVectorStore(ctx context.Context, id string) (*CreateVectorStoreOperation, error) {
	return creation(c.create.Attach(ctx, id))
}

func creation(op *starter.Operation[VectorStore], err error) (*CreateVectorStoreOperation, error) {
	if op == nil {
		return nil, err
	}
	return &CreateVectorStoreOperation{op}, err
}
