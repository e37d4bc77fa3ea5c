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
// [Start], [StartCollection] and [StartStream] take an input that says all; each handle
// is found again by its workflow id ([Attach]) and taken up from its token ([Rehydrate]).
// A typed client of a service keeps an [OperationMethod], a [CollectionMethod] or a
// [StreamMethod] for each of its methods instead, and gives its callers the same handles,
// or types of its own that embed them. Its tokens are taken by the method that made them
// only, and its errors wrap the service's own.
//
// May import: the root package, payloads, tokens, internal/rehydration and the SDK's
// client; never activities, workflows or the SDK's worker, so that a service links none of
// the worker's code.
package starter
