package paging_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/google"
	"github.com/perdure-dev/perdure/activities/protocol/link"
	"github.com/perdure-dev/perdure/activities/protocol/nextlink"
	"github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/perdure-dev/perdure/activities/protocol/paging"
	"github.com/perdure-dev/perdure/activities/protocol/token"
)

// service is one of each convention: a pager with the options that it needs, and the
// first of two pages, whose values are at items.
type service struct {
	pager    protocol.Pager
	required string // options, without braces
	first    protocol.Exchange
	// second is the request for the second page after GET https://h/x?v=%2f&w=1.
	second string
	links  bool
}

func services() []service {
	answer := func(header, body string) protocol.Exchange {
		e := protocol.Exchange{Method: "GET", URL: "https://h/x", Status: http.StatusOK, Header: http.Header{}, Body: []byte(body)}
		if header != "" {
			e.Header.Set("Link", header)
		}
		return e
	}
	return []service{
		{nextlink.Pager{}, ``, answer(``, `{"value":[1],"items":[2],"nextLink":"https://h/y?w=2"}`), "https://h/y?w=2", true},
		{link.Pager{}, ``, answer(`</y?w=2>; rel=next`, `[1]`), "https://h/y?w=2", true},
		{google.Pager{}, ``, answer(``, `{"items":[2],"nextPageToken":"t"}`), "https://h/x?v=%2f&w=1&pageToken=t", false},
		{openai.Pager{}, ``, answer(``, `{"data":[{"id":"t"}],"items":[2],"last_id":"t","has_more":true}`), "https://h/x?v=%2f&w=1&after=t", false},
		{token.Pager{}, `"token":"t","into":{"query":"t"}`, answer(``, `{"items":[2],"t":"t"}`), "https://h/x?v=%2f&w=1&t=t", false},
	}
}

// bind binds a service's pager to these options and those that it needs.
func (s service) bind(t *testing.T, options string) (protocol.Paging, error) {
	t.Helper()
	if s.required != "" && options != "" {
		options = "," + options
	}
	return s.pager.Bind(json.RawMessage(`{` + s.required + options + `}`))
}

// ask gives the request for the second page.
func (s service) ask(t *testing.T, options string, first protocol.Ask) protocol.Ask {
	t.Helper()
	p, err := s.bind(t, options)
	require.NoError(t, err)
	page, err := p.Read(s.first)
	require.NoError(t, err)
	require.NotNil(t, page.Next)
	ask, err := p.Ask(first, page.Next)
	require.NoError(t, err)
	return ask
}

var get = protocol.Ask{Method: "GET", URL: "https://h/x?v=%2f&w=1", Header: http.Header{"X-Tenant": {"a"}}}

// A link is asked for with GET and without a body. A token goes into the first request,
// which is sent again with its method, its query and its body.
//
// The first request is sent as it is. Its headers are not the pager's to repeat.
//
//rule:pages 6 AIP-158; OAI; - for links
func TestNextRequest(t *testing.T) {
	for _, s := range services() {
		t.Run(s.pager.Name(), func(t *testing.T) {
			p, err := s.bind(t, "")
			require.NoError(t, err)
			ask, err := p.Ask(get, nil)
			require.NoError(t, err)
			require.Equal(t, get, ask)
			require.Equal(t, protocol.Ask{Method: "GET", URL: s.second}, s.ask(t, "", get))
		})
	}
}

// Option `nextMethod` is the method of all requests but the first, whose body is repeated
// where that method has one: GET and HEAD have none.
//
// A method that is not the usual one is by that option's word.
//
//rule:pages 6a azcore; RFC 9110 sections 9.3.1 and 9.3.2
//rule:pages 6
func TestNextMethod(t *testing.T) {
	post := protocol.Ask{Method: "POST", URL: get.URL, Body: []byte(`{"q":1}`)}
	for _, s := range services() {
		t.Run(s.pager.Name(), func(t *testing.T) {
			want := protocol.Ask{Method: "GET", URL: s.second}
			if !s.links {
				want.Method, want.Body = "POST", post.Body
			}
			require.Equal(t, want, s.ask(t, "", post))
			require.Equal(t, want, s.ask(t, `"nextMethod":"`+want.Method+`"`, post))
			require.Equal(t, protocol.Ask{Method: "PUT", URL: s.second, Body: post.Body, Option: "nextMethod"}, s.ask(t, `"nextMethod":"PUT"`, post))
			require.Equal(t, protocol.Ask{Method: "HEAD", URL: s.second, Option: "nextMethod"}, s.ask(t, `"nextMethod":"HEAD"`, post))
		})
	}
}

