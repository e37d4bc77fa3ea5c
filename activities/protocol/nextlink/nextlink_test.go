package nextlink_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/nextlink"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

const vaults = "GET https://arm.example.com/vaults"

func run(t *testing.T, scenarios ...protocoltest.PageScenario) {
	t.Helper()
	protocoltest.RunPager(t, nextlink.Pager{}, scenarios...)
}

// last is a page without a next link.
func last(asks string) protocoltest.PageTurn {
	return protocoltest.PageTurn{Asks: asks, Body: `{"value":["last"]}`, Values: `["last"]`}
}

// leads is a collection of two pages, in which the first has this next link, or
// whatever is there in its place.
func leads(what, link, asks string) protocoltest.PageScenario {
	return protocoltest.PageScenario{Name: what, Recognized: true, Pages: []protocoltest.PageTurn{
		{Asks: vaults + "?api-version=2024-01-01&$top=2", Body: `{"value":[1],` + link + `}`, Values: `[1]`},
		last(asks),
	}}
}

// only is a collection of one page.
func only(what, body, values string) protocoltest.PageScenario {
	return protocoltest.PageScenario{Name: what, Recognized: true, Pages: []protocoltest.PageTurn{{Asks: vaults, Body: body, Values: values}}}
}

// broken is a first page that breaks the protocol.
func broken(what, options, body string, recognized bool) protocoltest.PageScenario {
	return protocoltest.PageScenario{Name: what, Options: options, Recognized: recognized, Pages: []protocoltest.PageTurn{{Asks: vaults, Body: body, Violation: true}}}
}

func with(options string, s protocoltest.PageScenario) protocoltest.PageScenario {
	s.Options = options
	return s
}

// AG, collections; OData 4.01 part 1, section 11.2.6.7.
//
//rule:pages 2
var pages = protocoltest.PageScenario{
	Name: "an empty page in the middle", Recognized: true,
	Pages: []protocoltest.PageTurn{
		{Asks: vaults + "?api-version=1", Body: `{"value":[{"name":"a"}, {"name":"b"}],"nextLink":"https://arm.example.com/vaults?$skipToken=2"}`, Values: `[{"name":"a"}, {"name":"b"}]`},
		{Asks: vaults + "?$skipToken=2", Body: `{"value":[],"nextLink":"https://arm.example.com/vaults?$skipToken=3"}`},
		{Asks: vaults + "?$skipToken=3", Body: `{"value":[{"name":"c"}],"nextLink":null}`, Values: `[{"name":"c"}]`},
	},
}

// The values are in `value`. The next page's URL is in the first of `nextLink`,
// `@odata.nextLink`, `@nextLink` and `odata.nextLink` that is neither null nor empty.
//
//rule:nextlink 1 AG; OData JSON format 4.01 section 4.5.5; OData 3
func TestWhereTheNextLinkIs(t *testing.T) {
	run(t, pages,
		leads("nextLink", `"nextLink":"https://arm.example.com/next"`, "GET https://arm.example.com/next"),
		leads("@odata.nextLink", `"@odata.nextLink":"https://arm.example.com/next"`, "GET https://arm.example.com/next"),
		leads("@nextLink", `"@nextLink":"https://arm.example.com/next"`, "GET https://arm.example.com/next"),
		leads("odata.nextLink", `"odata.nextLink":"https://arm.example.com/next"`, "GET https://arm.example.com/next"),
		leads("two of them", `"@odata.nextLink":"https://arm.example.com/b","nextLink":"https://arm.example.com/a"`, "GET https://arm.example.com/a"),
		leads("null beside one", `"nextLink":null,"@odata.nextLink":"https://arm.example.com/b"`, "GET https://arm.example.com/b"),
		leads("escaped slashes", `"nextLink":"https:\/\/arm.example.com\/next"`, "GET https://arm.example.com/next"),
	)
}

// Where the link is absent, null or `""`, the page is the last.
//
//rule:nextlink 2 AG; OData 4.01 part 1 section 11.2.6.7; azcore for null and `""`
func TestTheEnd(t *testing.T) {
	run(t,
		only("absent", `{"value":[1]}`, `[1]`),
		only("null", `{"value":[1],"nextLink":null,"@odata.nextLink":null}`, `[1]`),
		only("empty text", `{"value":[1],"nextLink":""}`, `[1]`),
		only("a byte order mark", "\xef\xbb\xbf"+`{"value":[1]}`, `[1]`),
		only("an empty list", `{"value":[]}`, `[]`),
	)
}

// A link is used byte for byte: its query is not written anew, and nothing is added to it
// but by 5a and 5b. It may be relative, and lead to another host; a fragment is dropped.
//
//rule:pages 5 OData 4.01 part 1 section 11.2.6.7; RFC 3986 section 5.2
func TestALinkIsUsedAsItIs(t *testing.T) {
	run(t,
		leads("a query as it is spelled", `"nextLink":"https://arm.example.com/v%2Fx?sig=a%2fB+c&&;=,%7E~&$skiptoken='x'"`, "GET https://arm.example.com/v%2Fx?sig=a%2fB+c&&;=,%7E~&$skiptoken='x'"),
		leads("no query is added", `"nextLink":"https://arm.example.com/next?x=1"`, "GET https://arm.example.com/next?x=1"),
		leads("another host", `"nextLink":"https://eu.example.com/next"`, "GET https://eu.example.com/next"),
		leads("a fragment is dropped", `"nextLink":"https://arm.example.com/next#top"`, "GET https://arm.example.com/next"),
	)
}

