package protocol

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/perdure-dev/perdure"
)

// AdoptedURL checks a URL that an adoption names, absolute or after the service's
// base URL, and gives it in a form to whose path more can be added: room is how many
// bytes that takes. An error is a *perdure.InputError that names field.
func AdoptedURL(field, raw string, room int) (string, error) {
	if err := perdure.CheckURL(field, raw); err != nil {
		return "", err
	}
	if most := perdure.MaxURLBytes - room - 1; len(raw) > most {
		return "", &perdure.InputError{Field: field, Message: fmt.Sprintf("has %d bytes, want at most %d", len(raw), most)}
	}
	if !strings.Contains(raw, "://") && !strings.HasPrefix(raw, "/") {
		raw = "/" + raw // a colon in a first segment would be read as the end of a scheme
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "" && u.Hostname() == "" {
		return "", &perdure.InputError{Field: field, Message: "is malformed"}
	}
	return raw, nil
}
