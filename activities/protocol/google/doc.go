// Package google speaks of operations as Google's APIs do over HTTP and JSON: the
// start answers with an Operation that has a name, and the operation is asked for by
// its name until it is done, with a response or an error. And of lists: a page has a
// token for the next.
//
// Source: AIP-151 (long-running operations), AIP-155 (request identification),
// AIP-158 (pagination), AIP-193 (errors), google/longrunning/operations.proto,
// google/rpc/code.proto and Google's clients for Go (cloud.google.com/go/longrunning).
//
// May import: the root package, packages protocol and paging, the standard library and
// google/uuid.
package google
