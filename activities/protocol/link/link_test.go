package link_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/link"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
)

const issues = "GET https://forge.example.com/repos/1/issues"

func run(t *testing.T, scenarios ...protocoltest.PageScenario) {
	t.Helper()
	protocoltest.RunPager(t, link.Pager{}, scenarios...)
}

func linked(value string) map[string]string { return map[string]string{"Link": value} }

// leads is a collection of two pages, in which the first has this header Link.
func leads(what, value, asks string) protocoltest.PageScenario {
	return protocoltest.PageScenario{Name: what, Recognized: true, Pages: []protocoltest.PageTurn{
		{Asks: issues + "?state=all", Header: linked(value), Body: `[1,2]`, Values: `[1,2]`},
		{Asks: asks, Body: `[3]`, Values: `[3]`},
	}}
}

// ends is a collection of one page, which has this header Link.
func ends(what, value string) protocoltest.PageScenario {
	return protocoltest.PageScenario{Name: what, Recognized: true, Pages: []protocoltest.PageTurn{
		{Asks: issues, Header: linked(value), Body: `[1]`, Values: `[1]`},
	}}
}

func broken(what, value, body string, recognized bool) protocoltest.PageScenario {
	return protocoltest.PageScenario{Name: what, Recognized: recognized, Pages: []protocoltest.PageTurn{{Asks: issues, Header: linked(value), Body: body, Violation: true}}}
}

func with(options string, s protocoltest.PageScenario) protocoltest.PageScenario {
	s.Options = options
	return s
}

// RFC 8288, section 3.
//
//rule:pages 2
var pages = protocoltest.PageScenario{
	Name: "an empty page in the middle", Recognized: true,
	Pages: []protocoltest.PageTurn{
		{
			Asks: issues + "?state=all", Body: ` [{"n":1}, {"n":2}]` + "\n", Values: `[{"n":1}, {"n":2}]`,
			Header: linked(`<https://forge.example.com/repositories/1/issues?page=2>; rel="next", <https://forge.example.com/repositories/1/issues?page=3>; rel="last"`),
		},
		{
			Asks: "GET https://forge.example.com/repositories/1/issues?page=2", Body: `[]`,
			Header: linked(`<https://forge.example.com/repositories/1/issues?page=1>; rel="prev", <https://forge.example.com/repositories/1/issues?page=3>; rel="next"`),
		},
		{
			Asks: "GET https://forge.example.com/repositories/1/issues?page=3", Body: `[{"n":3}]`, Values: `[{"n":3}]`,
			Header: linked(`<https://forge.example.com/repositories/1/issues?page=2>; rel="prev"`),
		},
	},
}

// The next page is at the first link whose relation is `next` in the header `Link`, of
// which there may be several.
//
//rule:link 1 RFC 8288 section 3; RFC 9110 section 5.2
//rule:pages 5
func TestWhereTheNextLinkIs(t *testing.T) {
	const next = "GET https://forge.example.com/next"
	run(t, pages,
		leads("quoted", `<https://forge.example.com/next>; rel="next"`, next),
		leads("a token", `<https://forge.example.com/next>;rel=next`, next),
		leads("relative", `</next>; rel="next"`, next),
		leads("relative to the request", `<?page=2>; rel="next"`, issues+"?page=2"),
		leads("white space", "\t<https://forge.example.com/next> ; \t rel = \"next\" ", next),
		// The relation, which compares without regard to case, may be quoted, and one of
		// several. Of several `rel` the first counts.
		//
		//rule:link 1a RFC 8288 sections 2.1.1 and 3.3
		leads("in another case", `<https://forge.example.com/next>; REL="Next"`, next),
		leads("one relation of several", `<https://forge.example.com/next>; rel="prefetch next  last"`, next),
		leads("the second link", `</prev>; rel="prev", <https://forge.example.com/next>; rel="next"`, next),
		leads("the first of two", `</next>; rel="next", </other>; rel="next"`, next),
		leads("a comma and a semicolon in the target", `</next?fields=a,b;c>; rel="next"`, next+"?fields=a,b;c"),
		leads("a comma and a semicolon in a title", `</prev>; title="a, b; rel=\"next\", <"; rel="prev", </next>; rel="next"; title="x;y"`, next),
		leads("an escaped quote", `</next>; title="a \"b\" \\"; rel="next"`, next),
		leads("the first rel counts", `</other>; rel="prev"; rel="next", </next>; rel="next"; rel="prev"`, next),
		leads("parameters without values", `</next>; crossorigin; rel="next"; x=`, next),
		leads("an extended parameter", `</next>; title*=UTF-8'de'n%c3%a4chste; rel="next"`, next),
		leads("empty elements", `, ,</next>; rel="next",,`, next),
		leads("empty parameters", `</next>;; ;rel="next";`, next),
		leads("a query as it is spelled", `</next?sig=a%2fB+c&&;=,%7E~>; rel="next"`, next+"?sig=a%2fB+c&&;=,%7E~"),
		leads("another host", `<https://eu.example.com/next>; rel="next"`, "GET https://eu.example.com/next"),
		// A link with an `anchor` counts only where that is the page itself.
		//
		//rule:link 1b RFC 8288 section 3.2
		leads("an anchor that is the page", `</next>; rel="next"; anchor="https://forge.example.com/repos/1/issues?state=all"`, next),
	)
}

