package azure

import (
	"cmp"
	"net/http"
	"strconv"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// readLocation reads the answer of a Location: a properties.provisioningState decides
// if there is one, whatever the status; else 202 is running, and any other 2xx is
// done, its body the value (ARM RPC, "202 Accepted and Location headers"; azcore,
// internal/pollers/loc: Poll).
func (b bound) readLocation(s state, answer protocol.Exchange) (protocol.Step, error) {
	word := provisioningState(answer)
	switch {
	case word == "" && answer.Status == http.StatusAccepted, word != "" && outcome(word) == protocol.Running:
		return b.goOn(s, answer, told(protocol.Running, cmp.Or(word, strconv.Itoa(answer.Status)), answer))
	case word == "":
		return s.step(valued(told(protocol.Succeeded, strconv.Itoa(answer.Status), answer), answer))
	}
	return s.step(ended(word, answer))
}

// refusedByLocation reads an error that a Location answers: the operation failed,
// unless its provisioningState says that it runs, or that it was canceled.
func refusedByLocation(answer protocol.Exchange) protocol.Step {
	word := provisioningState(answer)
	switch o := outcome(word); {
	case word != "" && o == protocol.Running:
		return told(protocol.Running, word, answer)
	case o == protocol.Canceled:
		return ended(word, answer)
	}
	out := told(protocol.Failed, cmp.Or(word, strconv.Itoa(answer.Status)), answer)
	out.Error = protocol.ErrorOf(answer)
	return out
}
