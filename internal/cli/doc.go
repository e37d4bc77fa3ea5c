// Package cli is the command line of Perdure: flags, printing and exit statuses over
// packages starter and worker. Command perdure is this package and nothing else, so
// that its tests run it in process.
//
// Standard output carries the answer: text for a person, or with --output json one
// JSON document (one a line where several come). All else goes to standard error.
//
// May import: the root package, starter, worker, tokens, activities/protocol/jmes,
// activities/auth and what is below it, the SDK's client, cobra.
package cli
