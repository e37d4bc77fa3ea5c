package google

import (
	"encoding/json"
	"strings"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/paging"
)

// Pager is the convention of Google's APIs for lists (AIP-158): a page has one array,
// and in nextPageToken what the next request has in pageToken.
type Pager struct{}

// Name is "google".
func (Pager) Name() string { return Name }

// Bind reads the options that all pagers take.
func (Pager) Bind(raw json.RawMessage) (protocol.Paging, error) {
	rules, err := paging.Bind(Name, raw, nil)
	if err != nil {
		return nil, err
	}
	return pages{rules}, nil
}

type pages struct{ paging.Rules }

// pageToken is the parameter of the next request (AIP-158: page_token; AIP-127 and
// proto3's JSON have its name in camel case).
var pageToken = paging.Place{Query: "pageToken"}

// Recognizes a nextPageToken. The last page has none, as the JSON of proto3 leaves out
// what is empty: what is left of it is its one array, or nothing.
func (pages) Recognizes(first protocol.Exchange) bool {
	body, ok := first.Object()
	if !ok {
		return false
	}
	return protocol.String(nextPageToken(body)) != "" || len(body) <= 1 && len(paging.Arrays(body)) == len(body)
}

// Ask sends the first request with the token.
func (p pages) Ask(first protocol.Ask, next json.RawMessage) (protocol.Ask, error) {
	return p.AskByToken(first, next, pageToken)
}

// Read reads the values and the token. An empty page is not the end, an empty token is
// (AIP-158).
func (p pages) Read(answer protocol.Exchange) (protocol.Page, error) {
	body := paging.BodyOf(answer)
	object, ok := body.Object()
	if !ok {
		return protocol.Page{}, violation("the page is not a JSON object")
	}
	page, err := p.values(body, object)
	if err != nil || p.Single {
		return page, err
	}
	token := nextPageToken(object)
	if !isAbsent(token) && !strings.HasPrefix(string(token), `"`) {
		return protocol.Page{}, violation("the nextPageToken is no text")
	}
	if page.Next, err = p.NextByToken(token, pageToken); err != nil {
		return protocol.Page{}, err
	}
	return page, nil
}

// nextPageToken is the field in the JSON of proto3, which spells a name in two ways.
func nextPageToken(page map[string]json.RawMessage) json.RawMessage {
	if token, ok := page["nextPageToken"]; ok {
		return token
	}
	return page["next_page_token"]
}

// unreachable lists the places that a page could not look at (AIP-217; Compute Engine
// has the plural), and never is what is listed.
var unreachable = []string{"unreachable", "unreachables"}

// values are the option's, or else the one array. The JSON of proto3 leaves out an
// empty array: a page without one is empty, unless it has an object, in which the
// values may be.
func (p pages) values(body paging.Body, object map[string]json.RawMessage) (protocol.Page, error) {
	if p.Items != nil {
		page, found, err := p.At(p.Items, body)
		if err == nil && !found {
			page = paging.Empty()
		}
		return page, err
	}
	page, found, err := p.OnlyArray(object, unreachable...)
	if err != nil || found {
		return page, err
	}
	for _, value := range object {
		if strings.HasPrefix(string(value), "{") {
			return protocol.Page{}, violation("the page has no array beside an object; the option items says where its values are")
		}
	}
	return paging.Empty(), nil
}
