// Package starter is for services: it starts long-running operations as Temporal
// workflows, and gives a handle on each to wait for it, ask how it goes, cancel it,
// and take it up again from its continuation token in another process.
//
//	op, err := starter.Start[VectorStore](ctx, client, perdure.OperationInput{...}, nil) // the service has answered
//	store, err := op.Wait(ctx, nil)  // *perdure.OperationError: it ended badly; anything else: we could not ask
//	token, err := op.Token(ctx)      // store it; elsewhere: starter.Rehydrate[VectorStore](ctx, client, token, nil)
//
// Ending a context stops the waiting, never the operation.
//
// May import: the root package, tokens, and the SDK's client; never activities,
// workflows or the SDK's worker, so that a service links none of the worker's code.
package starter
