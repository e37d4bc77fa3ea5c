// Package jsonl is the streamer for services that answer with one JSON value a line:
// NDJSON, JSON Lines, the watches of Kubernetes.
//
// May import: the root package, packages protocol and streaming, and the standard
// library.
package jsonl
