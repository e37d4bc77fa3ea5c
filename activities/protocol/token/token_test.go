package token_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/protocoltest"
	"github.com/perdure-dev/perdure/activities/protocol/token"
)

const (
	orders  = "GET https://shop.example.com/orders"
	byQuery = `{"token":"next","into":{"query":"page"}}`
)

func run(t *testing.T, scenarios ...protocoltest.PageScenario) {
	t.Helper()
	protocoltest.RunPager(t, token.Pager{}, scenarios...)
}

// turn is a page whose body, or header, has a token.
func turn(asks, body, values string) protocoltest.PageTurn {
	return protocoltest.PageTurn{Asks: asks, Body: body, Values: values}
}

// two are two pages, the first with this body.
func two(what, options, body, asks string) protocoltest.PageScenario {
	return protocoltest.PageScenario{Name: what, Options: options, Pages: []protocoltest.PageTurn{turn(orders, body, `[1]`), turn(asks, `{"orders":[2]}`, `[2]`)}}
}

// one is a collection of one page.
func one(what, options, body, values string) protocoltest.PageScenario {
	return protocoltest.PageScenario{Name: what, Options: options, Pages: []protocoltest.PageTurn{turn(orders, body, values)}}
}

func broken(what, options, body string) protocoltest.PageScenario {
	return protocoltest.PageScenario{Name: what, Options: options, Pages: []protocoltest.PageTurn{{Asks: orders, Body: body, Violation: true}}}
}

func refused(what, options, field string) protocoltest.PageScenario {
	return protocoltest.PageScenario{Name: what, Options: options, Refused: field}
}

//rule:pages 2
var pages = protocoltest.PageScenario{
	Name: "an empty page in the middle", Options: `{"token":"meta.next","into":{"query":"page"},"items":"data"}`,
	Pages: []protocoltest.PageTurn{
		turn(orders+"?limit=2&page=&x=%2f", `{"data":[{"n":1},{"n":2}],"meta":{"next":"a b&c"}}`, `[{"n":1},{"n":2}]`),
		turn(orders+"?limit=2&page=a+b%26c&x=%2f", `{"data":[],"meta":{"next":"d"}}`, ``),
		turn(orders+"?limit=2&page=d&x=%2f", `{"data":[{"n":3}],"meta":{}}`, `[{"n":3}]`),
	},
}

var inBody = protocoltest.PageScenario{
	Name: "in the body", Options: `{"token":"LastEvaluatedKey","into":{"body":"ExclusiveStartKey"},"items":"Items"}`,
	First: protocol.Ask{Method: "POST", URL: "https://shop.example.com/query?x=1", Header: http.Header{"X-Target": {"Query"}}, Body: []byte(`{"Limit": 1e2, "Table":"<b>", "ExclusiveStartKey":null}`)},
	Pages: []protocoltest.PageTurn{
		turn("POST https://shop.example.com/query?x=1", `{"Items":[1],"LastEvaluatedKey":{"id":{"N":"12345678901234567890"}}}`, `[1]`),
		{
			Asks: "POST https://shop.example.com/query?x=1", AsksBody: `{"ExclusiveStartKey":{"id":{"N":"12345678901234567890"}},"Limit":1e2,"Table":"<b>"}`,
			Body: `{"Items":[2],"LastEvaluatedKey":7.10}`, Values: `[2]`,
		},
		{Asks: "POST https://shop.example.com/query?x=1", AsksBody: `{"ExclusiveStartKey":7.10,"Limit":1e2,"Table":"<b>"}`, Body: `{"Items":[]}`},
	},
}

var inHeaders = protocoltest.PageScenario{
	Name: "from a header into a header", Options: `{"token":{"header":"x-next"},"into":{"header":"x-page"}}`,
	First: protocol.Ask{Method: "POST", URL: "/search?q=a", Header: http.Header{"X-Page": {"1"}}, Body: []byte("plain")},
	Pages: []protocoltest.PageTurn{
		{Asks: "POST /search?q=a", Header: map[string]string{"X-Next": "2 ü"}, Body: `[1]`, Values: `[1]`},
		{Asks: "POST /search?q=a", AsksHeader: map[string]string{"X-Page": "2 ü"}, AsksBody: "plain", Body: `[2]`, Values: `[2]`},
	},
}

