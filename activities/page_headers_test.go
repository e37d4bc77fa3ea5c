package activities_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/perduretest"
)

func headers(h map[string][]string) func(*perdure.CollectionInput) {
	return func(in *perdure.CollectionInput) { in.Request.Headers = h }
}

// Later requests have the first one's headers again, but for those that speak of one
// request: conditions, ranges, preferences, keys, and the content's without a body.
//
//rule:pages 4 OData 4.01 part 1 section 11.2.6.7 for `Accept`; -
func TestHeadersOfLaterPages(t *testing.T) {
	given := map[string][]string{
		"X-Name": {"a", "b"}, "accept": {"application/xml"}, "Prefer": {"odata.maxpagesize=2"}, "If-None-Match": {`"7"`}, "if-modified-since": {"never"},
		"Range": {"items=0-9"}, "Idempotency-Key": {"k"}, "X-Once": {"o"}, "Content-Language": {"de"},
	}
	first := perduretest.GET("/items").WantHeader("Accept", "application/xml").WantHeader("Content-Type", "")
	later := perduretest.GET("/items?page=2").WantHeader("Accept", "application/xml").WantHeader("Content-Type", "")
	for name, values := range given {
		if len(values) == 1 && name != "accept" {
			first, later = first.WantHeader(name, values[0]), later.WantHeader(name, "")
		}
	}
	svc := perduretest.NewService(t, first.JSON(200, firstItems), later.JSON(200, lastItems))
	d := newDesk(t, svc)
	d.service.Idempotency.Header = "X-Once"
	d.fetch(nextOf(d.fetch(itemsTask(headers(given)))))
	for _, r := range svc.Requests() {
		require.Equal(t, []string{"a", "b"}, r.Header.Values("X-Name"))
	}
}

// A body that is repeated as it was has all headers about it again; one that a token was
// put into, its `Content-Type`.
//
//rule:pages 4a -
//rule:token 1
func TestABodyIsRepeatedWithWhatSaysWhatItIs(t *testing.T) {
	const page = `{"items":[1],"next":"c2"}`
	into := func(options string) func(*perdure.CollectionInput) { return following("token", options) }
	for _, test := range []struct {
		name    string
		task    perdure.PageTask
		later   perduretest.Step
		without string // a header that is not repeated
	}{
		{
			"of a kind of its own",
			itemsTask(posted("/search", `{"q":1.0}`), into(`{"token":"next","into":{"body":"cursor"}}`)),
			perduretest.POST("/search").WantJSON(`{"q":1.0,"cursor":"c2"}`).WantHeader("Content-Type", "application/json"), "",
		},
		{
			"of the caller's kind",
			itemsTask(posted("/search", `{"q":1.0}`), headers(map[string][]string{"content-type": {"application/vnd.search+json"}, "Content-Md5": {"x"}}),
				into(`{"token":"next","into":{"body":"cursor"}}`)),
			perduretest.POST("/search").WantJSON(`{"q":1.0,"cursor":"c2"}`).WantHeader("Content-Type", "application/vnd.search+json"), "Content-Md5",
		},
		{
			"as it is",
			itemsTask(posted("/search", `{"q":1.0}`), headers(map[string][]string{"Content-Type": {"application/x-search"}, "Content-Encoding": {"none"}}),
				into(`{"token":"next","into":{"query":"cursor"}}`)),
			perduretest.POST("/search?cursor=c2").WantBody(`{"q":1.0}`).WantHeader("Content-Type", "application/x-search").WantHeader("Content-Encoding", "none"), "",
		},
		{
			"not with a GET",
			itemsTask(posted("/search", `{"q":1.0}`), headers(map[string][]string{"Content-Type": {"application/x-search"}}),
				into(`{"token":"next","into":{"query":"cursor"},"nextMethod":"GET"}`)),
			perduretest.GET("/search?cursor=c2").WantBody(""), "Content-Type",
		},
		{
			"in a header",
			itemsTask(posted("/search", `{"q":1.0}`), headers(map[string][]string{"X-Page": {"1"}}), into(`{"token":"next","into":{"header":"x-page"}}`)),
			perduretest.POST("/search").WantBody(`{"q":1.0}`).WantHeader("X-Page", "c2"), "",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			later := test.later.JSON(200, `{"items":[]}`)
			if test.without != "" {
				later = later.WantHeader(test.without, "")
			}
			d := newDesk(t, perduretest.NewService(t, perduretest.POST("/search").WantBody(`{"q":1.0}`).JSON(200, page), later))
			first := d.fetch(test.task)
			require.Empty(t, first.ErrorType, first.Error)
			last := d.fetch(nextOf(first))
			require.Empty(t, last.ErrorType, last.Error)
			require.Equal(t, `[]`, string(last.Values))
		})
	}
}

