package jobservice_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/examples/jobservice"
)

// numbers reads the list to its end, page by page.
func numbers(t *testing.T, service http.Handler, c convention, query string) [][]int {
	t.Helper()
	var pages [][]int
	for at, more := c.first(query), true; more; {
		var items []pageItem
		asked := at
		items, at, more = c.items(t, asked, inMemory(t, service, asked.method, asked.url, asked.body, asked.header...))
		page := []int{}
		for _, item := range items {
			require.Equal(t, fmt.Sprintf("item_%06d", item.Number), item.ID)
			page = append(page, item.Number)
		}
		pages = append(pages, page)
	}
	return pages
}

func TestEveryListIsReadToItsEnd(t *testing.T) {
	tests := []struct {
		name    string
		options jobservice.ItemOptions
		want    [][]int
	}{
		{"the last page is short", jobservice.ItemOptions{Count: 5, PerPage: 2}, [][]int{{0, 1}, {2, 3}, {4}}},
		{"the last page is full", jobservice.ItemOptions{Count: 4, PerPage: 2}, [][]int{{0, 1}, {2, 3}}},
		{"relative links", jobservice.ItemOptions{Count: 3, PerPage: 2, RelativeLinks: true}, [][]int{{0, 1}, {2}}},
		{"one page", jobservice.ItemOptions{Count: 2}, [][]int{{0, 1}}},
		{"no items", jobservice.ItemOptions{Count: -1}, [][]int{{}}},
		{"one token is taken", jobservice.ItemOptions{Count: 5, PerPage: 2, KeepTokens: 1}, [][]int{{0, 1}, {2, 3}, {4}}},
	}
	for _, test := range tests {
		for _, c := range conventions {
			t.Run(test.name+"/"+c.name, func(t *testing.T) {
				service := newService(t, jobservice.Options{Items: test.options})
				require.Equal(t, test.want, numbers(t, service, c, ""))

				books := service.Books().Pages(c.path)
				require.Len(t, books.Given(), len(test.want))
				for i, entry := range books {
					require.Equal(t, i, *entry.Page)
					require.Equal(t, i == len(books)-1, entry.Done)
				}
			})
		}
	}
}

func TestPagesAreEmptyInTheMiddle(t *testing.T) {
	options := jobservice.ItemOptions{Count: 6, PerPage: 2, EmptyEvery: 2}
	for _, c := range conventions {
		t.Run(c.name, func(t *testing.T) {
			want := [][]int{{0, 1}, {}, {2, 3}, {}, {4, 5}}
			if c.name == "openai" {
				want = [][]int{{0, 1}, {2, 3}, {4, 5}}
			}
			require.Equal(t, want, numbers(t, newService(t, jobservice.Options{Items: options}), c, ""))
		})
	}
}

func TestARequestSaysHowLargeItsPagesAre(t *testing.T) {
	parameters := map[string]string{"nextlink": "$top", "google": "pageSize"}
	for _, c := range conventions {
		t.Run(c.name, func(t *testing.T) {
			parameter := parameters[c.name]
			if parameter == "" {
				parameter = "limit"
			}
			service := newService(t, jobservice.Options{Items: jobservice.ItemOptions{Count: 5}})
			require.Equal(t, [][]int{{0, 1, 2}, {3, 4}}, numbers(t, service, c, "?x=a+b&"+parameter+"=3"))
			for _, entry := range service.Books() {
				require.Contains(t, entry.Query, "x=a+b", "a link repeats the query")
			}
			wrong := c.first("?" + parameter + "=0")
			got := inMemory(t, service, wrong.method, wrong.url, wrong.body)
			require.Equal(t, 400, got.status)
			require.Contains(t, got.text, parameter)
		})
	}
}

func TestLinksAreAbsoluteOrRelative(t *testing.T) {
	const query = "?%24skiptoken=page%3A1%2B%2F%3D%3D"
	for relative, want := range map[bool]string{false: "http://lists.test/items" + query, true: "/items" + query} {
		service := newService(t, jobservice.Options{Items: jobservice.ItemOptions{RelativeLinks: relative}})
		got := inMemory(t, service, "GET", "http://lists.test/items", "")
		require.Contains(t, got.text, `"nextLink":"`+want+`"`)
	}
}

func TestAPageNamesAnotherThanTheNext(t *testing.T) {
	tests := []struct {
		name string
		next map[int]int
		want []int // the pages, in the order of the books
	}{
		{"itself", map[int]int{2: 2}, []int{0, 1, 2, 2, 2}},
		{"an earlier one", map[int]int{2: 1}, []int{0, 1, 2, 1, 2}},
		{"a later one", map[int]int{1: 3}, []int{0, 1, 3, 4, 5}},
		{"one after the last", map[int]int{5: 2}, []int{0, 1, 2, 3, 4, 5, 2}},
	}
	for _, test := range tests {
		for _, c := range conventions {
			t.Run(test.name+"/"+c.name, func(t *testing.T) {
				options := jobservice.ItemOptions{Count: 12, PerPage: 2, Next: test.next}
				service := newService(t, jobservice.Options{Items: options})
				at := c.first("")
				for _, want := range test.want {
					var items []pageItem
					var more bool
					items, at, more = c.items(t, at, inMemory(t, service, at.method, at.url, at.body, at.header...))
					require.Equal(t, 2*want, items[0].Number)
					require.Equal(t, want < 5 || test.next[5] > 0, more)
				}
				for i, entry := range service.Books() {
					require.Equal(t, test.want[i], *entry.Page)
				}
			})
		}
	}
}

