// Package schema makes the JSON Schemas of docs/schema from the Go types of the contract,
// with the doc comments of these for descriptions.
//
// It is a module of its own: what it needs for that is no dependency of who uses Perdure.
// Its commands and tests run in this folder.
//
// May import: the root package, starter and github.com/invopop/jsonschema.
package schema
