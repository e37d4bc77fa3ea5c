package paging

import (
	"encoding/json"
	"net/http"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// linked is where the next page is, for a service that gives its URL.
type linked struct {
	Link string `json:"link"` // absolute
}

// NextByLink says that the next page is at a URL, which may be relative to the
// answer's own (RFC 3986, section 5.2). Field is where the answer names it.
func (r Rules) NextByLink(answer protocol.Exchange, field, ref string) (json.RawMessage, error) {
	target, err := answer.Resolve(r.Protocol, field, ref)
	if err != nil {
		return nil, err
	}
	return json.Marshal(linked{target})
}

// AskByLink asks for the page at a link, which is used byte for byte but for what the
// options apiVersion and reinject put on it.
func (r Rules) AskByLink(first protocol.Ask, next json.RawMessage) (protocol.Ask, error) {
	if len(next) == 0 {
		return r.first(first)
	}
	var at linked
	if json.Unmarshal(next, &at) != nil || at.Link == "" {
		return protocol.Ask{}, r.Violation("the state is not this protocol's")
	}
	ask := protocol.Ask{URL: at.Link}
	r.useMethod(&ask, http.MethodGet)
	if hasBody(ask.Method) {
		ask.Body = first.Body
	}
	for _, name := range r.reinject {
		ask.URL = protocol.WithParametersOf(ask.URL, first.URL, name)
	}
	return r.send(ask)
}
