package openai

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

var _ protocol.Adopter = bound{}

// Adopt takes over an object by its id and the URL that its start went to, which may
// be left out where the option statusURL is set; or by the URL that it is asked for
// under.
func (b bound) Adopt(a perdure.Adoption) (protocol.Step, error) {
	s := state{ID: a.Operation, Adopted: true}
	var err error
	switch {
	case a.Operation != "":
		s.StatusURL, err = b.adopted(a.Operation, a.Collection)
	case a.StatusURL != "":
		s.StatusURL, err = protocol.AdoptedURL("adopt.statusURL", a.StatusURL, len("/cancel"))
		s.ID = lastSegment(s.StatusURL)
	default:
		err = &perdure.InputError{Field: "adopt.operation", Message: "is missing, want the object's id"}
	}
	if err != nil {
		return protocol.Step{}, err
	}
	encoded, err := json.Marshal(s)
	if err != nil {
		return protocol.Step{}, err
	}
	return protocol.Step{State: encoded, RemoteID: s.ID}, nil
}

// adopted is where the object with an id is asked for. The collection may be left out
// where the option makes the URL without it.
func (b bound) adopted(id, collection string) (string, error) {
	if hasDots(id) {
		return "", &perdure.InputError{Field: "adopt.operation", Message: "has a dot segment"}
	}
	switch {
	case collection != "":
		var err error
		if collection, err = protocol.AdoptedURL("adopt.collection", collection, 0); err != nil {
			return "", err
		}
	case b.StatusURL == "":
		return "", &perdure.InputError{Field: "adopt.collection", Message: "is missing, want the URL that the start went to"}
	}
	target := b.statusURL(collection, id)
	if len(target)+len("/cancel") > perdure.MaxURLBytes {
		return "", &perdure.InputError{Field: "adopt.operation", Message: fmt.Sprintf("makes a URL of %d bytes", len(target))}
	}
	return target, nil
}

// lastSegment is the id at the end of a URL's path.
func lastSegment(target string) string {
	target, _, _ = strings.Cut(target, "?")
	escaped := path.Base(target)
	if id, err := url.PathUnescape(escaped); err == nil {
		return id
	}
	return escaped
}
