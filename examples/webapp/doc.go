// Package webapp is an example of a web application that shows what a service knows: a
// list, a page at a time; operations that take a while, with their progress; and answers
// of a model, as they come.
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
//	chat.go         a question, and what there is of its answer
//	chat_events.go  the rest of an answer, as server-sent events
//	session.go      who is signed in
//	problem.go      what is said when it cannot be shown
//	service.go      all of the above that touches Perdure, but for
//	chat_service.go what does of questions and answers
//
// The handlers know Perdure through three interfaces, [Items], [Indexes] and [Answers],
// which [Service] and [ChatService] are over package starter.
//
// This package may import the root package, tokens, starter and Tink.
package webapp
