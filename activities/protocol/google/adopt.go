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
	s := state{Name: a.Operation, Adopted: true}
	var err error
	switch {
	case a.Operation != "":
		s.URL, err = b.adopted(a.Operation, a.Collection)
	case a.StatusURL != "":
		s.URL, err = protocol.AdoptedURL("adopt.statusURL", a.StatusURL, len(cancelVerb))
	default:
		err = &perdure.InputError{Field: "adopt.operation", Message: "is missing, want the operation's name"}
	}
	if err != nil {
		return protocol.Step{}, err
	}
	encoded, err := json.Marshal(s)
	if err != nil {
		return protocol.Step{}, err
	}
	return protocol.Step{State: encoded, RemoteID: s.Name}, nil
}

// adopted is the URL of an operation by its name. The collection may be left out
// where the option makes the URL without a version.
func (b bound) adopted(name, collection string) (string, error) {
	if problem := checkName(name); problem != "" {
		return "", &perdure.InputError{Field: "adopt.operation", Message: problem}
	}
	switch {
	case collection != "":
		var err error
		if collection, err = protocol.AdoptedURL("adopt.collection", collection, 0); err != nil {
			return "", err
		}
	case b.operationURL == "" || strings.Contains(b.operationURL, "{version}"):
		return "", &perdure.InputError{Field: "adopt.collection", Message: "is missing, want the URL that the start went to: its version is the operation's"}
	}
	target := b.url(collection, name)
	if len(target) > maxURLBytes {
		return "", &perdure.InputError{Field: "adopt.operation", Message: fmt.Sprintf("makes a URL of %d bytes", len(target))}
	}
	return target, nil
}