func TestAnOldPageTokenIsRefused(t *testing.T) {
	const message = `"message":"the page token has expired; begin again"`
	bodies := map[string]string{
		"openai":   `{"error":{` + message + `,"type":"invalid_request_error","param":null,"code":"page_token_expired"}}`,
		"nextlink": `{"error":{"code":"page_token_expired",` + message + `}}`,
		"google":   `{"error":{"code":STATUS,` + message + `,"status":"INVALID_ARGUMENT"}}`,
		"link": `{"type":"urn:problem:page_token_expired","title":"TITLE","status":STATUS,
			"detail":"the page token has expired; begin again"}`,
		"cursor": `{"code":"page_token_expired",` + message + `}`,
	}
	for _, status := range []int{400, 410} {
		words := strings.NewReplacer("STATUS", strconv.Itoa(status), "TITLE", http.StatusText(status))
		for _, c := range conventions {
			t.Run(fmt.Sprintf("%s %d", c.name, status), func(t *testing.T) {
				options := jobservice.ItemOptions{Count: 8, PerPage: 2, KeepTokens: 2, ExpiredStatus: status}
				service := newService(t, jobservice.Options{Items: options})
				ask := func(at where) reply {
					return inMemory(t, service, at.method, at.url, at.body, at.header...)
				}
				_, second, _ := c.items(t, c.first(""), ask(c.first("")))
				_, third, _ := c.items(t, second, ask(second))
				require.Equal(t, 200, ask(second).status, "two are kept")
				_, _, _ = c.items(t, third, ask(third)) // gives a third one away

				kind, _, _ := strings.Cut(c.name, " ")
				got := ask(second)
				require.Equal(t, status, got.status)
				require.JSONEq(t, words.Replace(bodies[kind]), got.text)
				last := service.Books()[len(service.Books())-1]
				require.Equal(t, 1, *last.Page)

				require.Equal(t, 200, ask(c.first("")).status, "the first page needs no token")
			})
		}
	}
}

func TestWhatIsNoPageIsRefused(t *testing.T) {
	tests := []struct {
		name, method, url, body string
		status                  int
		contains                string
	}{
		{"openai: no item", "GET", "/v1/items?after=item_1", "", 400, "item_1"},
		{"openai: beyond the items", "GET", "/v1/items?after=item_000099", "", 400, "item_000099"},
		{"no token", "GET", "/items?$skiptoken=2", "", 400, "token"},
		{"a token that was decoded twice", "GET", "/v1beta/items?pageToken=page:1+/==", "", 400, "token"},
		{"beyond the items", "GET", "/linked/items?page=page:9%2B/==", "", 400, "token"},
		{"far beyond the items", "GET", "/linked/items?page=page:9223372036854775807%2B/==", "", 400, "token"},
		{"two cursors", "POST", "/cursor/items?cursor=page:1%2B/==", `{"cursor":"page:1+/=="}`, 400, "more than one"},
		{"no JSON", "POST", "/cursor/items", `{`, 400, "JSON"},
		{"too long", "POST", "/cursor/items", strings.Repeat(" ", jobservice.MaxBodyBytes+1), 413, "too long"},
		{"wrong method", "DELETE", "/cursor/items", "", 405, "Not allowed"},
	}
	service := newService(t, jobservice.Options{Items: jobservice.ItemOptions{Count: 5, PerPage: 2}})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := inMemory(t, service, test.method, test.url, test.body)
			require.Equal(t, test.status, got.status, got.text)
			require.Contains(t, got.text, test.contains)
		})
	}
	require.Len(t, service.Books(), len(tests))
	require.Empty(t, service.Books().Pages(""))
}

func TestALargePageIsMadeWhenItIsAskedFor(t *testing.T) {
	options := jobservice.ItemOptions{Count: 1_000_000, PerPage: 100, Padding: 50_000}
	service := newService(t, jobservice.Options{Items: options})
	got := inMemory(t, service, "GET", "/v1/items?after=item_999899", "")
	require.Equal(t, 200, got.status)
	require.Greater(t, len(got.text), 5_000_000)
	require.Less(t, len(got.text), 5_100_000)
	require.Contains(t, got.text, `"has_more":false`)
	require.Equal(t, 9999, *service.Books()[0].Page)
}

func TestPagesAskForCredentials(t *testing.T) {
	service := newService(t, jobservice.Options{BearerToken: "s3cret"})
	for _, c := range conventions {
		at := c.first("")
		require.Equal(t, 401, inMemory(t, service, at.method, at.url, at.body).status)
		require.Equal(t, 200, inMemory(t, service, at.method, at.url, at.body, "Authorization", "Bearer s3cret").status)
	}
}

func TestItemOptionsThatAreWrongAreRefused(t *testing.T) {
	for _, options := range []jobservice.ItemOptions{
		{PerPage: -1},
		{Padding: -1},
		{KeepTokens: -1},
		{EmptyEvery: 1},
		{EmptyEvery: -2},
		{ExpiredStatus: 404},
		{Next: map[int]int{1: -1}},
	} {
		_, err := jobservice.New(jobservice.Options{Items: options})
		require.ErrorContains(t, err, "jobservice: Items.")
	}
}
