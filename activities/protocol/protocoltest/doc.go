// Package protocoltest is the conformance suite that every protocol passes, those
// of this project and those that you bring.
//
// A protocol's test tells what is particular to it, as scenarios: the start's
// answer, the answers after it, and what each of them means.
//
//	func TestProtocol(t *testing.T) {
//		protocoltest.Run(t, protocoltest.Suite{
//			Protocol: tickets.Protocol{},
//			Scenarios: []protocoltest.Scenario{{
//				Name:  "a ticket that is done",
//				Start: protocoltest.Turn{Asks: "POST https://h/tickets", Body: `{"ticket":"7","state":"open"}`, Want: ...},
//				Then: []protocoltest.Turn{
//					{Asks: "GET https://h/tickets/7", Body: `{"state":"closed"}`, Want: ...},
//				},
//			}},
//		})
//	}
//
// What holds for all protocols the suite checks by itself, at every answer of every
// scenario:
//
//   - the state is JSON, and an operation can be taken up from it by another process
//     after any answer, the last one included; the same answer twice means the same
//   - methods are pure: the same result for the same input, which they leave as it is,
//     also when several goroutines call them
//   - words compare without case, and a word that nobody knows means running
//   - URLs in the service's headers may be relative
//   - no header and no body makes a method panic, or give a step or a request that is
//     malformed; every error is a *perdure.ProtocolError or a *perdure.InputError
//   - an option that is unknown, or spelled in another case, is refused by its name
//
// Fuzz goes on from there with whatever go test -fuzz thinks of.
//
// RunPager and FuzzPager are the same for pagers, whose scenarios are collections, page
// by page. What holds for all pagers the suite checks by itself: a page is asked for
// from any process, values are as the service spelled them, the first request is left
// as it is, and no answer makes a method panic.
//
// RunStreamer and FuzzStreamer are the same for streamers, whose scenarios are
// connections: each asked for from where the one before broke. What holds for all
// streamers the suite checks by itself: a stream is taken up in any process, a body means
// the same however its bytes come, what breaks at any byte has given whole events and no
// other, a body without end is not held in memory, and none makes a method panic.
//
// May import: the root package, package protocol, testing, testify and the standard
// library.
package protocoltest
