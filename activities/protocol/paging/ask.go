package paging

import (
	"cmp"
	"net/http"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// first is the request for the first page: the collection's own.
func (r Rules) first(first protocol.Ask) (protocol.Ask, error) {
	first.Header = first.Header.Clone()
	first.URL = protocol.WithAPIVersion(first.URL, r.apiVersion)
	if len(first.URL) > perdure.MaxURLBytes {
		return protocol.Ask{}, &perdure.InputError{Field: "protocol.options.apiVersion", Message: "makes the request's URL too long"}
	}
	return first, nil
}

// send is a request for another page, its URL complete.
func (r Rules) send(ask protocol.Ask) (protocol.Ask, error) {
	ask.URL = protocol.WithAPIVersion(ask.URL, r.apiVersion)
	if len(ask.URL) > perdure.MaxURLBytes {
		return protocol.Ask{}, r.Violation("the next page has too long a URL")
	}
	return ask, nil
}

// useMethod takes the option's method, or else the usual one.
func (r Rules) useMethod(ask *protocol.Ask, usual string) {
	ask.Method = cmp.Or(r.nextMethod, usual)
	if ask.Method != usual {
		ask.Option = "nextMethod"
	}
}

// hasBody: RFC 9110, sections 9.3.1 and 9.3.2, give the body of a GET and a HEAD no
// meaning.
func hasBody(method string) bool { return method != http.MethodGet && method != http.MethodHead }

// RepeatsBody is false where the option nextMethod names a method without one.
func (r Rules) RepeatsBody() bool { return r.nextMethod == "" || hasBody(r.nextMethod) }
