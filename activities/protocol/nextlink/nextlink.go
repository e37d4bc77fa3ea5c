// Package nextlink is the convention of Azure and of OData for lists: a page has its
// values in "value", and the next one's URL beside them.
//
// Source: AG (Azure REST API guidelines, collections), OData 4.01 part 1, section
// 11.2.6.7 (server-driven paging), and OData JSON format 4.01, sections 4.3 and 4.5.5.
//
// May import: the root package, packages protocol and paging, and the standard
// library.
package nextlink

import (
	"encoding/json"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/paging"
)

// Name is what inputs call the pager.
const Name = "nextlink"

// Pager is the convention of Azure and of OData.
type Pager struct{}

// Name is "nextlink".
func (Pager) Name() string { return Name }

// options of the pager alone.
type options struct {
	// NextLink is JMESPath on the body, where that has the next page's URL; "": the
	// list has one page; default: where the convention has it.
	NextLink *string `json:"nextLink"`
}

// Bind reads the options that all pagers take, and nextLink.
func (Pager) Bind(raw json.RawMessage) (protocol.Paging, error) {
	var o options
	rules, err := paging.Bind(Name, raw, &o)
	if err != nil {
		return nil, err
	}
	b := bound{Rules: rules, links: links}
	switch {
	case o.NextLink == nil:
	case *o.NextLink == "":
		b.Single = true
	default:
		path, err := paging.Compile("nextLink", *o.NextLink)
		if err != nil {
			return nil, err
		}
		b.links = []*paging.Path{path}
		b.option = "nextLink"
	}
	return b, nil
}

type bound struct {
	paging.Rules
	links  []*paging.Path
	option string // that a link is found by
}

// values is where the values are (AG; OData JSON format 4.01, section 4.2).
var values = paging.Field("value")

// links are where the next page's URL is: in Azure's APIs, in OData 4, in OData 4.01,
// whose annotations need no "odata.", and in the JSON of OData 3.
var links = []*paging.Path{paging.Field("nextLink"), paging.Field("@odata.nextLink"), paging.Field("@nextLink"), paging.Field("odata.nextLink")}

// Recognizes a next link, or an array of values.
func (bound) Recognizes(first protocol.Exchange) bool {
	body := paging.BodyOf(first)
	for _, path := range links {
		if raw, _ := path.In(body); protocol.String(raw) != "" {
			return true
		}
	}
	raw, _ := values.In(body)
	return paging.IsArray(raw)
}

// Ask asks for the page at the link.
func (b bound) Ask(first protocol.Ask, next json.RawMessage) (protocol.Ask, error) {
	ask, err := b.AskByLink(first, next)
	if err == nil && len(next) > 0 && b.option != "" {
		ask.Option = b.option
	}
	return ask, err
}

// Read reads the values and the link.
func (b bound) Read(answer protocol.Exchange) (protocol.Page, error) {
	body := paging.BodyOf(answer)
	page, err := b.Page(body, values)
	if err != nil || b.Single {
		return page, err
	}
	if page.Next, err = b.next(answer, body); err != nil {
		return protocol.Page{}, err
	}
	return page, nil
}

// next is the first link there is. Absent, null and "" are none: the service has no
// more (OData 4.01 part 1, 11.2.6.7; Azure's APIs send all three).
func (b bound) next(answer protocol.Exchange, body paging.Body) (json.RawMessage, error) {
	for _, path := range b.links {
		raw, found := path.In(body)
		if !found || string(raw) == "null" || string(raw) == `""` {
			continue
		}
		ref := protocol.String(raw)
		if ref == "" {
			return nil, b.Violation("the next link is no text")
		}
		return b.NextByLink(from(answer, body), "the next link", ref)
	}
	return nil, nil
}

// contexts are where OData's context URL is, with "odata." and without.
var contexts = []*paging.Path{paging.Field("@odata.context"), paging.Field("@context")}

// from is the answer as what a relative link is relative to: to the context URL, where
// there is one (OData JSON format 4.01, section 4.3).
func from(answer protocol.Exchange, body paging.Body) protocol.Exchange {
	for _, path := range contexts {
		raw, _ := path.In(body)
		if context := protocol.String(raw); context != "" {
			if base, err := answer.Resolve(Name, "the context", context); err == nil {
				answer.URL = base
				return answer
			}
		}
	}
	return answer
}
