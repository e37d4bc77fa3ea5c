// Package link is the convention of RFC 8288 for lists: the header Link names the
// next page, and the body is the array of values.
//
// Source: RFC 8288 (web linking); the relation type next, IANA's registry of link
// relations. GitHub's and GitLab's APIs page so.
//
// May import: the root package, packages protocol and paging, and the standard
// library.
package link

import (
	"encoding/json"
	"net/http"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/paging"
)

// Name is what inputs call the pager.
const Name = "link"

// Pager is the convention of RFC 8288.
type Pager struct{}

// Name is "link".
func (Pager) Name() string { return Name }

// Bind reads the options that all pagers take.
func (Pager) Bind(raw json.RawMessage) (protocol.Paging, error) {
	rules, err := paging.Bind(Name, raw, nil)
	if err != nil {
		return nil, err
	}
	return bound{rules}, nil
}

type bound struct{ paging.Rules }

// Recognizes a link to a next page, or a body that is an array.
func (b bound) Recognizes(first protocol.Exchange) bool {
	if next, err := b.next(first); next != nil || err != nil {
		return true
	}
	raw, _ := paging.Whole().In(paging.BodyOf(first))
	return paging.IsArray(raw)
}

// Ask asks for the page at the link.
func (b bound) Ask(first protocol.Ask, next json.RawMessage) (protocol.Ask, error) {
	return b.AskByLink(first, next)
}

// Read reads the values, and the link from the header.
func (b bound) Read(answer protocol.Exchange) (page protocol.Page, err error) {
	if answer.Status == http.StatusNoContent { // RFC 9110, section 15.3.5; GitHub's answer for a list of nothing
		page = paging.Empty()
	} else if page, err = b.Page(paging.BodyOf(answer), paging.Whole()); err != nil {
		return protocol.Page{}, err
	}
	if b.Single {
		return page, nil
	}
	if page.Next, err = b.next(answer); err != nil {
		return protocol.Page{}, err
	}
	return page, nil
}

// next is the first link whose relation is next. One that has an anchor is of that
// resource, not of the page (RFC 8288, section 3.2).
func (b bound) next(answer protocol.Exchange) (json.RawMessage, error) {
	links, ok := parse(answer.Header.Values("Link"))
	if !ok {
		return nil, b.Violation("the header Link is malformed")
	}
	for _, l := range links {
		if l.is("next") && b.isOf(answer, l) {
			return b.NextByLink(answer, "the header Link", l.target)
		}
	}
	return nil, nil
}

// isOf reports whether a link leads from the page itself.
func (b bound) isOf(page protocol.Exchange, l webLink) bool {
	anchor, has := l.parameters["anchor"]
	if !has {
		return true
	}
	from, err := page.Resolve(b.Protocol, "anchor", anchor)
	own, _ := page.Resolve(b.Protocol, "anchor", "")
	return err == nil && from == own
}