// A relative link is relative to the URL that was asked; where the page has OData's
// `@odata.context` or `@context`, to that.
//
//rule:nextlink 3 RFC 3986 section 5.2; OData JSON format 4.01 section 4.3
//rule:pages 5
func TestRelativeLinks(t *testing.T) {
	run(t,
		leads("a path", `"nextLink":"/vaults?p=2"`, vaults+"?p=2"),
		leads("a query", `"nextLink":"?p=2"`, vaults+"?p=2"),
		leads("beside", `"nextLink":"vaults?p=2"`, vaults+"?p=2"),
		leads("to a context", `"@odata.context":"https://arm.example.com/odata/$metadata#Vaults","@odata.nextLink":"Vaults?$skiptoken=2"`, "GET https://arm.example.com/odata/Vaults?$skiptoken=2"),
		leads("to a context without odata.", `"@context":"/odata/$metadata#Vaults","@nextLink":"Vaults?p=2"`, "GET https://arm.example.com/odata/Vaults?p=2"),
		leads("to a context that is none", `"@context":5,"@odata.context":"http://[::1","@nextLink":"vaults?p=2"`, vaults+"?p=2"),
		leads("absolute beside a context", `"@odata.context":"https://arm.example.com/odata/$metadata#Vaults","nextLink":"https://arm.example.com/next"`, "GET https://arm.example.com/next"),
	)
}

//rule:pages 3
func TestWhatIsNoPage(t *testing.T) {
	run(t,
		protocoltest.PageScenario{Name: "null", Pages: []protocoltest.PageTurn{{Asks: vaults, Body: `{"value":null}`}}},
		broken("no values", ``, `{"values":[]}`, false),
		broken("values that are text", ``, `{"value":"[]"}`, false),
		broken("a link without values", ``, `{"nextLink":"https://arm.example.com/next"}`, true),
		broken("an array", ``, `[1]`, false),
		broken("null for a body", ``, `null`, false),
		broken("no body", ``, ``, false),
		broken("no JSON", ``, `<html>`, false),
		// A link that is no text, or no URL of http or https, breaks the protocol.
		//
		//rule:nextlink 4 -
		broken("a link that is a number", ``, `{"value":[],"nextLink":5}`, true),
		broken("a link that is an object", ``, `{"value":[],"nextLink":{"href":"/x"}}`, true),
		broken("a link of another scheme", ``, `{"value":[],"nextLink":"ftp://arm.example.com/"}`, true),
		broken("a malformed link", ``, `{"value":[],"nextLink":"https://arm.example.com/%zz"}`, true),
	)
}

// With option `nextLink` the link is where that finds it, and nowhere else.
//
// It is JMESPath on the body, or "" for a list of one page.
//
//rule:nextlink 5 -
func TestOptionNextLink(t *testing.T) {
	run(t,
		with(`{"items":"d.results","nextLink":"d.\"__next\""}`, protocoltest.PageScenario{Name: "OData 2", Pages: []protocoltest.PageTurn{
			{Asks: vaults, Body: `{"d":{"results":[1],"__next":"https://arm.example.com/next"}}`, Values: `[1]`},
			{Asks: "GET https://arm.example.com/next", Body: `{"d":{"results":[2]}}`, Values: `[2]`},
		}}),
		with(`{"nextLink":"links[?rel=='next'].href | [0]"}`, leads("an expression", `"links":[{"rel":"self","href":"/"},{"rel":"next","href":"/next"}]`, "GET https://arm.example.com/next")),
		with(`{"nextLink":"next"}`, only("nowhere but there", `{"value":[1],"nextLink":"https://arm.example.com/next"}`, `[1]`)),
		with(`{"nextLink":""}`, only("one page", `{"value":[1],"nextLink":"https://arm.example.com/next"}`, `[1]`)),
		with(`{"nextLink":""}`, only("one page, and what is no link", `{"value":[1],"nextLink":5}`, `[1]`)),
		protocoltest.PageScenario{Name: "no expression", Options: `{"nextLink":"a..b"}`, Refused: "nextLink"},
		protocoltest.PageScenario{Name: "no text", Options: `{"nextLink":5}`, Refused: "nextLink"},
	)
}

// What the option nextLink finds is a URL by that option's word.
//
//rule:pages 9
func TestOptionNextLinkNamesTheURL(t *testing.T) {
	for options, want := range map[string]string{``: "", `{"nextLink":"next"}`: "nextLink"} {
		p, err := nextlink.Pager{}.Bind([]byte(options))
		require.NoError(t, err)
		ask, err := p.Ask(protocol.Ask{Method: "GET", URL: "/x"}, []byte(`{"link":"https://arm.example.com/next"}`))
		require.NoError(t, err)
		require.Equal(t, want, ask.Option)
	}
}

func FuzzPager(f *testing.F) { protocoltest.FuzzPager(f, nextlink.Pager{}, pages) }
