// Package jobservice is a sample service, for the demo and the tests: a small
// HTTP service with long-running operations, with progress, failure and
// cancel, that keeps books of every request it got.
//
// # Operations
//
// In the style of OpenAI, with its shapes, errors and lists (after, limit,
// order):
//
//	POST /v1/vector_stores               {"name", "file_ids"?, "metadata"?}
//	GET  /v1/vector_stores[/{id}]
//	POST /v1/batches                     {"input_file_id", "endpoint", "completion_window", "metadata"?}
//	GET  /v1/batches[/{id}]
//	POST /v1/batches/{id}/cancel
//
// The metadata, whose values are strings, says how the operation goes:
// "seconds" (how long it takes), "steps" (instead: each poll is a step, and the
// last one ends it), "fail" (it ends badly, for this reason), and for a batch
// "requests" (how many, default 10) and "failed_requests" (of these). A vector
// store without file_ids counts 10 files. A vector store that fails ends as
// "expired", which is the one bad end this object has, with a last_error.
//
// In the style of a service's own 202 and Location:
//
//	POST   /jobs              {"name"?, "seconds"?, "steps"?, "fail"?, "failStatus"?, "location"?, "end"?, "tag"?, anything else}
//	GET    /jobs/{id}         202 with the progress; then by "end": 303 to the result, or 200 with it
//	GET    /jobs/{id}/result
//	DELETE /jobs/{id}         202 while it is being canceled; then the job answers 410
//	GET    /jobs[?tag=T]      what there is, the newest first, as the lists above
//
// "location" is "relative" (default) or "absolute", "end" is "redirect"
// (default) or "inline". A job that fails answers with "failStatus", by default
// 422: this style has no other word for a bad end than a status that is none of
// passing trouble. With a 5xx, which one may ask for, a client that retries
// never learns of the end. The result gives the request's body back untouched.
//
// Idempotency-Key is honoured on what starts an operation, for as long as the
// operation is known: the same key with the same bytes is answered with the same
// operation as it now is, and Idempotency-Replayed: true; with other bytes with
// 422. [Options.NoIdempotency] switches this off.
//
// # Pages
//
// The same items, {"id":"item_000123","number":123,"text":"Item 123"}, numbered
// from 0, in five conventions. [ItemOptions] says how many there are and how
// large, and what is unusual about their pages.
//
//	GET      /v1/items      openai    ?after, ?limit; has_more
//	GET      /items         nextlink  nextLink, absolute or relative; ?$top
//	GET      /v1beta/items  google    nextPageToken into ?pageToken; ?pageSize
//	GET      /linked/items  link      Link: <...>; rel="next"; the body is the array; ?limit
//	GET|POST /cursor/items  token     "next" in the body and the header Next-Cursor, into ?cursor,
//	                                  the header X-Cursor or the body's "cursor"; ?limit
//
// A page token names its page for ever, unless [ItemOptions.KeepTokens] lets it
// expire. Links repeat the query of the request.
//
// # Books
//
// Every request but those below is booked when it was read, before anything is
// done for it: see [Entry].
//
//	GET /books                the entries, a JSON array
//	GET /books/summary        see [Summary]
//
// # Faults
//
// A [Fault] breaks, holds, slows or replaces the answer to a chosen request, so
// that a test can strike at an exact moment; [PageFaults] are many, at random.
//
//	POST   /faults               one Fault; answers with its id
//	GET    /faults               those that still wait, and how many requests each one holds
//	POST   /faults/{id}/release  lets go what it holds, and ends it
//	DELETE /faults               ends all
//
// Books and faults ask for the same credentials as the rest.
//
// This package may import the standard library only.
package jobservice
