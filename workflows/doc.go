// Package workflows decides: it is the durable half of Perdure, replayed by
// Temporal. It knows no HTTP and no protocol, and never looks into a token or a
// body: activities hand it verdicts, and it keeps what readers ask for, waits, and
// ends as the service's operation ended.
//
// An operation is watched while waits are short: a poll activity asks, sleeps in
// process and asks again. Longer waits are durable timers with one poll after each.
//
// May import: the root package, the SDK's workflow and temporal packages, and of
// the standard library errors, fmt, maps, slices, strings and time.
package workflows
