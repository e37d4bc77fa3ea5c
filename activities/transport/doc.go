// Package transport is the one way out: every request to a service goes through Do, Send
// or Open of a Service, which hold it against the egress rules, add headers and
// credentials, keep to the service's limits, and say of a request that failed whether it
// can have been delivered. They carry an operation's cookies where the service wants
// that. Answers are captured for people, without what is secret.
//
// May import: the root package, packages protocol and auth, golang.org/x/time,
// golang.org/x/sync, golang.org/x/net, OpenTelemetry's API (not its SDK) and the standard
// library; no Temporal.
package transport
