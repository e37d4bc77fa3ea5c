package openai

import (
	"context"
	"encoding/json"

	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// FileBatch is a number of files that were added to a vector store together. It succeeds
// where some of them failed: FileCounts says so.
type FileBatch struct {
	ID            string     `json:"id"`
	VectorStoreID string     `json:"vector_store_id"`
	Status        string     `json:"status"`
	FileCounts    FileCounts `json:"file_counts"`
}

// FileBatchParams say which files.
type FileBatchParams struct {
	FileIDs []string `json:"file_ids"`
}

// CreateFileBatchOperation is the processing of files that were added to a vector store.
type CreateFileBatchOperation struct {
	*starter.Operation[FileBatch]
}

// FileCounts is how far the files have come, as far as the API has said.
func (o *CreateFileBatchOperation) FileCounts(ctx context.Context) (FileCounts, error) {
	return starter.Progress[FileCounts](ctx, o.Operation)
}

// CreateFileBatch adds files to a vector store, and returns when the API has answered.
func (c *VectorStoreClient) CreateFileBatch(ctx context.Context, vectorStoreID string, params FileBatchParams, o *starter.CallOptions) (*CreateFileBatchOperation, error) {
	return fileBatch(c.fileBatch.Start(ctx, starter.Call{PathArgs: []string{vectorStoreID}, Body: params}, o))
}

// CreateFileBatchRaw is CreateFileBatch with a body of one's own.
func (c *VectorStoreClient) CreateFileBatchRaw(ctx context.Context, vectorStoreID string, body json.RawMessage, o *starter.CallOptions) (*CreateFileBatchOperation, error) {
	return fileBatch(c.fileBatch.Start(ctx, starter.Call{PathArgs: []string{vectorStoreID}, Body: body}, o))
}

// RehydrateCreateFileBatch takes up the processing from its token, in any process.
func (c *VectorStoreClient) RehydrateCreateFileBatch(ctx context.Context, token tokens.Token, o *starter.TokenOptions) (*CreateFileBatchOperation, error) {
	return fileBatch(c.fileBatch.Rehydrate(ctx, token, o))
}

func fileBatch(op *starter.Operation[FileBatch], err error) (*CreateFileBatchOperation, error) {
	if op == nil {
		return nil, err
	}
	return &CreateFileBatchOperation{op}, err
}