// Option `apiVersion` puts `api-version` on every request, on the first as on links, in
// place of the one that is there, in whatever case.
//
//rule:pages 5a AG; azcore
func TestAPIVersion(t *testing.T) {
	for _, s := range services() {
		t.Run(s.pager.Name(), func(t *testing.T) {
			p, err := s.bind(t, `"apiVersion":"2024-01-01"`)
			require.NoError(t, err)
			ask, err := p.Ask(protocol.Ask{Method: "GET", URL: "/x?API-Version=1&v"}, nil)
			require.NoError(t, err)
			require.Equal(t, "/x?api-version=2024-01-01&v", ask.URL)
			require.Equal(t, s.second+"&api-version=2024-01-01", s.ask(t, `"apiVersion":"2024-01-01"`, get).URL)
		})
	}
}

// Option `reinject` puts the first request's query parameters of these names on a link,
// as they are spelled there. What the link already has stays as it is.
//
//rule:pages 5b -
func TestReinject(t *testing.T) {
	for _, s := range services() {
		t.Run(s.pager.Name(), func(t *testing.T) {
			want := s.second
			if s.links {
				want += "&v=%2f"
			}
			require.Equal(t, want, s.ask(t, `"reinject":["v","w","x"]`, get).URL)
		})
	}
}

// Items says where the values are. They come as they are spelled where it only names
// fields.
//
//rule:pages 1
//rule:pages 3
func TestItems(t *testing.T) {
	for _, s := range services() {
		t.Run(s.pager.Name(), func(t *testing.T) {
			for _, tt := range []struct{ items, body, want string }{
				{`a`, `{"a":[1e400 , {"z":1.10,"a":"\u00fc"}]}`, `[1e400 , {"z":1.10,"a":"\u00fc"}]`},
				{`"odata.value"`, `{"odata.value":[1.10]}`, `[1.10]`},
				{` a . "b c" `, `{"a":{"b c":[1.10]}}`, `[1.10]`},
				{`a`, `{"a":null}`, `[]`},
				{`a.b`, `{"a":null}`, `[]`},
				{`a[].b`, `{"a":[{"b":12345678901234567890,"c":1},{"b":1.10}]}`, `[12345678901234567890,1.10]`},
				{`a[*].b`, `{"a":null}`, `[]`},
				{`@`, `[ 1.10]`, `[ 1.10]`},
			} {
				if tt.items == "@" && s.pager.Name() == google.Name {
					continue // whose pages are objects
				}
				p, err := s.bind(t, `"nextLink":"","items":`+string(quote(t, tt.items)))
				require.NoError(t, err)
				page, err := p.Read(protocol.Exchange{URL: "https://h/x", Status: http.StatusOK, Header: http.Header{}, Body: []byte(tt.body)})
				require.NoError(t, err, tt.items)
				require.Equal(t, tt.want, string(page.Values), tt.items)
			}
		})
	}
}

// Where the values should be, null is an empty page. Nothing, and whatever else is no
// array, breaks the protocol: a list that went missing must not look like an empty one.
// Only `google` leaves out what is empty.
//
//rule:pages 3 -
func TestItemsThatAreNone(t *testing.T) {
	for _, s := range services() {
		t.Run(s.pager.Name(), func(t *testing.T) {
			for _, tt := range []struct{ items, body string }{
				{`a`, `{"b":[]}`},
				{`a.b`, `{"a":[]}`},
				{`a`, `null`},
				{`a[0]`, `{"a":[]}`},
				{`a[*].b`, `{"b":[]}`},
				{`a`, `{"a":{}}`},
				{`a`, `{"a":"x"}`},
				{`a[0]`, `{"a":["x"]}`},
				{`length(a)`, `{"a":[]}`},
			} {
				p, err := s.bind(t, `"items":`+string(quote(t, tt.items)))
				require.NoError(t, err)
				page, err := p.Read(protocol.Exchange{URL: "https://h/x", Status: http.StatusOK, Header: http.Header{}, Body: []byte(tt.body)})
				if s.pager.Name() == google.Name && err == nil {
					require.Equal(t, "[]", string(page.Values), "what is left out is empty")
					continue
				}
				var violation *perdure.ProtocolError
				require.ErrorAs(t, err, &violation, "%s in %s", tt.items, tt.body)
				require.Equal(t, s.pager.Name(), violation.Protocol)
			}
		})
	}
}

func quote(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := json.Marshal(text)
	require.NoError(t, err)
	return raw
}

