// Package operation holds perdure.operation.v1, the workflow of one long-running
// operation of a service, from its start to its end.
//
// An operation is watched while waits are short: a poll activity asks, sleeps in
// process and asks again. Longer waits are durable timers with one poll after each.
//
// May import: the root package, workflows/internal, the SDK's workflow and temporal
// packages, and of the standard library what depends on neither time nor chance.
package operation
