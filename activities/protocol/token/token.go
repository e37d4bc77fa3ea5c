// Package token is for lists of any JSON API that gives a token for the next page and
// takes it in the next request: options say where.
//
// May import: the root package, packages protocol and paging, and the standard
// library.
package token

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/paging"
)

// Name is what inputs call the pager.
const Name = "token"

// Pager is for lists that are described by data.
type Pager struct{}

// Name is "token".
func (Pager) Name() string { return Name }

type bound struct {
	paging.Rules
	from source
	into paging.Place
}

// Recognizes nothing: this pager has to be named.
func (bound) Recognizes(protocol.Exchange) bool { return false }

// Ask sends the first request with the token in its place.
func (b bound) Ask(first protocol.Ask, next json.RawMessage) (protocol.Ask, error) {
	return b.AskByToken(first, next, b.into)
}

// Read reads the values and the token. There are no more pages where that is absent,
// null or "".
func (b bound) Read(answer protocol.Exchange) (protocol.Page, error) {
	body := paging.BodyOf(answer)
	page, err := b.values(body)
	if err != nil || b.Single {
		return page, err
	}
	token, err := b.from.in(answer, body)
	if err != nil {
		return protocol.Page{}, err
	}
	if page.Next, err = b.NextByToken(token, b.into); err != nil {
		return protocol.Page{}, err
	}
	return page, nil
}

// in gives the token that an answer has, as JSON; nil or null where there is none.
func (s source) in(answer protocol.Exchange, body paging.Body) (json.RawMessage, error) {
	if s.path != nil {
		raw, _ := s.path.In(body)
		return raw, nil
	}
	text := answer.Header.Get(s.header)
	if !utf8.ValidString(text) {
		return nil, &perdure.ProtocolError{Protocol: Name, Message: "the header with the token of the next page is not UTF-8"}
	}
	return json.Marshal(text)
}

// values are the option's, or else the body that is an array, or its one array.
func (b bound) values(body paging.Body) (protocol.Page, error) {
	if b.Items != nil {
		return b.Page(body, nil)
	}
	object, ok := body.Object()
	if !ok {
		return b.Page(body, paging.Whole())
	}
	page, found, err := b.OnlyArray(object)
	if err == nil && !found {
		err = b.Violation("the page has no array; the option items says where its values are")
	}
	return page, err
}