// Option `nextLink` `""` makes the list one page, whatever the answer says.
//
// Only nextlink takes a path.
//
//rule:pages 7 -
func TestOnePage(t *testing.T) {
	for _, s := range services() {
		t.Run(s.pager.Name(), func(t *testing.T) {
			p, err := s.bind(t, `"nextLink":""`)
			require.NoError(t, err)
			page, err := p.Read(s.first)
			require.NoError(t, err)
			require.Nil(t, page.Next)
			require.Equal(t, 1, page.Count)

			_, err = s.bind(t, `"nextLink":"next"`)
			if s.pager.Name() == nextlink.Name {
				require.NoError(t, err)
				return
			}
			require.Equal(t, "nextLink", refusal(t, err).Field)
		})
	}
}

func refusal(t *testing.T, err error) *perdure.InputError {
	t.Helper()
	var bad *perdure.InputError
	require.ErrorAs(t, err, &bad)
	return bad
}

// An option that is unknown or malformed is `InvalidInput` by its name, before anything
// is sent.
//
//rule:pages 8 -
func TestOptionsThatAreRefused(t *testing.T) {
	for _, s := range services() {
		t.Run(s.pager.Name(), func(t *testing.T) {
			for _, tt := range []struct{ options, field string }{
				{`"items":"a["`, "items"},
				{`"items":""`, "items"},
				{`"items":["a"]`, "items"},
				{`"items":"` + strings.Repeat("a", 5000) + `"`, "items"},
				{`"apiVersion":"a b"`, "apiVersion"},
				{`"apiVersion":5`, "apiVersion"},
				{`"apiVersion":"` + strings.Repeat("a", 300) + `"`, "apiVersion"},
				{`"nextMethod":"GET /"`, "nextMethod"},
				{`"nextMethod":5`, "nextMethod"},
				{`"reinject":"v"`, "reinject"},
				{`"reinject":[5]`, "reinject"},
				{`"reinject":["v",""]`, "reinject"},
				{`"reinject":["` + strings.Repeat(`v","`, 100) + `v"]`, "reinject"},
				{`"nextLink":5`, "nextLink"},
				{`"items":"a","next":"b"`, "next"},
			} {
				_, err := s.bind(t, tt.options)
				require.Equal(t, tt.field, refusal(t, err).Field, tt.options)
			}
		})
	}
}

// A next page whose URL would have more than 16 KiB breaks the protocol.
//
// The first one's is the caller's fault.
//
//rule:pages 6b -
func TestTooLongARequest(t *testing.T) {
	long := strings.Repeat("x", perdure.MaxURLBytes-20)
	for _, s := range services() {
		t.Run(s.pager.Name(), func(t *testing.T) {
			p, err := s.bind(t, `"apiVersion":"2024-01-01"`)
			require.NoError(t, err)
			_, err = p.Ask(protocol.Ask{Method: "GET", URL: "/" + long}, nil)
			require.Equal(t, "protocol.options.apiVersion", refusal(t, err).Field)
			if s.links {
				return
			}
			page, err := p.Read(s.first)
			require.NoError(t, err)
			_, err = p.Ask(protocol.Ask{Method: "GET", URL: "/" + long}, page.Next)
			var violation *perdure.ProtocolError
			require.ErrorAs(t, err, &violation)
		})
	}
}

func TestPaths(t *testing.T) {
	for _, tt := range []struct{ expression, body, want string }{
		{`a`, `{"a":1.10}`, `1.10`},
		{`a.b`, `{"a":{"b":[ 1 ]}}`, `[ 1 ]`},
		{`a.b`, `{"a":{"b":null}}`, `null`},
		{`a.b`, `{"a":5}`, ``},
		{`a.b`, `{}`, ``},
		{`"\u0061"."b.c"`, `{"a":{"b.c":"\u00fc"}}`, `"\u00fc"`},
		{`a`, "\xef\xbb\xbf" + `{"a":1}`, `1`},
		{`a`, `[1]`, ``},
		{`a`, `x`, ``},
		{`@`, ` [1 ] `, `[1 ]`},
		{`@.a`, `{"a":1.10}`, `1.10`},
		{`a || b`, `{"b":"<1.10>"}`, `"<1.10>"`},
		{`a || b`, `{}`, ``},
		{`a || b`, `{"a":null}`, `null`},
		{`a[-1].sort`, `{"a":[{"sort":[12345678901234567890]}]}`, `[12345678901234567890]`},
		{`a[-1].sort`, `{"a":[]}`, ``},
	} {
		t.Run(tt.expression+" in "+tt.body, func(t *testing.T) {
			p, err := paging.Compile("f", tt.expression)
			require.NoError(t, err)
			raw, found := p.In(paging.BodyOf(protocol.Exchange{Body: []byte(tt.body)}))
			require.Equal(t, tt.want, string(raw))
			require.Equal(t, tt.want != "", found)
		})
	}
}
