package protocol_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/google"
	"github.com/perdure-dev/perdure/activities/protocol/link"
	"github.com/perdure-dev/perdure/activities/protocol/nextlink"
	"github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/perdure-dev/perdure/activities/protocol/token"
)

// namedPager is a pager of another name.
type namedPager struct {
	protocol.Pager
	name string
}

func (n namedPager) Name() string { return n.name }

func builtInPagers() []protocol.Pager {
	return []protocol.Pager{nextlink.Pager{}, openai.Pager{}, google.Pager{}, link.Pager{}, token.Pager{}}
}

func pagers(t *testing.T) *protocol.Pagers {
	t.Helper()
	p, err := protocol.NewPagers(builtInPagers()...)
	require.NoError(t, err)
	return p
}

func firstPage(body string, header ...string) protocol.Exchange {
	e := protocol.Exchange{Method: "GET", URL: "https://h/x", Status: http.StatusOK, Header: http.Header{}, Body: []byte(body)}
	for i := 0; i < len(header); i += 2 {
		e.Header.Add(header[i], header[i+1])
	}
	return e
}

func TestNewPagersRefusesNames(t *testing.T) {
	for _, name := range []string{"", "auto", "link"} {
		_, err := protocol.NewPagers(link.Pager{}, namedPager{openai.Pager{}, name})
		require.Error(t, err, "the name %q", name)
	}
}

func TestPagersDoNotChange(t *testing.T) {
	list := builtInPagers()
	p, err := protocol.NewPagers(list...)
	require.NoError(t, err)
	list[0] = namedPager{token.Pager{}, "other"}
	name, _, ok := p.Detect(firstPage(`{"value":[]}`))
	require.True(t, ok)
	require.Equal(t, "nextlink", name)
	require.Equal(t, []string{"google", "link", "nextlink", "openai", "token"}, p.Names())
}

// Of those that recognise the page, the first that finds another page after it has the
// collection; else the first whose protocol it breaks, as the way on may be in what cannot
// be read; else the first that takes it for the last.
//
//rule:autopages 1a -
//rule:autopages 4
func TestDetectPager(t *testing.T) {
	const next = `<https://h/y>; rel="next"`
	tests := []struct {
		name  string
		first protocol.Exchange
		want  string // "": nobody
	}{
		{"nextLink", firstPage(`{"value":[],"nextLink":"https://h/y"}`), "nextlink"},
		{"OData 4", firstPage(`{"@odata.context":"$metadata#X","@odata.count":1,"value":[1],"@odata.nextLink":"https://h/y"}`), "nextlink"},
		{"OData 3", firstPage(`{"value":[],"odata.nextLink":"https://h/y"}`), "nextlink"},
		{"values alone", firstPage(`{"value":[1]}`), "nextlink"},
		{"values beside what says nothing of others", firstPage(`{"@odata.context":"$metadata#X","value":[1],"count":1,"nextLink":null}`), "nextlink"},
		{"a list", firstPage(`{"object":"list","data":[{"id":"a"}],"has_more":true}`), "openai"},
		{"the end of a list", firstPage(`{"object":"list","data":[{"id":"a"}],"has_more":false,"last_id":"a"}`), "openai"},
		{"a list without has_more", firstPage(`{"object":"list","data":[{"id":"a"}]}`), "openai"},
		{"data and has_more", firstPage(`{"data":[],"has_more":false}`), "openai"},
		{"a page token", firstPage(`{"books":[1],"nextPageToken":"a"}`), "google"},
		{"a page token alone", firstPage(`{"nextPageToken":"a"}`), "google"},
		{"one array alone", firstPage(`{"books":[1]}`), "google"},
		{"an empty object", firstPage(`{}`), "google"},
		{"a link", firstPage(`[1]`, "Link", next), "link"},
		{"an array", firstPage(`[1]`), "link"},
		{"an array and other links", firstPage(`[1]`, "Link", `</x>; rel="first"`), "link"},
		{"a total of what there is", firstPage(`[1,2]`, "X-Total-Count", "2"), "link"},

		{"a way on beside an end: values and a page token", firstPage(`{"value":[1],"nextPageToken":"a"}`), "google"},
		{"a way on beside an end: an array field and a link", firstPage(`{"value":[1]}`, "Link", next), "link"},
		{"a way on beside an end: values and has_more", firstPage(`{"value":[1],"object":"list","data":[{"id":"a"}],"has_more":true}`), "openai"},
		{"two ways on: the order decides", firstPage(`{"value":[1],"nextLink":"https://h/y"}`, "Link", next), "nextlink"},
		{"a way on that cannot be read beside an end", firstPage(`{"books":[1]}`, "Link", "<"), "link"},
		{"a way on, and no values", firstPage(`{"items":[1],"nextLink":"https://h/y"}`), "nextlink"},

		// No page is taken for the last where something in it reads as if there were more:
		// the status 206; a header or a field with `next`, `more`, `cursor`, `continu` or
		// `truncat` in its name, unless it is empty, null, false or 0; a `total` above the
		// number of values.
		// That breaks the protocol, as does a page that nobody recognises: name one.
		//
		//rule:autopages 2 -
		{"another array beside a way on", firstPage(`{"items":[1],"cursor":"a"}`), ""},
		{"values and a continuation token", firstPage(`{"value":[1],"continuationToken":"a"}`), ""},
		{"values and a continuation header", firstPage(`{"count":1,"value":[1]}`, "X-Ms-Continuationtoken", "a"), ""},
		{"values and links", firstPage(`{"value":[1],"_links":{"next":{"href":"/y"}}}`), ""},
		{"values and links that end", firstPage(`{"value":[1],"_links":{"next":{"href":null},"prev":{"href":"/w"}}}`), "nextlink"},
		{"values and more of them", firstPage(`{"value":[1],"hasMore":true}`), ""},
		{"values and no more of them", firstPage(`{"value":[1],"hasMore":false,"isTruncated":"false","nextOffset":0}`), "nextlink"},
		{"values, and a total of more", firstPage(`{"value":[1],"meta":{"total":"2"}}`), ""},
		{"an array of one of many pages", firstPage(`[1]`, "X-Next-Page", "2"), ""},
		{"an array of the last page", firstPage(`[1]`, "X-Next-Page", ""), "link"},
		{"an array of many", firstPage(`[1]`, "X-Total-Count", "2"), ""},
		{"part of an array", partial(`[1]`), ""},
		{"two arrays", firstPage(`{"books":[1],"prefixes":[2]}`), ""},
		{"an array among other fields", firstPage(`{"books":[1],"kind":"books"}`), ""},
		{"an object without arrays", firstPage(`{"id":"a"}`), ""},
		{"null", firstPage(`null`), ""},
		{"text", firstPage(`"a"`), ""},
		{"no body", firstPage(``), ""},
		{"no JSON", firstPage(`<html>`), ""},
	}
	p := pagers(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name, paging, ok := p.Detect(tt.first)
			require.Equal(t, tt.want, name)
			require.Equal(t, tt.want != "", ok)
			require.Equal(t, ok, paging != nil)
		})
	}
	t.Run("the other order", func(t *testing.T) {
		other, err := protocol.NewPagers(link.Pager{}, nextlink.Pager{})
		require.NoError(t, err)
		name, _, _ := other.Detect(firstPage(`{"value":[1],"nextLink":"https://h/y"}`, "Link", next))
		require.Equal(t, "nextlink", name, "the link has no values")
		name, _, _ = other.Detect(firstPage(`{"value":[1]}`))
		require.Equal(t, "nextlink", name)
	})
}

