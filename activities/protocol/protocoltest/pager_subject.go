package protocoltest

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// pageSubject is to a bound pager what subject is to a bound protocol.
type pageSubject struct {
	*subject
	paging protocol.Paging
}

// bind binds the pager anew. Nil: it does not bind, which was reported.
func (s pagerSuite) bind(t assert.TestingT, sc PageScenario) *pageSubject {
	helper(t)
	p, err := s.pager.Bind(options(sc.Options))
	if !assert.NoError(t, err, "the options %s", sc.Options) {
		return nil
	}
	return &pageSubject{subject: &subject{t: t}, paging: p}
}

// paged is a page and the error beside it, in one value.
type paged struct {
	page protocol.Page
	err  error
}

func (b *pageSubject) recognizes(e protocol.Exchange) bool {
	helper(b.t)
	return twice(b.subject, "Recognizes", input{exchange: e}, func(in input) bool { return b.paging.Recognizes(in.exchange) })
}

func (b *pageSubject) ask(first protocol.Ask, next json.RawMessage) (protocol.Ask, error) {
	helper(b.t)
	r := twice(b.subject, "Ask", input{first: first, state: next}, func(in input) asked {
		ask, err := b.paging.Ask(in.first, in.state)
		own := ask.Header
		ask.Header = own.Clone()
		if own != nil {
			own.Set("X-Of-The-Caller", "who may write into what Ask gives")
		}
		return asked{ask, true, err}
	})
	b.checkAsk("Ask", r)
	if r.err != nil {
		assert.Equal(b.t, protocol.Ask{}, r.ask, "the request beside the error %v", r.err)
	}
	return r.ask, r.err
}

func (b *pageSubject) read(e protocol.Exchange) (protocol.Page, error) {
	helper(b.t)
	r := twice(b.subject, "Read", input{exchange: e}, func(in input) paged {
		page, err := b.paging.Read(in.exchange)
		return paged{page, err}
	})
	b.wellFormedPage(r)
	return r.page, r.err
}

// wellFormedPage holds a page against what package protocol says of it.
func (b *pageSubject) wellFormedPage(r paged) {
	helper(b.t)
	if r.err != nil {
		b.checkError(r.err)
		assert.Equal(b.t, protocol.Page{}, r.page, "the page beside the error %v", r.err)
		return
	}
	var values []json.RawMessage
	err := json.Unmarshal(r.page.Values, &values)
	assert.True(b.t, err == nil && values != nil, "the values %.300q are a JSON array", r.page.Values)
	assert.Equal(b.t, len(values), r.page.Count, "the number of values")
	if next := r.page.Next; next != nil {
		assert.True(b.t, json.Valid(next) && utf8.Valid(next) && string(next) != "null", "where the next page is, %.300q, is JSON", next)
	}
}
