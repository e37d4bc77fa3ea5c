package azure

import (
	"encoding/json"
	"net/http"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/jmes"
)

// Name is what inputs call the protocol.
const Name = "azure"

// Protocol is the protocol of Azure's services.
type Protocol struct{}

// Name is "azure".
func (Protocol) Name() string { return Name }

// Bind reads the options finalStateVia, resultPath, apiVersion and cancelURL.
func (Protocol) Bind(raw json.RawMessage) (protocol.Bound, error) {
	o, err := readOptions(raw)
	if err != nil {
		return nil, err
	}
	b := bound{options: o}
	if o.ResultPath != "" {
		if b.result, err = jmes.Compile("resultPath", o.ResultPath); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// bound is the protocol with its options.
type bound struct {
	options
	result *jmes.Path // nil: the whole status body
}

// Prepare puts the api-version on the start.
func (b bound) Prepare(start *protocol.Ask) {
	start.URL = protocol.WithAPIVersion(start.URL, b.APIVersion)
}

// Recognizes a header with a status monitor, or a properties.provisioningState.
// A Location alone is any service's own 202.
func (bound) Recognizes(start protocol.Exchange) bool {
	return start.Header.Get(headerAsync) != "" || start.Header.Get(headerOperation) != "" || provisioningState(start) != ""
}

// Next asks the monitor, or for the value.
func (bound) Next(raw json.RawMessage) (protocol.Ask, error) {
	s, err := decode(raw)
	if err != nil {
		return protocol.Ask{}, err
	}
	if s.Value.named() {
		return s.Value.get(), nil
	}
	return s.Monitor.get(), nil
}

// Answered reads what the monitor says, or the value.
func (b bound) Answered(raw json.RawMessage, answer protocol.Exchange) (protocol.Step, error) {
	s, err := decode(raw)
	switch {
	case err != nil:
		return protocol.Step{}, err
	case !answer.Success():
		return protocol.Step{}, violation("the answer is a redirect that names nothing")
	case s.Value.named():
		return s.step(valued(protocol.Step{Outcome: protocol.Succeeded}, answer))
	}
	switch s.Kind {
	case asyncOperation, operationLocation:
		return b.readStatus(s, answer)
	case location:
		return b.readLocation(s, answer)
	case ownURL:
		return readOwn(s, answer)
	}
	return protocol.Step{}, foreignState()
}

// Refused takes an error that a Location answers for the operation's own answer, unless
// the Location is not there (azcore, internal/pollers/loc: Poll), or the error is about
// who asks. Refusals of a status URL, of the own URL and of the request for the value
// end the question and not the operation (azcore, internal/pollers/{async,op,body}: Poll).
func (bound) Refused(raw json.RawMessage, answer protocol.Exchange) (protocol.Step, bool) {
	s, err := decode(raw)
	if err != nil || s.Kind != location || s.Value.named() {
		return protocol.Step{}, false
	}
	switch answer.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound:
		return protocol.Step{}, false
	}
	step, err := s.step(refusedByLocation(answer))
	return step, err == nil
}
