// Package ways holds the ways of polling that Perdure's is measured beside. Those that
// are workflows are written as Temporal's samples (samples-go/polling: periodic_sequence,
// frequent, infrequent), each with an activity before it that sends the start.
//
// May import: Temporal's SDK, azcore, package script, the standard library.
package ways
