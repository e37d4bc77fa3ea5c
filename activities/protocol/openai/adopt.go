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
	s := state{ID: a.Operation, StatusURL: a.StatusURL}
	switch {
	case a.Operation != "":
		if hasDots(s.ID) {
			return protocol.Step{}, &perdure.InputError{Field: "adopt.operation", Message: "has a dot segment"}
		}
		if err := b.checkCollection(a.Collection); err != nil {
			return protocol.Step{}, err
		}
		if s.StatusURL = b.statusURL(a.Collection, s.ID); len(s.StatusURL) > perdure.MaxURLBytes {
			return protocol.Step{}, &perdure.InputError{Field: "adopt.operation", Message: fmt.Sprintf("makes a URL of %d bytes", len(s.StatusURL))}
		}
	case a.StatusURL != "":
		if err := perdure.CheckURL("adopt.statusURL", a.StatusURL); err != nil {
			return protocol.Step{}, err
		}
		s.ID = lastSegment(a.StatusURL)
	default:
		return protocol.Step{}, &perdure.InputError{Field: "adopt.operation", Message: "is missing, want the object's id"}
	}
	encoded, err := json.Marshal(s)
	if err != nil {
		return protocol.Step{}, err
	}
	return protocol.Step{State: encoded, RemoteID: s.ID}, nil
}

// checkCollection wants the URL that the start went to, unless the option makes the
// status URL without it.
func (b bound) checkCollection(collection string) error {
	if collection == "" && b.StatusURL != "" {
		return nil
	}
	if collection == "" {
		return &perdure.InputError{Field: "adopt.collection", Message: "is missing, want the URL that the start went to"}
	}
	return perdure.CheckURL("adopt.collection", collection)
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
