// Package perdure is the vocabulary of Perdure: long-running operations of
// cloud services, run durably as Temporal workflows.
//
// It holds what outlives a process or crosses a language: the names under which
// workflows, activities, queries, signals and updates are registered, the JSON
// shapes they exchange, the states of an operation and the types of its errors.
// Whoever starts operations uses package starter; whoever runs them, package
// worker.
//
// JSON is camelCase with the unit in the key, timestamps are RFC 3339 in UTC, an
// absent field is the default, and JSON values of callers and services pass
// through with every digit.
//
// May import: the standard library only.
package perdure
