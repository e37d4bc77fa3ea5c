package azure

import (
	"net/http"
	"strconv"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// readOwn reads the resource itself: its properties.provisioningState decides; a
// resource without one is done, as is a 204 (ARM RPC, "provisioningState property";
// azcore, internal/pollers/body: Poll).
func readOwn(s state, answer protocol.Exchange) (protocol.Step, error) {
	word := provisioningState(answer)
	_, hasBody := answer.Value()
	switch {
	case answer.Status == http.StatusNoContent:
		return s.step(told(protocol.Succeeded, strconv.Itoa(answer.Status), answer))
	case !hasBody:
		return protocol.Step{}, violation("the resource's answer has no body")
	case unreadable(answer):
		// azcore takes it for a success, and then cannot read the value.
		return protocol.Step{}, violation("the resource's answer is not JSON")
	case word == "":
		return s.step(valued(told(protocol.Succeeded, strconv.Itoa(answer.Status), answer), answer))
	case outcome(word) == protocol.Running:
		return s.step(told(protocol.Running, word, answer))
	}
	return s.step(ended(word, answer))
}
