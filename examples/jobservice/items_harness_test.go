package jobservice_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// where is where a page is asked for.
type where struct {
	method, url, body string
	header            []string
}

// convention is how a client reads one of the lists.
type convention struct {
	name, path string
	method     string // default GET
	// read gives the values of the answer, and where the next page is; false:
	// there is none.
	read func(t *testing.T, asked where, got reply) (values json.RawMessage, next where, more bool)
}

type pageItem struct {
	ID     string `json:"id"`
	Number int    `json:"number"`
	Text   string `json:"text"`
}

func (c convention) first(query string) where {
	if c.method != "" {
		return where{method: c.method, url: c.path + query, body: `{"filter":"f"}`}
	}
	return where{method: http.MethodGet, url: c.path + query}
}

// items reads the answer to a request for a page, which must be a 200.
func (c convention) items(t *testing.T, asked where, got reply) (items []pageItem, next where, more bool) {
	t.Helper()
	require.Equal(t, 200, got.status, got.text)
	values, next, more := c.read(t, asked, got)
	require.NoError(t, json.Unmarshal(values, &items), got.text)
	require.NotNil(t, items, got.text)
	return items, next, more
}

var conventions = []convention{
	{name: "openai", path: "/v1/items", read: readOpenAI},
	{name: "nextlink", path: "/items", read: readNextLink},
	{name: "google", path: "/v1beta/items", read: readGoogle},
	{name: "link", path: "/linked/items", read: readLinked},
	{name: "cursor in query", path: "/cursor/items", read: cursorInto(func(asked where, cursor string) where {
		asked.url = with(asked.url, "cursor", cursor)
		return asked
	})},
	{name: "cursor in header", path: "/cursor/items", read: cursorInto(func(asked where, cursor string) where {
		asked.header = []string{"X-Cursor", cursor}
		return asked
	})},
	{name: "cursor in body", path: "/cursor/items", method: http.MethodPost, read: cursorInto(func(asked where, cursor string) where {
		asked.body = `{"filter":"f","cursor":"` + cursor + `"}`
		return asked
	})},
}

func readOpenAI(t *testing.T, asked where, got reply) (json.RawMessage, where, bool) {
	t.Helper()
	var body struct {
		Data    json.RawMessage `json:"data"`
		LastID  string          `json:"last_id"`
		HasMore bool            `json:"has_more"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.text), &body))
	asked.url = with(asked.url, "after", body.LastID)
	return body.Data, asked, body.HasMore
}

func readNextLink(t *testing.T, asked where, got reply) (json.RawMessage, where, bool) {
	t.Helper()
	var body struct {
		Value    json.RawMessage `json:"value"`
		NextLink string          `json:"nextLink"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.text), &body))
	asked.url = body.NextLink
	return body.Value, asked, body.NextLink != ""
}

func readGoogle(t *testing.T, asked where, got reply) (json.RawMessage, where, bool) {
	t.Helper()
	var body struct {
		Items         json.RawMessage `json:"items"`
		NextPageToken string          `json:"nextPageToken"`
	}
	require.NoError(t, json.Unmarshal([]byte(got.text), &body))
	asked.url = with(asked.url, "pageToken", body.NextPageToken)
	return body.Items, asked, body.NextPageToken != ""
}

func readLinked(_ *testing.T, asked where, got reply) (json.RawMessage, where, bool) {
	for _, link := range got.header.Values("Link") {
		if next, found := strings.CutSuffix(link, `>; rel="next"`); found {
			asked.url = strings.TrimPrefix(next, "<")
			return json.RawMessage(got.text), asked, true
		}
	}
	return json.RawMessage(got.text), where{}, false
}

func cursorInto(put func(where, string) where) func(*testing.T, where, reply) (json.RawMessage, where, bool) {
	return func(t *testing.T, asked where, got reply) (json.RawMessage, where, bool) {
		t.Helper()
		var body struct {
			Items json.RawMessage `json:"items"`
			Next  string          `json:"next"`
		}
		require.NoError(t, json.Unmarshal([]byte(got.text), &body))
		require.Equal(t, body.Next, got.header.Get("Next-Cursor"))
		return body.Items, put(asked, body.Next), body.Next != ""
	}
}

// with puts the parameter into the URL's query.
func with(address, name, value string) string {
	path, text, _ := strings.Cut(address, "?")
	query, _ := url.ParseQuery(text)
	query.Set(name, value)
	return path + "?" + query.Encode()
}