// Of several header fields each may have it (RFC 9110, section 5.2).
//
//rule:link 1
func TestSeveralHeaderFields(t *testing.T) {
	p, err := link.Pager{}.Bind(nil)
	require.NoError(t, err)
	page, err := p.Read(protocol.Exchange{
		URL: "https://forge.example.com/a", Status: http.StatusOK, Body: []byte(`[]`),
		Header: http.Header{"Link": {`</style.css>; rel=preload; as=style`, `</b>; rel="next"`}},
	})
	require.NoError(t, err)
	require.JSONEq(t, `{"link":"https://forge.example.com/b"}`, string(page.Next))
}

// Where no link of the page itself is `next`, the page is the last.
//
//rule:link 2 -
//rule:link 1b
func TestTheEnd(t *testing.T) {
	run(t,
		ends("no link", ``),
		ends("other relations", `</prev>; rel="prev", </first>; rel="first nexts next-archive"`),
		ends("the relation of another resource", `</next>; rel="next"; anchor="/repos/2"`),
		ends("an anchor that is no URL", `</next>; rel="next"; anchor="http://[::1"`),
		ends("a reverse relation", `</next>; rev="next"`),
		ends("in a title", `</prev>; rel="prev"; title="</next>; rel=\"next\""`),
		with(`{"nextLink":""}`, ends("one page", `</next>; rel="next"`)),
		with(`{"nextLink":""}`, ends("one page, and a malformed link", `<`)),
	)
}

// The values are the body, an array. 204 is an empty page.
//
// They may be where the option items says; null is an empty page, too.
//
//rule:link 3 RFC 9110 section 15.3.5 for 204; - for the array
func TestValues(t *testing.T) {
	run(t,
		with(`{"items":"items"}`, protocoltest.PageScenario{Name: "items", Pages: []protocoltest.PageTurn{
			{Asks: issues, Header: linked(`</next>; rel="next"`), Body: `{"items":[1]}`, Values: `[1]`},
			{Asks: "GET https://forge.example.com/next", Body: `{"items":[2]}`, Values: `[2]`},
		}}),
		protocoltest.PageScenario{Name: "no content", Pages: []protocoltest.PageTurn{{Asks: issues, Status: http.StatusNoContent}}},
		protocoltest.PageScenario{Name: "no content, and a link", Recognized: true, Pages: []protocoltest.PageTurn{
			{Asks: issues, Status: http.StatusNoContent, Header: linked(`</next>; rel="next"`)},
			{Asks: "GET https://forge.example.com/next", Body: `null`},
		}},
		broken("an object", ``, `{"items":[]}`, false),
		broken("an object with a link", `</next>; rel="next"`, `{"items":[]}`, true),
		broken("text", ``, `"[]"`, false),
		broken("no body", ``, ``, false),
		broken("no JSON", ``, `[1`, false),
	)
}

// A header `Link` that cannot be read is no end, and breaks the protocol: the way on may
// be in it. So does a link that is no URL of http or https.
//
//rule:link 4 -
func TestMalformedLinks(t *testing.T) {
	run(t,
		broken("no target", `https://forge.example.com/next; rel="next"`, `[]`, true),
		broken("a target that does not end", `<https://forge.example.com/next; rel="next"`, `[]`, true),
		broken("a quote that does not end", `</prev>; title="a; rel=prev, </next>; rel=next`, `[]`, true),
		broken("no semicolon", `</next> rel="next"`, `[]`, true),
		broken("text after a quote", `</next>; title="a"b; rel="next"`, `[]`, true),
		broken("a second link that is none", `</prev>; rel="prev", next`, `[]`, true),
		broken("a target of another scheme", `<ftp://forge.example.com/next>; rel="next"`, `[]`, true),
		broken("a target that is no URL", `<https://forge.example.com/%zz>; rel="next"`, `[]`, true),
	)
}

func FuzzPager(f *testing.F) { protocoltest.FuzzPager(f, link.Pager{}, pages) }
