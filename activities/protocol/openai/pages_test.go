package openai_test

import (
	"testing"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

const batches = "GET https://api.openai.com/v1/batches"

func runPages(t *testing.T, scenarios ...protocoltest.PageScenario) {
	t.Helper()
	protocoltest.RunPager(t, openai.Pager{}, scenarios...)
}

func page(asks, body, values string) protocoltest.PageTurn {
	return protocoltest.PageTurn{Asks: asks, Body: body, Values: values}
}

func onePage(what, options, body, values string, recognized bool) protocoltest.PageScenario {
	return protocoltest.PageScenario{Name: what, Options: options, Recognized: recognized, Pages: []protocoltest.PageTurn{page(batches, body, values)}}
}

func brokenPage(what, options, body string, recognized bool) protocoltest.PageScenario {
	return protocoltest.PageScenario{Name: what, Options: options, Recognized: recognized, Pages: []protocoltest.PageTurn{{Asks: batches, Body: body, Violation: true}}}
}

// twoPages are two, the first with this body.
func twoPages(what, options, body, values, asks string) protocoltest.PageScenario {
	return protocoltest.PageScenario{Name: what, Options: options, Recognized: true, Pages: []protocoltest.PageTurn{
		page(batches+"?limit=2", body, values), page(asks, `{"object":"list","data":[],"has_more":false}`, ``),
	}}
}

// OpenAPI document: every list.
var pages = protocoltest.PageScenario{
	Name: "three pages", Recognized: true,
	Pages: []protocoltest.PageTurn{
		page(batches+"?limit=2&order=asc", `{"object":"list","data":[{"id":"a"}, {"id":"b/c"}],"first_id":"a","last_id":"b/c","has_more":true}`, `[{"id":"a"}, {"id":"b/c"}]`),
		page(batches+"?limit=2&order=asc&after=b%2Fc", `{"object":"list","data":[{"id":"d"}],"has_more":true}`, `[{"id":"d"}]`),
		page(batches+"?limit=2&order=asc&after=d", `{"object":"list","data":[{"id":"e"}],"has_more":false}`, `[{"id":"e"}]`),
	},
}

// The `id` of the last value goes into the query parameter `after` of the first request,
// in place of the one that is there.
//
//rule:openaipages 1 OAI, every list
func TestAfter(t *testing.T) {
	runPages(t, pages,
		protocoltest.PageScenario{Name: "in place of the first one", Recognized: true, Pages: []protocoltest.PageTurn{
			page(batches+"?after=x&limit=2", `{"data":[{"id":"a"}],"has_more":true}`, `[{"id":"a"}]`), page(batches+"?after=a&limit=2", `{"data":[],"has_more":false}`, ``),
		}},
		protocoltest.PageScenario{
			Name: "a POST with its body", Recognized: true, First: protocol.Ask{Method: "POST", URL: "/v1/search", Body: []byte(`{"q": 1}`)},
			Pages: []protocoltest.PageTurn{
				page("POST /v1/search", `{"data":[{"id":"a"}],"has_more":true}`, `[{"id":"a"}]`),
				{Asks: "POST /v1/search?after=a", AsksBody: `{"q": 1}`, Body: `{"data":[]}`},
			},
		},
		// An `id` may be a number, of which every digit counts.
		//
		//rule:openaipages 1a -
		twoPages("an id that is a number", ``, `{"object":"list","data":[{"id":12345678901234567890}],"has_more":true}`, `[{"id":12345678901234567890}]`, batches+"?limit=2&after=12345678901234567890"),
		// Where the last value has no `id`, or the page no values, `last_id` counts. Where
		// there is none either, and more to come, the protocol is broken.
		//
		//rule:openaipages 1b OAI; - for what breaks it
		twoPages("last_id, where the value has no id", `{"items":"data[].name"}`, `{"data":[{"id":"a","name":"A"}],"last_id":"a","has_more":true}`, `["A"]`, batches+"?limit=2&after=a"),
		twoPages("last_id of an empty page", ``, `{"object":"list","data":[],"last_id":"a","has_more":true}`, ``, batches+"?limit=2&after=a"),
		brokenPage("no id", ``, `{"object":"list","data":[{"name":"a"}],"has_more":true}`, true),
		brokenPage("an id that is null", ``, `{"object":"list","data":[{"id":null}],"has_more":true}`, true),
		brokenPage("values that are texts", ``, `{"object":"list","data":["a"],"has_more":true}`, true),
		brokenPage("an empty page with more to come", ``, `{"object":"list","data":[],"last_id":null,"has_more":true}`, true),
	)
}

// Where `has_more` is false, the page is the last; where it is absent or null, an empty
// page is. What is neither true nor false breaks the protocol.
//
//rule:openaipages 2 OAI; OAI SDK, `CursorPage.GetNextPage`; - for what breaks it
func TestPagesEnd(t *testing.T) {
	runPages(t,
		onePage("false", ``, `{"object":"list","data":[{"id":"a"}],"last_id":"a","has_more":false}`, `[{"id":"a"}]`, true),
		onePage("absent, and empty", ``, `{"object":"list","data":[]}`, ``, true),
		onePage("null, and empty", ``, `{"object":"list","data":[],"has_more":null}`, ``, true),
		twoPages("absent", ``, `{"object":"list","data":[{"id":"a"}]}`, `[{"id":"a"}]`, batches+"?limit=2&after=a"),
		twoPages("null", ``, `{"object":"list","data":[{"id":"a"}],"has_more":null}`, `[{"id":"a"}]`, batches+"?limit=2&after=a"),
		brokenPage("text", ``, `{"object":"list","data":[{"id":"a"}],"has_more":"false"}`, true),
		onePage("one page", `{"nextLink":""}`, `{"object":"list","data":[{"id":"a"}],"has_more":true}`, `[{"id":"a"}]`, true),
	)
}

// The values are in `data`.
//
// Or where items says.
//
//rule:openaipages 3 OAI
func TestPageValues(t *testing.T) {
	runPages(t,
		onePage("null", ``, `{"object":"list","data":null,"has_more":false}`, ``, true),
		onePage("elsewhere", `{"items":"result.items"}`, `{"result":{"items":[1]},"has_more":false}`, `[1]`, false),
		onePage("data beside has_more", ``, `{"data":[1],"has_more":false}`, `[1]`, true),
		brokenPage("no data", ``, `{"object":"list","has_more":false}`, true),
		brokenPage("data that is an object", ``, `{"data":{},"has_more":false}`, false),
		brokenPage("no data, and no list", ``, `{"object":"batch","id":"a"}`, false),
		brokenPage("an array", ``, `[1]`, false),
		brokenPage("no body", ``, ``, false),
		brokenPage("no JSON", ``, `<html>`, false),
	)
}

func FuzzPager(f *testing.F) { protocoltest.FuzzPager(f, openai.Pager{}, pages) }
