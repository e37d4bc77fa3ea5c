package azure

import (
	"cmp"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// readStatus reads the answer of a status URL: only the body's top-level status
// decides, whether it comes with a 200 or a 202 (AG, status monitor; ARM RPC,
// "Azure-AsyncOperation resource format"; azcore, internal/pollers/{async,op}: Poll).
func (b bound) readStatus(s state, answer protocol.Exchange) (protocol.Step, error) {
	body, ok := answer.Object()
	if !ok {
		return protocol.Step{}, violation("the status monitor's answer is not a JSON object")
	}
	word := protocol.String(body["status"])
	if word == "" {
		return protocol.Step{}, violation("the status monitor's answer has no status")
	}
	out := ended(word, answer)
	out.RemoteID = cmp.Or(protocol.String(body["id"]), protocol.String(body["name"]))
	if named := b.find(answer, headerLocation, answer.Header.Get(headerLocation)); named.named() {
		s.Location = named // ARM RPC: where the value will be; it is not polled
	}
	switch out.Outcome {
	case protocol.Running:
		out.Value, out.HasValue = nil, false
		return b.goOn(s, answer, out)
	case protocol.Succeeded:
		return b.withValue(s, answer, out)
	case protocol.Failed, protocol.Canceled:
	}
	return s.step(out)
}
