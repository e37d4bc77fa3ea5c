// Package flows are workflows of a user's own that have Perdure run operations, read pages
// and follow streams as their children: many operations with a limit; a list, page by page,
// through an activity; a file that is uploaded, worked on and downloaded; a stream that is
// read in many runs; an operation each night.
//
// The service is OpenAI's, or one that speaks like it. The workflows run on a task queue
// and a worker of their own, beside Perdure's: see cmd/worker.
//
// This package may import the root package, child, and the Temporal SDK.
package flows