func partial(body string) protocol.Exchange {
	e := firstPage(body)
	e.Status = http.StatusPartialContent
	return e
}

// `auto` takes no options.
//
//rule:autopages 5 -
//rule:pages 8
func TestBindPager(t *testing.T) {
	p := pagers(t)
	tests := []struct {
		name, pager, options string
		field, message       string // of the error; "": none
	}{
		{"by name", "google", `{"items":"books"}`, "", ""},
		{"no options", "link", ``, "", ""},
		{"null", "link", `null`, "", ""},
		{"auto", "auto", ``, "", ""},
		{"auto with no options", "auto", `{}`, "", ""},
		{"auto with options", "auto", `{"items":"books"}`, "protocol.options.items", "unknown field"},
		{"unknown", "gopher", ``, "protocol.name", `"gopher" is unknown, want auto or google, link, nextlink, openai, token`},
		{"an operation's", "azure", ``, "protocol.name", `"azure" is unknown, want auto or google, link, nextlink, openai, token`},
		{"unknown option", "openai", `{"item":"a"}`, "protocol.options.item", "unknown field"},
		{"an option in another case", "nextlink", `{"nextlink":""}`, "protocol.options.nextlink", "unknown field"},
		{"an option that is missing", "token", ``, "protocol.options.token", `is missing, want JMESPath on the body, or {"header": name}`},
		{"no object", "openai", `[]`, "protocol.options", "is a JSON array, want an object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			paging, err := p.Bind(tt.pager, json.RawMessage(tt.options))
			if tt.message == "" {
				require.NoError(t, err)
				require.NotNil(t, paging)
				return
			}
			var bad *perdure.InputError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, perdure.InputError{Field: tt.field, Message: tt.message}, *bad)
		})
	}
}

// Auto sends the first request as it is. A page that nobody recognises breaks it.
//
//rule:autopages 2
func TestAutoPaging(t *testing.T) {
	paging, err := pagers(t).Bind("auto", nil)
	require.NoError(t, err)
	require.False(t, paging.Recognizes(firstPage(`{"value":[]}`)))

	first := protocol.Ask{Method: "POST", URL: "/x?y", Header: http.Header{"A": {"b"}}, Body: []byte("c")}
	ask, err := paging.Ask(first, nil)
	require.NoError(t, err)
	require.Equal(t, first, ask)
	ask.Header.Set("A", "c")
	require.Equal(t, "b", first.Header.Get("A"))

	var violation *perdure.ProtocolError
	_, err = paging.Read(firstPage(`{"items":[],"cursor":"a"}`))
	require.ErrorAs(t, err, &violation)
	require.Contains(t, violation.Message, "name a protocol")
	_, err = paging.Ask(first, json.RawMessage(`{}`))
	require.ErrorAs(t, err, &violation)
}

// Whatever a service answers, auto does not panic, and what it picks reads the page or
// says why not.
func FuzzDetectPager(f *testing.F) {
	for _, body := range []string{`{"value":[1],"nextLink":"/y"}`, `{"object":"list","data":[{"id":1}]}`, `{"a":[],"nextPageToken":"b"}`, `[1]`, `{"a":{"next":{"b":{"c":{"d":1}}}}}`, `{`} {
		f.Add(body, "Link", `</y>; rel="next"`)
		f.Add(body, "X-Total-Count", "1e400")
	}
	known, err := protocol.NewPagers(builtInPagers()...)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, body, header, value string) {
		first := firstPage(body, header, value)
		name, paging, ok := known.Detect(first)
		if !ok {
			require.Empty(t, name)
			return
		}
		require.True(t, paging.Recognizes(first))
		if page, err := paging.Read(first); err != nil {
			var violation *perdure.ProtocolError
			require.ErrorAs(t, err, &violation)
		} else {
			require.True(t, json.Valid(page.Values))
		}
	})
}