// Option `token` says where the answer has it: JMESPath on the body, or a header. It goes
// where option `into` says: into a query parameter, a header, or a top-level key of the
// body, and replaces what is there. All else of the request stays, the values of the
// body's other keys as they are spelled.
//
//rule:token 1 -
func TestWhereTheTokenGoes(t *testing.T) {
	run(t, pages, inBody, inHeaders,
		two("a parameter that is new", byQuery, `{"orders":[1],"next":"a"}`, orders+"?page=a"),
		two("an odd parameter", `{"token":"next","into":{"query":"$skip token"}}`, `{"orders":[1],"next":"a"}`, orders+"?%24skip+token=a"),
		protocoltest.PageScenario{
			Name: "another method has no body", Options: `{"token":"next","into":{"query":"page"},"nextMethod":"GET"}`,
			First: protocol.Ask{Method: "POST", URL: "/search", Body: []byte(`{"q":1}`)},
			Pages: []protocoltest.PageTurn{turn("POST /search", `{"orders":[1],"next":"a"}`, `[1]`), turn("GET /search?page=a", `{"orders":[]}`, ``)},
		},
		protocoltest.PageScenario{
			Name: "a GET with a body keeps it", Options: `{"token":"next","into":{"body":"after"},"items":"orders"}`,
			First: protocol.Ask{URL: "/search", Body: []byte(`{"q":1}`)},
			Pages: []protocoltest.PageTurn{turn("GET /search", `{"orders":[1],"next":["x",1e400]}`, `[1]`), {Asks: "GET /search", AsksBody: `{"after":["x",1e400],"q":1}`, Body: `{"orders":[]}`}},
		},
	)
}

// A token for a body is any JSON but true and false. For a query or a header it is text
// of at most 16 KiB, or a number, of which every digit counts; a header takes no control
// characters. What is none of these breaks the protocol.
//
//rule:token 1a -
func TestWhatATokenIs(t *testing.T) {
	two := func(what, next, asks string) protocoltest.PageScenario {
		return two(what, byQuery, `{"orders":[1],"next":`+next+`}`, asks)
	}
	run(t,
		two("a number", `2`, orders+"?page=2"),
		two("a long number", `12345678901234567890`, orders+"?page=12345678901234567890"),
		two("a number beyond float64", `1e400`, orders+"?page=1e400"),
		two("a number with its zero", `1.10`, orders+"?page=1.10"),
		two("zero", `0`, orders+"?page=0"),
		two("text that is a number", `"0010"`, orders+"?page=0010"),
		two("escapes", `"a\/\u0062<\n"`, orders+"?page=a%2Fb%3C%0A"),
		broken("true", byQuery, `{"orders":[1],"next":true}`),
		broken("false", byQuery, `{"orders":[1],"next":false}`),
		broken("an object", byQuery, `{"orders":[1],"next":{"page":2}}`),
		broken("too long", byQuery, `{"orders":[1],"next":"`+strings.Repeat("x", 20_000)+`"}`),
		broken("a line end for a header", `{"token":"next","into":{"header":"X-Page"}}`, `{"orders":[1],"next":"a\nb"}`),
		protocoltest.PageScenario{
			Name: "true for a body", Options: `{"token":"next","into":{"body":"after"}}`, First: protocol.Ask{Method: "POST", URL: "/orders", Body: []byte(`{}`)},
			Pages: []protocoltest.PageTurn{{Asks: "POST /orders", Body: `{"orders":[],"next":true}`, Violation: true}},
		},
	)
}

// Where the token is absent, null or `""`, the page is the last.
//
//rule:token 2 -
func TestTheEnd(t *testing.T) {
	run(t,
		one("absent", byQuery, `{"orders":[1]}`, `[1]`),
		one("null", byQuery, `{"orders":[1],"next":null}`, `[1]`),
		one("empty text", byQuery, `{"orders":[1],"next":""}`, `[1]`),
		one("no header", `{"token":{"header":"Next"},"into":{"query":"page"}}`, `{"orders":[1],"next":"a"}`, `[1]`),
		one("one page", `{"token":"next","into":{"query":"page"},"nextLink":""}`, `{"orders":[1],"next":true}`, `[1]`),
	)
}

