// Package workflows registers the durable half of Perdure, which decides and is
// replayed by Temporal: packages operation, collection, stream and rehydrate. It knows
// no HTTP and no protocol, and never looks into a token or a body: activities hand it
// verdicts, and it keeps what readers ask for, waits, and ends as the service ended.
//
// May import: the root package, the packages below it and the SDK's workflow package.
package workflows
