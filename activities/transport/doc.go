// Package transport is the one way out: every request to a service goes through
// Service.Do, which holds it against the egress rules, adds headers and
// credentials, keeps to the service's limits, and says of a request that failed
// whether it can have been delivered. It carries an operation's cookies where the
// service wants that, and captures answers for people, without what is secret.
//
// May import: the root package, package protocol, golang.org/x/time, golang.org/x/sync,
// golang.org/x/net and the standard library; no Temporal.
package transport
