// Package child runs what Perdure does from your own Go workflows, as their children: an
// operation with [Run] or [Start], the pages of a collection with [Pages], the events of a
// stream with [Events] or [StartStream].
//
// Your workflow runs on your task queue, by your worker; its children run on the task
// queue of Perdure's workers, in the same namespace, with the same data converter. What
// the functions do is recorded in your workflow's history, and replays: call them from
// workflow code only.
//
// # Canceling
//
// Canceling the context with which something was started has the service asked to stop.
// Waiting goes on until it has: the service may have been done before, and then the value
// is there. The end of your workflow, however it comes, has the service asked to stop, too.
// What is to live on is started with Abandon.
//
// # Errors
//
// They are those of package starter: *perdure.OperationError, *perdure.CollectionError,
// *perdure.StreamError. One of the type perdure.ErrorCanceled says that the operation was
// canceled: by the service alone where Status.Cancel is nil, else because Perdure was
// asked to. Where that was done by canceling your workflow, temporal.IsCanceledError holds
// too, and your workflow, when it returns the error, closes as canceled; a cancel that came
// from anywhere else does not make it. Any other error is Temporal's: the child was
// terminated, or could not be started.
//
// An input is checked by Perdure's workflow, and not here: what is checked may grow with a
// new version, and a workflow that is running must replay with it. What is wrong comes as
// an error of the type perdure.ErrorInvalidInput, which names the field.
//
// May import: the root package and the SDK's workflow and temporal packages.
package child
