// Package webapp is an example of a web application that shows what a service knows: a
// list, a page at a time, and operations that take a while, with their progress.
//
// Where a reader is, is in the address: a page's continuation token, and an operation's.
// So any instance of the application answers any request, at any time: instances share
// two files of keys and Temporal, and nothing else. Tokens are bound to the user who is
// signed in, by their audience.
//
//	routes.go       what is answered at which address
//	pages.go        the list, page by page
//	place.go        where in the list an address leads, and the way back
//	kept_pages.go   pages kept for a moment, in a Cache
//	operation.go    an operation: its start, its progress
//	session.go      who is signed in
//	problem.go      what is said when it cannot be shown
//	service.go      all of the above that touches Perdure
//
// The handlers know Perdure through two interfaces, [Items] and [Indexes], which
// [Service] is over package starter. A stream of events is to be a third.
//
// This package may import the root package, tokens, starter and Tink.
package webapp
