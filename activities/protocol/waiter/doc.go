// Package waiter speaks to any JSON API whose operations are described by data, in
// the form of Smithy's waiters: where to ask, and an ordered list of acceptors, the
// first of which that matches an answer says how the operation goes.
//
//	name: waiter
//	options:
//	  status: {method: GET, url: "https://h/jobs/{id}"}
//	  acceptors:
//	    - {state: success, matcher: {output: {path: status, expected: DONE, comparator: stringEquals}}}
//	    - {state: failure, matcher: {output: {path: status, expected: ERROR, comparator: stringEquals}}}
//	    - {state: canceled, matcher: {errorType: JobDeleted}}
//	  result: output.files
//	  cancel: {url: "https://h/jobs/{id}/stop"}
//
// Words are compared as they are spelled. "auto" never finds this protocol: it has to
// be named.
//
// Source: Smithy 2.0, waiters (smithy.io/2.0/additional-specs/waiters.html), and the
// JMESPath specification (jmespath.org).
//
// May import: the root package, package protocol, the standard library and
// jmespath/go-jmespath.
package waiter
