// Package transport is the one way out: every request to a service goes through
// Service.Do, which holds it against the egress rules, adds headers and
// credentials, keeps to the service's limits, and says of a request that failed
// whether it can have been delivered. It also captures answers for people,
// without what is secret.
//
// May import: the root package, package protocol, golang.org/x/time, golang.org/x/sync and the
// standard library; no Temporal.
package transport
