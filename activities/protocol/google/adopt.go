package google

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

var _ protocol.Adopter = bound{}

// Adopt takes over an operation by its name, with the URL that its start went to as
// the collection where the version is not known otherwise; or by its URL.
func (b bound) Adopt(a perdure.Adoption) (protocol.Step, error) {
	s := state{Name: a.Operation, URL: a.StatusURL}
	switch {
	case a.Operation != "":
		if problem := checkName(s.Name); problem != "" {
			return protocol.Step{}, &perdure.InputError{Field: "adopt.operation", Message: problem}
		}
		if err := b.checkCollection(a.Collection); err != nil {
			return protocol.Step{}, err
		}
		if s.URL = b.url(a.Collection, s.Name); len(s.URL) > perdure.MaxURLBytes {
			return protocol.Step{}, &perdure.InputError{Field: "adopt.operation", Message: fmt.Sprintf("makes a URL of %d bytes", len(s.URL))}
		}
	case a.StatusURL != "":
		if err := perdure.CheckURL("adopt.statusURL", a.StatusURL); err != nil {
			return protocol.Step{}, err
		}
	default:
		return protocol.Step{}, &perdure.InputError{Field: "adopt.operation", Message: "is missing, want the operation's name"}
	}
	encoded, err := json.Marshal(s)
	if err != nil {
		return protocol.Step{}, err
	}
	return protocol.Step{State: encoded, RemoteID: s.Name}, nil
}

// checkCollection wants the URL that the start went to, unless the operation's URL
// can be made without it.
func (b bound) checkCollection(collection string) error {
	if collection == "" && b.operationURL != "" && !strings.Contains(b.operationURL, "{version}") {
		return nil
	}
	if collection == "" {
		return &perdure.InputError{Field: "adopt.collection", Message: "is missing, want the URL that the start went to: its version is the operation's"}
	}
	return perdure.CheckURL("adopt.collection", collection)
}