// Nothing of the caller's goes to another origin, nor do the credentials.
//
//rule:out 1
//rule:out 3
func TestALinkToAnotherOrigin(t *testing.T) {
	other := perduretest.NewService(t, perduretest.GET("/items?page=2").WantHeader("X-Name", "").WantHeader("Authorization", "").JSON(200, lastItems))
	body, err := json.Marshal(map[string]any{"value": []int{1}, "nextLink": other.URL() + "/items?page=2"})
	require.NoError(t, err)
	run := func(t *testing.T, allowed ...string) perdure.PageAnswer {
		t.Helper()
		d := newDesk(t, perduretest.NewService(t, perduretest.GET("/items").WantHeader("Authorization", "Bearer 0").JSON(200, string(body))))
		d.config.Credential, d.config.AllowedOrigins = &renewed{}, allowed
		first := d.fetch(itemsTask(headers(map[string][]string{"X-Name": {"v"}})))
		require.Empty(t, first.ErrorType)
		return d.fetch(nextOf(first))
	}
	t.Run("that is not allowed", func(t *testing.T) {
		a := run(t)
		require.Equal(t, perdure.ErrorEgressDenied, a.ErrorType)
		require.Contains(t, a.Error.Message, "is not an allowed origin")
		require.NotContains(t, a.Error.Message, "page=2")
		require.Empty(t, other.Requests())
	})
	t.Run("that is allowed", func(t *testing.T) {
		require.Equal(t, `[{"id":3}]`, string(run(t, other.URL()).Values))
	})
}

// What the caller chooses is held against `allow`: a URL that option `nextLink` finds, a
// method by `nextMethod`, and every method but GET. A link of the service's own that is
// asked for with GET is not, as little as a monitor is.
//
//rule:pages 9 -
func TestTheAllowListBoundsWhatOptionsAskFor(t *testing.T) {
	const (
		link  = `{"value":[1],"nextLink":"/elsewhere?page=2"}`
		token = `{"items":[1],"next":"c2"}`

		lastLink, lastToken = `{"value":[]}`, `{"items":[]}`
	)
	get, post := itemsTask(), itemsTask(posted("/items", `{}`))
	with := func(task perdure.PageTask, name, options string) perdure.PageTask {
		in := *task.Input
		following(name, options)(&in)
		return perdure.PageTask{Input: &in}
	}
	for _, test := range []struct {
		name  string
		allow string
		task  perdure.PageTask
		page  string
		last  string
		sent  string // "": it is denied
	}{
		{"the service's link", "GET /items", get, link, lastLink, "GET /elsewhere"},
		{"the service's link after a POST", "POST /items", post, link, lastLink, "GET /elsewhere"},
		{"a link with another method", "GET /items", with(get, "nextlink", `{"nextMethod":"DELETE"}`), link, lastLink, ""},
		{"a link with the first request's method", "POST /items", with(post, "nextlink", `{"nextMethod":"POST"}`), link, lastLink, ""},
		{"a link with a method that is allowed", "* /**", with(get, "nextlink", `{"nextMethod":"POST"}`), link, lastLink, "POST /elsewhere"},
		{"a link with the usual method", "GET /items", with(get, "nextlink", `{"nextMethod":"GET"}`), link, lastLink, "GET /elsewhere"},
		{"a link of the caller's own making", "GET /items", with(get, "nextlink", `{"nextLink":"'/elsewhere'"}`), link, lastLink, ""},
		{"a link that the caller has found", "GET /items", with(get, "nextlink", `{"nextLink":"nextLink"}`), link, lastLink, ""},
		{"a link that is allowed", "GET /**", with(get, "nextlink", `{"nextLink":"nextLink"}`), link, lastLink, "GET /elsewhere"},
		{"a token", "GET /items", with(get, "token", `{"token":"next","into":{"query":"c"}}`), token, lastToken, "GET /items"},
		{"a token with another method", "POST /items", with(post, "token", `{"token":"next","into":{"query":"c"},"nextMethod":"PUT"}`), token, lastToken, ""},
		{"a token with GET", "POST /items", with(post, "token", `{"token":"next","into":{"query":"c"},"nextMethod":"GET"}`), token, lastToken, ""},
		{"a token with a method that is allowed", "* /items", with(post, "token", `{"token":"next","into":{"query":"c"},"nextMethod":"GET"}`), token, lastToken, "GET /items"},
	} {
		t.Run(test.name, func(t *testing.T) {
			steps := []perduretest.Step{perduretest.On(test.task.Input.Request.Method, "/items").JSON(200, test.page)}
			if test.sent != "" {
				method, path, _ := strings.Cut(test.sent, " ")
				steps = append(steps, perduretest.On(method, path).JSON(200, test.last))
			}
			d := newDesk(t, perduretest.NewService(t, steps...))
			d.config.Allow = []string{test.allow}
			first := d.fetch(test.task)
			require.Empty(t, first.ErrorType, first.Error)
			last := d.fetch(nextOf(first))
			if test.sent == "" {
				require.Equal(t, perdure.ErrorEgressDenied, last.ErrorType)
				require.Contains(t, last.Error.Message, "is not in the allow list")
				return
			}
			require.Empty(t, last.ErrorType, last.Error)
		})
	}
}

// A token cannot go into a header that has credentials, or that the service's
// `secretHeaders` name: `InvalidInput`.
//
//rule:token 5 -
func TestATokenThatWouldTakeASecretsPlace(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t, perduretest.GET("/items").JSON(200, `{"items":[1],"next":"c2"}`)))
	d.config.SecretHeaders = []string{"X-Session"}
	a := d.fetch(itemsTask(following("token", `{"token":"next","into":{"header":"x-session"}}`)))
	require.Equal(t, perdure.ErrorInvalidInput, a.ErrorType)
	require.Contains(t, a.Error.Message, "protocol.options.into.header.X-Session: is a secret header")
}
