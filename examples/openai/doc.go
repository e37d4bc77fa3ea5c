// Package openai is an example of a typed client: the parts of OpenAI's API that take
// long, that come page by page and that are streamed, through Perdure.
//
// [VectorStoreClient.CreateVectorStore] has the typed parameters and gives the typed
// operation; [VectorStoreClient.CreateVectorStoreRaw] sends the body as it is; both give
// the same [CreateVectorStoreOperation], and
// [VectorStoreClient.RehydrateCreateVectorStore] gives it in another process. So do the
// other clients. What the service refuses is an [Error]:
//
//	op, err := client.CreateVectorStore(ctx, openai.VectorStoreParams{Name: "handbook"}, nil)
//	store, err := op.Wait(ctx, nil)
//	var refused *openai.Error
//	if errors.As(err, &refused) { ... }
//
// All else that a handle can do is package starter's. The workers hold the credentials:
// docs/write-a-client.md has their configuration, and shows how such a client is written.
//
// This package may import the root package, tokens and starter.
package openai
