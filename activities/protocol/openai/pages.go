package openai

import (
	"encoding/json"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/paging"
)

// Pager is the convention of OpenAI's API for lists: a page has its values in data,
// and the id of the last one is what the next request has in after.
type Pager struct{}

// Name is "openai".
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

// after is the parameter of the next request (OpenAPI document, every list).
var after = paging.Place{Query: "after"}

// Recognizes an object "list", or a has_more beside data.
func (pages) Recognizes(first protocol.Exchange) bool {
	body, ok := first.Object()
	if !ok {
		return false
	}
	if protocol.String(body["object"]) == "list" {
		return true
	}
	_, known, err := hasMore(body)
	return known && err == nil && paging.IsArray(body["data"])
}

// Ask sends the first request with the last id.
func (p pages) Ask(first protocol.Ask, next json.RawMessage) (protocol.Ask, error) {
	return p.AskByToken(first, next, after)
}

// Read reads the values and the last id.
func (p pages) Read(answer protocol.Exchange) (protocol.Page, error) {
	body := paging.BodyOf(answer)
	page, err := p.Page(body, paging.Field("data"))
	if err != nil || p.Single {
		return page, err
	}
	object, _ := body.Object()
	if page.Next, err = p.next(object, page); err != nil {
		return protocol.Page{}, err
	}
	return page, nil
}

// next: has_more decides; where it is absent, an empty page is the last (OpenAI SDK
// for Go, packages/pagination: CursorPage.GetNextPage).
func (p pages) next(list map[string]json.RawMessage, page protocol.Page) (json.RawMessage, error) {
	more, known, err := hasMore(list)
	switch {
	case err != nil:
		return nil, err
	case known && !more, !known && page.Count == 0:
		return nil, nil
	}
	next, err := p.NextByToken(lastID(list, page), after)
	if next == nil && err == nil {
		err = violation("there are more pages, and the page's last item has no id to go on from")
	}
	return next, err
}

func hasMore(list map[string]json.RawMessage) (more, known bool, err error) {
	switch raw := string(list["has_more"]); raw {
	case "", "null":
		return false, false, nil
	case "true", "false":
		return raw == "true", true, nil
	}
	return false, false, violation("has_more is neither true nor false")
}

// lastID is the id of the last value or, where that has none, what the page says it is
// (OpenAPI document, last_id).
func lastID(list map[string]json.RawMessage, page protocol.Page) json.RawMessage {
	var values []json.RawMessage
	if json.Unmarshal(page.Values, &values) == nil && len(values) > 0 {
		last, _ := protocol.Exchange{Body: values[len(values)-1]}.Object()
		if id := last["id"]; len(id) > 0 && string(id) != "null" && string(id) != `""` {
			return id
		}
	}
	return list["last_id"]
}
