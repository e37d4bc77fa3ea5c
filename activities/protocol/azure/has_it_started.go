package azure

import (
	"cmp"
	"net/http"
	"strconv"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// Started reads the start's answer.
func (b bound) Started(start protocol.Exchange) (protocol.Step, error) {
	switch {
	case !start.Success():
		return protocol.Step{}, violation("the start was answered with a redirect")
	case start.Status == http.StatusNoContent:
		// Nothing to do, or done: no value (ARM RPC, DELETE; azcore, body.New and
		// pollers.NewNopPoller).
		return ownState(start).step(endedAtStart(start, ""))
	case endsAtOnce(start):
		return ownState(start).step(endedAtStart(start, provisioningState(start)))
	}
	kind, monitor := b.monitor(start)
	if kind == "" || kind == ownURL {
		return b.startedWithoutHeader(kind, start)
	}
	monitor, err := monitor.must()
	if err != nil {
		return protocol.Step{}, err
	}
	s := state{Kind: kind, Monitor: monitor, Method: start.Method, Resource: place{URL: start.URL}}
	if kind != location {
		s.Location = b.find(start, headerLocation, start.Header.Get(headerLocation))
	}
	return s.step(started(start))
}

// endsAtOnce: a 200 or 201 whose body has a terminal properties.provisioningState
// ends the operation, whatever the headers say. No other property does, and no body
// of a 202, which has only been accepted (ARM RPC, "Creating or updating resources").
//
// azcore looks at the body of a 202 too, asks for a PUT's value once more if there is
// a header (internal/pollers/async: New, Result), and ends by the status in the body
// beside an Operation-Location (internal/pollers/op: New).
func endsAtOnce(start protocol.Exchange) bool {
	if start.Status != http.StatusOK && start.Status != http.StatusCreated {
		return false
	}
	return outcome(provisioningState(start)) != protocol.Running
}

// startedWithoutHeader reads an answer that names no monitor.
func (b bound) startedWithoutHeader(kind kind, start protocol.Exchange) (protocol.Step, error) {
	switch {
	case kind == "" && start.Status == http.StatusAccepted:
		// ARM RPC demands a Location of POST and DELETE (azcore, runtime: NewPoller).
		return protocol.Step{}, violation("the start was accepted, and no header says where to ask")
	case kind == "":
		return state{}.step(endedAtStart(start, ""))
	case start.Status != http.StatusAccepted && unreadable(start):
		// Whether it has a provisioningState cannot be told (azcore, body.New).
		return protocol.Step{}, violation("the start's answer has no polling header, and is not JSON")
	case start.Status == http.StatusOK && provisioningState(start) == "":
		// A resource without the property was made in one go (ARM RPC; azcore, body.New).
		return ownState(start).step(endedAtStart(start, ""))
	}
	// A 201 without it is still running, as is any 202 (azcore, body.New).
	return ownState(start).step(started(start))
}

// started is the step of an operation that runs.
func started(start protocol.Exchange) protocol.Step {
	return told(protocol.Running, cmp.Or(provisioningState(start), statusOf(start), strconv.Itoa(start.Status)), start)
}

// endedAtStart is the step of an operation that ended with its start's answer, which
// is its value; no word is success.
func endedAtStart(start protocol.Exchange, word string) protocol.Step {
	if word == "" {
		return valued(told(protocol.Succeeded, strconv.Itoa(start.Status), start), start)
	}
	return ended(word, start)
}

// ownState asks the request's own URL, where that has the resource.
func ownState(start protocol.Exchange) state {
	if !makesResource(start.Method) {
		return state{}
	}
	return state{Kind: ownURL, Monitor: place{URL: start.URL}, Method: start.Method}
}
