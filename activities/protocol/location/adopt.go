package location

import (
	"net/url"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

var _ protocol.Adopter = bound{}

// Adopt takes over an operation by its monitor, or by its id below the URL that its
// start went to.
func (bound) Adopt(a perdure.Adoption) (protocol.Step, error) {
	monitor, field := a.StatusURL, "adopt.statusURL"
	switch {
	case monitor != "":
	case a.Operation == "":
		return protocol.Step{}, &perdure.InputError{Field: field, Message: "is missing, want the monitor's URL"}
	case a.Collection == "":
		return protocol.Step{}, &perdure.InputError{Field: "adopt.collection", Message: "is missing, want the URL that the start went to"}
	case a.Operation == "." || a.Operation == "..":
		return protocol.Step{}, &perdure.InputError{Field: "adopt.operation", Message: "is a dot segment"}
	default:
		collection, _, _ := strings.Cut(a.Collection, "?")
		monitor, field = strings.TrimSuffix(collection, "/")+"/"+url.PathEscape(a.Operation), "adopt.operation"
	}
	monitor, err := protocol.AdoptedURL(field, monitor, 0)
	if err != nil {
		return protocol.Step{}, err
	}
	return step(state{Monitor: monitor, Adopted: true}, protocol.Step{RemoteID: a.Operation})
}
