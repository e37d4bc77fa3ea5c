// Package openai speaks of operations as OpenAI's API does: the start answers with
// an object that has an id and a status, and the object is asked for under the
// start's URL and its id. Batches, vector stores with their files and file batches,
// fine-tuning jobs, background responses, videos and the legacy runs.
//
// Source of the words and the shapes: OpenAI's OpenAPI document
// (github.com/openai/openai-openapi) and its SDK for Go.
//
// May import: the root package, package protocol and the standard library.
package openai
