// Command inflight measures how many operations Perdure starts a second and holds at once
// on one machine: operations that wait for their next question by a durable timer, and
// beside them ones that are watched closely, as many as the machine holds while every poll
// is in time. It writes what it measured, and what follows for ten million, into a page.
//
//	make bench-inflight
//
// Temporal, its database and the worker are processes of their own; the service and those
// who start operations are this one. Lateness is measured at the service.
//
// May import: everything.
package main
