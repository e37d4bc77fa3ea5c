// Package customprotocol is an example of a service that invents its own convention,
// and of the protocol by which Perdure follows it. Copy it and change the words.
//
// The service renders pictures. It speaks plain text, one line an answer:
//
//	POST   /renders            WAIT 0 /renders/7
//	GET    /renders/7          WAIT 40 /renders/7
//	GET    /renders/7          DONE /pictures/7     the picture is there
//	                           SORRY no-paint We ran out of blue.
//	                           STOPPED
//	DELETE /renders/7          stops it
//
// [Protocol] says what these lines mean; [Farm] is the service, for the tests. A worker
// that speaks the protocol is made in cmd/worker: the name of the protocol is what the
// configuration and the inputs call it.
package customprotocol
