// Package openai speaks of operations as OpenAI's API does: the start answers with
// an object that has an id and a status, and the object is asked for under the
// start's URL and its id. Batches, vector stores with their files and file batches,
// fine-tuning jobs, background responses, videos and the legacy runs. Of lists: the id of
// a page's last item leads to the next. And of event streams: what ends them.
//
// Source of the words and the shapes: OpenAI's OpenAPI document
// (github.com/openai/openai-openapi) and its SDK for Go.
//
// May import: the root package, packages protocol, paging, streaming and sse, and the
// standard library.
package openai