// The values are where option `items` says; else the body, where that is an array, or its
// one array. Several, and none, break the protocol.
//
//rule:token 3 -
func TestValues(t *testing.T) {
	run(t,
		one("the body", byQuery, `[1]`, `[1]`),
		one("null", byQuery, `null`, `[]`),
		one("its one array", byQuery, `{"orders":[1],"count":1,"links":{"a":[2]}}`, `[1]`),
		one("an expression", `{"token":"next","into":{"query":"page"},"items":"orders[?open].{n:n}"}`, `{"orders":[{"n":1.10,"open":true},{"n":2,"open":false}]}`, `[{"n":1.10}]`),
		broken("two arrays", byQuery, `{"orders":[1],"refunds":[]}`),
		broken("no array", byQuery, `{"orders":{}}`),
		broken("nothing", byQuery, `{}`),
		broken("nothing where items says", `{"token":"next","into":{"query":"page"},"items":"data"}`, `{"orders":[1]}`),
		broken("no body", byQuery, ``),
	)
}

// Token and into are required; each has one form.
//
//rule:token 4
//rule:pages 8
func TestOptions(t *testing.T) {
	const into = `"into":{"query":"page"}`
	run(t,
		refused("none", ``, "token"),
		refused("no token", `{`+into+`}`, "token"),
		refused("a token that is null", `{"token":null,`+into+`}`, "token"),
		refused("an expression that does not compile", `{"token":"a[",`+into+`}`, "token"),
		refused("an empty expression", `{"token":"",`+into+`}`, "token"),
		refused("a token that is a number", `{"token":5,`+into+`}`, "token"),
		refused("a token from nowhere", `{"token":{},`+into+`}`, "token.header"),
		refused("a token from elsewhere", `{"token":{"cookie":"x"},`+into+`}`, "token.cookie"),
		refused("a token from no header", `{"token":{"header":"a b"},`+into+`}`, "token.header"),
		refused("no into", `{"token":"next"}`, "into"),
		refused("into nothing", `{"token":"next","into":{}}`, "into"),
		refused("into an empty name", `{"token":"next","into":{"query":""}}`, "into"),
		refused("into two places", `{"token":"next","into":{"query":"page","header":"X-Page"}}`, "into"),
		refused("into text", `{"token":"next","into":"page"}`, "into"),
		refused("into elsewhere", `{"token":"next","into":{"cookie":"page"}}`, "into.cookie"),
		refused("into a number", `{"token":"next","into":{"query":5}}`, "into.query"),
		refused("into a long name", `{"token":"next","into":{"query":"`+strings.Repeat("x", 300)+`"}}`, "into"),
		refused("into no header", `{"token":"next","into":{"header":"a b"}}`, "into.header"),
		refused("into the credentials", `{"token":"next","into":{"header":"Authorization"}}`, "into.header.Authorization"),
		refused("into the body of a GET", `{"token":"next","into":{"body":"page"},"nextMethod":"GET"}`, "nextMethod"),
	)
}

// A key of the body needs a first request whose body is a JSON object, and no
// `nextMethod` that has none: `InvalidInput` otherwise, before anything is sent.
//
//rule:token 4 -
func TestABodyWithoutKeys(t *testing.T) {
	for what, body := range map[string]string{"text": "q=1", "an array": "[]", "nothing": ""} {
		run(t, protocoltest.PageScenario{
			Name: what, Options: `{"token":"next","into":{"body":"page"}}`, First: protocol.Ask{Method: "POST", URL: "/orders", Body: []byte(body)},
			Pages: []protocoltest.PageTurn{{Asks: "POST /orders", Unaskable: "protocol.options.into.body"}},
		})
	}
}

//rule:token 1a
func TestATokenThatIsNoText(t *testing.T) {
	p, err := token.Pager{}.Bind([]byte(`{"token":{"header":"Next"},"into":{"query":"page"}}`))
	require.NoError(t, err)
	_, err = p.Read(protocol.Exchange{URL: "https://shop.example.com", Status: http.StatusOK, Header: http.Header{"Next": {"\xff"}}, Body: []byte(`[]`)})
	require.Error(t, err)
}

// `token`, which is nothing without options, is never found.
//
//rule:autopages 4 -
func TestAutoDoesNotFindIt(t *testing.T) {
	_, err := token.Pager{}.Bind(nil)
	require.Error(t, err)
	p, err := token.Pager{}.Bind([]byte(byQuery))
	require.NoError(t, err)
	require.False(t, p.Recognizes(protocol.Exchange{URL: "https://shop.example.com/orders", Status: http.StatusOK, Header: http.Header{}, Body: []byte(`{"orders":[1],"next":"a"}`)}))
}

func FuzzPager(f *testing.F) { protocoltest.FuzzPager(f, token.Pager{}, pages, inBody, inHeaders) }
