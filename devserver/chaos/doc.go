// Package chaos has workers, the Temporal server and its database die and come back, and the
// connections to a service break in every way, while operations, collections and streams
// run; the service keeps books, and at the end they are compared with what the callers got.
// docs/chaos.md says what is injected and what is compared.
//
// It is one test, which runs where PERDURE_CHAOS says for how long, and is seeded:
// PERDURE_CHAOS_SEED draws the same faults again, which meet what is under way at other
// moments. So what it finds is shown by a test of its own elsewhere, in which nothing is
// drawn.
//
// May import: everything of both modules; nothing imports it.
package chaos
