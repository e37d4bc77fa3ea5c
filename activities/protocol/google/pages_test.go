package google_test

import (
	"testing"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/google"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

const books = "https://library.googleapis.com/v1/publishers/p/books"

func runPages(t *testing.T, scenarios ...protocoltest.PageScenario) {
	t.Helper()
	protocoltest.RunPager(t, google.Pager{}, scenarios...)
}

// page is one that has a token for this request.
func page(asks, body, values string) protocoltest.PageTurn {
	return protocoltest.PageTurn{Asks: asks, Body: body, Values: values}
}

// onePage is a collection of one page.
func onePage(what, options, body, values string, recognized bool) protocoltest.PageScenario {
	return protocoltest.PageScenario{Name: what, Options: options, Recognized: recognized, Pages: []protocoltest.PageTurn{page("GET "+books, body, values)}}
}

func brokenPage(what, options, body string, recognized bool) protocoltest.PageScenario {
	return protocoltest.PageScenario{Name: what, Options: options, Recognized: recognized, Pages: []protocoltest.PageTurn{{Asks: "GET " + books, Body: body, Violation: true}}}
}

// AIP-158.
//
//rule:pages 2
var pages = protocoltest.PageScenario{
	Name: "empty pages in the middle", Recognized: true,
	Pages: []protocoltest.PageTurn{
		page("GET "+books+"?pageSize=2&filter=a%2fb", `{"books":[{"name":"a"}, {"name":"b"}],"nextPageToken":"CAI="}`, `[{"name":"a"}, {"name":"b"}]`),
		page("GET "+books+"?pageSize=2&filter=a%2fb&pageToken=CAI%3D", `{"nextPageToken":"c"}`, ``),
		page("GET "+books+"?pageSize=2&filter=a%2fb&pageToken=c", `{"books":[],"nextPageToken":"d"}`, ``),
		page("GET "+books+"?pageSize=2&filter=a%2fb&pageToken=d", `{"books":[{"name":"c"}],"nextPageToken":""}`, `[{"name":"c"}]`),
	},
}

// `nextPageToken`, or `next_page_token`, is the next page's token. It goes into the query
// parameter `pageToken` of the first request, in place of the one that is there.
//
//rule:googlepages 1 AIP-158; proto3 for the two names
func TestPageToken(t *testing.T) {
	runPages(t, pages,
		protocoltest.PageScenario{Name: "in place of the first one", Recognized: true, Pages: []protocoltest.PageTurn{
			page("GET "+books+"?pageToken=a&pageSize=2", `{"books":[1],"nextPageToken":"b"}`, `[1]`),
			page("GET "+books+"?pageToken=b&pageSize=2", `{"books":[2]}`, `[2]`),
		}},
		protocoltest.PageScenario{
			Name: "a POST with its body", Recognized: true, First: protocol.Ask{Method: "POST", URL: "v1/books:search", Body: []byte(`{"q": 1}`)},
			Pages: []protocoltest.PageTurn{
				page("POST v1/books:search", `{"books":[1],"nextPageToken":"b"}`, `[1]`),
				{Asks: "POST v1/books:search?pageToken=b", AsksBody: `{"q": 1}`, Body: `{}`},
			},
		},
		protocoltest.PageScenario{Name: "by its name in the proto", Recognized: true, Pages: []protocoltest.PageTurn{
			page("GET "+books, `{"books":[1],"next_page_token":"b"}`, `[1]`), page("GET "+books+"?pageToken=b", `{"books":[2],"next_page_token":""}`, `[2]`),
		}},
		// A token that is no text breaks the protocol.
		//
		//rule:googlepages 1a -
		brokenPage("a number", ``, `{"books":[1],"nextPageToken":2}`, false),
		brokenPage("an object", ``, `{"books":[1],"nextPageToken":{}}`, false),
	)
}

// Where the token is absent, null or `""`, the page is the last. Nothing else says so.
//
//rule:googlepages 2 AIP-158; proto3 for null
func TestPagesEnd(t *testing.T) {
	runPages(t,
		onePage("absent", ``, `{"books":[1]}`, `[1]`, true),
		onePage("empty", ``, `{"books":[1],"nextPageToken":""}`, `[1]`, false),
		onePage("null", ``, `{"books":[1],"nextPageToken":null}`, `[1]`, false),
		onePage("the list is empty", ``, `{}`, ``, true),
		onePage("one page", `{"nextLink":""}`, `{"books":[1],"nextPageToken":"a"}`, `[1]`, false),
	)
}

// The values are the page's one array, whatever its name. `unreachable` and
// `unreachables`, the places that could not be looked at, are none.
//
//rule:googlepages 3 AIP-158; AIP-217
func TestPageValues(t *testing.T) {
	const items = `{"items":"books"}`
	runPages(t,
		onePage("beside a number", ``, `{"books":[1],"totalSize":1}`, `[1]`, false),
		onePage("beside an object", ``, `{"books":[1],"warning":{"code":1}}`, `[1]`, false),
		onePage("beside what is unreachable", ``, `{"books":[1],"unreachable":["projects/p"]}`, `[1]`, false),
		// A page without an array is empty, because the JSON of proto3 leaves out what is;
		// so is one without anything at option `items`. But beside an object it breaks the
		// protocol: the values may be in there.
		//
		//rule:googlepages 3a proto3; - for the object
		onePage("nothing but what is unreachable", ``, `{"unreachable":["projects/p"]}`, ``, true),
		onePage("nothing but what says so itself", ``, `{"kind":"storage#objects"}`, ``, false),
		onePage("null", ``, `{"books":null}`, ``, false),
		onePage("one of two", items, `{"books":[1],"prefixes":[2]}`, `[1]`, false),
		onePage("one of two, left out", items, `{"prefixes":[2]}`, ``, false),
		onePage("one of two, null", items, `{"books":null,"prefixes":[2]}`, ``, false),
		onePage("an expression", `{"items":"shelves[].books[]"}`, `{"shelves":[{"books":[1.10,2]},{"books":[3]}]}`, `[1.10,2,3]`, false),
		onePage("an expression on what is left out", `{"items":"shelves[].books[]"}`, `{}`, ``, false),
		// Several arrays break the protocol: option `items` says which it is.
		//
		//rule:googlepages 3b -
		brokenPage("two arrays", ``, `{"books":[1],"prefixes":[2]}`, false),
		brokenPage("an object in which they may be", ``, `{"items":{"a":[1]}}`, false),
		brokenPage("no array where items says", items, `{"books":"[]"}`, false),
		// So does a body that is no JSON object, whatever `items` says.
		//
		//rule:googlepages 3c -
		brokenPage("an array", ``, `[1]`, false),
		brokenPage("an array, with items", items, `[1]`, false),
		brokenPage("no body", ``, ``, false),
		brokenPage("no JSON", ``, `<html>`, false),
	)
}

func FuzzPager(f *testing.F) { protocoltest.FuzzPager(f, google.Pager{}, pages) }
