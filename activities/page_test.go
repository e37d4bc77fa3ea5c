package activities_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/perduretest"
)

const (
	firstItems = `{"value":[{"id":1.0,"extra":{"n":12345678901234567890}},"b"],"nextLink":"/items?page=2"}`
	lastItems  = `{"value":[{"id":3}]}`
)

// itemsTask is the task to fetch the first page of a list.
func itemsTask(change ...func(*perdure.CollectionInput)) perdure.PageTask {
	in := perdure.CollectionInput{Request: &perdure.Request{Service: "jobs", Method: "GET", URL: "/items"}}
	for _, c := range change {
		c(&in)
	}
	return perdure.PageTask{Input: &in}
}

// following names the pager, and its options.
func following(name, options string) func(*perdure.CollectionInput) {
	return func(in *perdure.CollectionInput) {
		in.Protocol = &perdure.ProtocolChoice{Name: name, Options: json.RawMessage(options)}
	}
}

// posted makes the first request a POST with that body.
func posted(url, body string) func(*perdure.CollectionInput) {
	return func(in *perdure.CollectionInput) {
		in.Request.Method, in.Request.URL, in.Request.Body = "POST", url, perdure.JSONBody(json.RawMessage(body))
	}
}

// nextOf is the task to fetch the page after.
func nextOf(a perdure.PageAnswer) perdure.PageTask { return perdure.PageTask{Sealed: a.Next} }

// The values are given as the service wrote them and in its order: every digit, and what
// nobody knows. Only white space and escapes may be others that mean the same.
//
//rule:pages 1 -
func TestPagesAreFetched(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t,
		perduretest.GET("/items").WantHeader("Accept", "application/json, */*;q=0.5").WantBody("").JSON(200, firstItems).Header("X-Count", "3"),
		perduretest.GET("/items?page=2").JSON(200, lastItems)))
	d.options.SearchAttributes = func() []string { return []string{perdure.SearchAttributeState} }
	first := d.fetch(itemsTask())
	require.Empty(t, first.ErrorType)
	require.Equal(t, "jobs", first.Service)
	require.Equal(t, "nextlink", first.Protocol, "auto has decided")
	require.Equal(t, `[{"id":1.0,"extra":{"n":12345678901234567890}},"b"]`, string(first.Values), "every digit, and what nobody knows")
	require.Equal(t, 2, first.Count)
	require.NotEmpty(t, first.Sealed)
	require.NotEmpty(t, first.Next)
	require.NotEqual(t, first.Sealed, first.Next)
	require.NotEmpty(t, first.Print)
	require.NotEmpty(t, first.NextPrint)
	require.NotEqual(t, first.Print, first.NextPrint)
	require.Equal(t, []string{perdure.SearchAttributeState}, first.SearchAttributes)
	require.Equal(t, 200, first.Response.Status)
	require.Equal(t, []string{"3"}, first.Response.Headers["X-Count"])
	require.Equal(t, perdure.RequestLine{Method: "GET", URL: d.svc.URL() + "/items"}, first.Response.Request)

	last := d.fetch(nextOf(first))
	require.Equal(t, `[{"id":3}]`, string(last.Values))
	require.Equal(t, "nextlink", last.Protocol)
	require.Empty(t, last.Sealed, "it is sealed as it was")
	require.Empty(t, last.Next, "it is the last")
	require.Empty(t, last.NextPrint)
	require.Equal(t, first.NextPrint, last.Print, "one request, one print")
	require.Equal(t, d.svc.URL()+"/items?REDACTED", last.Response.Request.URL)
	require.NotEmpty(t, d.svc.Requests())
}

// Each page can be fetched again, by its own state.
func TestAPageIsFetchedAgain(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t,
		perduretest.GET("/items").JSON(200, firstItems),
		perduretest.GET("/items").JSON(200, firstItems),
		perduretest.GET("/items?page=2").JSON(200, lastItems).Times(2)))
	first := d.fetch(itemsTask())
	again := d.fetch(perdure.PageTask{Sealed: first.Sealed})
	require.Equal(t, first.Print, again.Print)
	require.Equal(t, first.NextPrint, again.NextPrint)
	require.Equal(t, string(first.Values), string(again.Values))
	require.Empty(t, again.Sealed)
	for _, a := range []perdure.PageAnswer{first, again} {
		require.Equal(t, `[{"id":3}]`, string(d.fetch(nextOf(a)).Values))
	}
}

// What was found on the first page holds for all after it, as if it had been named.
//
//rule:autopages 3 -
func TestAutoDecidesOnTheFirstPageForAll(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t,
		perduretest.GET("/items").JSON(200, `{"object":"list","data":[{"id":"a"}],"has_more":true}`),
		perduretest.GET("/items?after=a").JSON(200, `{"data":[{"id":"b"}],"value":[1,2,3],"nextLink":"/elsewhere","has_more":false}`)))
	first := d.fetch(itemsTask())
	require.Equal(t, "openai", first.Protocol)
	second := d.fetch(nextOf(first))
	require.Equal(t, "openai", second.Protocol)
	require.Equal(t, `[{"id":"b"}]`, string(second.Values))
	require.Empty(t, second.Next)
}

//rule:autopages 2
func TestAutoSaysWhatToDoWhereItKnowsNothing(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t, perduretest.GET("/items").JSON(200, `{"things":1}`)))
	a := d.fetch(itemsTask())
	require.Equal(t, perdure.ErrorProtocolViolation, a.ErrorType)
	require.Contains(t, a.Error.Message, "name a protocol")
}

// 408, 429, 500, 502, 503, 504, or no answer: the same page is asked for again, whatever
// the method, after a wait by [rule 7](#how-long-to-wait). Only the
// [idle timeout](contract.md#collection) ends this.
//
//rule:pages 10 RFC 9110 sections 15.5.9 and 15.6; RFC 6585 section 4; - for the method
//rule:wait 7
func TestWhatIsTransientIsTriedAgain(t *testing.T) {
	for _, test := range []struct {
		name string
		step perduretest.Step
		code string
		wait time.Duration
	}{
		{"408", perduretest.GET("/items").Reply(408), "408", time.Second},
		{"429", perduretest.GET("/items").Reply(429).Header("Retry-After", "7"), "429", 7 * time.Second},
		{"500", perduretest.GET("/items").JSON(500, `{"error":{"code":"Oops","message":"sorry"}}`), "Oops", time.Second},
		{"502", perduretest.GET("/items").Reply(502), "502", time.Second},
		{"503", perduretest.GET("/items").Reply(503).Header("Retry-After-Ms", "2500"), "503", 2500 * time.Millisecond},
		{"503 without a word", perduretest.GET("/items").Reply(503), "503", time.Second},
		{"504", perduretest.GET("/items").Reply(504), "504", time.Second},
		{"no answer", perduretest.GET("/items").Drop(), "NoAnswer", time.Second},
		{"half an answer", perduretest.GET("/items").JSON(200, firstItems).DropAfter(5), "NoAnswer", time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, perduretest.NewService(t, test.step))
			var a perdure.PageAnswer
			err := d.run(perdure.ActivityFetchPage, itemsTask(), &a)
			require.True(t, retryable(t, err))
			var bad *temporal.ApplicationError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, "NotYet", bad.Type(), "it is stored in clear")
			require.Regexp(t, `^(HTTP \d+|no answer) \(`, bad.Error(), "it is logged")
			require.Equal(t, temporal.ApplicationErrorCategoryBenign, bad.Category())
			require.GreaterOrEqual(t, bad.NextRetryDelay(), test.wait)
			require.LessOrEqual(t, bad.NextRetryDelay(), test.wait+test.wait/10)
			var words perdure.ServiceError
			require.NoError(t, bad.Details(&words))
			require.Equal(t, test.code, words.Code)
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		svc := perduretest.NewService(t)
		d := newDesk(t, svc)
		d.config.BaseURL = "http://127.0.0.1:1" // reserved: tcpmux
		err := d.run(perdure.ActivityFetchPage, itemsTask(), &perdure.PageAnswer{})
		require.True(t, retryable(t, err))
		var bad *temporal.ApplicationError
		require.ErrorAs(t, err, &bad)
		var words perdure.ServiceError
		require.NoError(t, bad.Details(&words))
		require.Equal(t, "NotSent", words.Code)
	})
}

// Temporal keeps little of the failure of an activity that is retried: what there is of
// it is to be seen in the status.
func TestTheFailureOfAPageThatIsTriedAgainIsSmall(t *testing.T) {
	long := strings.Repeat("x", 8_000)
	d := newDesk(t, perduretest.NewService(t, perduretest.GET("/items").JSON(503, `{"error":{"code":"Busy","message":"`+long+`"},"trace":"`+long+`"}`)))
	err := d.run(perdure.ActivityFetchPage, itemsTask(), &perdure.PageAnswer{})
	failure := temporal.GetDefaultFailureConverter().ErrorToFailure(errors.Unwrap(err))
	require.Less(t, failure.Size(), 4_000)
	var bad *temporal.ApplicationError
	require.ErrorAs(t, err, &bad)
	var words perdure.ServiceError
	require.NoError(t, bad.Details(&words))
	require.Equal(t, "Busy", words.Code)
	require.Contains(t, words.Message, "xxx")
	require.Equal(t, 503, words.HTTPStatus)
}

// Any other answer that is not 2xx is `PageRejected`, with the service's error.
//
//rule:pages 11 -
func TestWhatIsNotTransientIsNoPage(t *testing.T) {
	const stale = "no longer takes this page's token"
	for _, test := range []struct {
		status      int
		later, want bool // want the words for a page token that is too old
	}{
		// 400, 404 and 410 to a later page say too that the service no longer takes the
		// page's token, which may have expired: the list has to be read from its beginning.
		//
		//rule:pages 11a AIP-158 for 400, and for tokens that expire; - for the others
		{400, false, false},
		{400, true, true},
		{401, false, false},
		{403, true, false},
		{404, false, false},
		{404, true, true},
		{409, true, false},
		{410, true, true},
		{422, true, false},
		{303, true, false},
		{501, true, false},
	} {
		t.Run(fmt.Sprintf("%d, on a later page: %v", test.status, test.later), func(t *testing.T) {
			bad := `{"error":{"code":"Refused","message":"no such thing","trace":7.0}}`
			steps := []perduretest.Step{perduretest.GET("/items").JSON(test.status, bad)}
			if test.later {
				steps = []perduretest.Step{perduretest.GET("/items").JSON(200, firstItems), perduretest.GET("/items?page=2").JSON(test.status, bad)}
			}
			d := newDesk(t, perduretest.NewService(t, steps...))
			task := itemsTask()
			if test.later {
				task = nextOf(d.fetch(task))
			}
			a := d.fetch(task)
			require.Equal(t, perdure.ErrorPageRejected, a.ErrorType)
			require.Equal(t, "Refused", a.Error.Code)
			require.Equal(t, test.status, a.Error.HTTPStatus)
			require.Contains(t, a.Error.Message, "no such thing")
			require.JSONEq(t, bad, string(a.Error.Details))
			require.Equal(t, test.want, strings.Contains(a.Error.Message, stale), a.Error.Message)
			require.Equal(t, "jobs", a.Service)
			require.Nil(t, a.Values)
			require.Empty(t, a.Next)
		})
	}
}

//rule:later 2
func TestAPageWithTooManyRedirects(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t, perduretest.GET("/items").Reply(302).Header("Location", "/items").Times(6)))
	a := d.fetch(itemsTask())
	require.Equal(t, perdure.ErrorPageRejected, a.ErrorType)
	require.Contains(t, a.Error.Message, "redirects")
}

// A violation of the pager's contract is no page, and names the protocol.
func TestAPageThatBreaksItsProtocol(t *testing.T) {
	for name, body := range map[string]string{
		"no values":           `{"nextLink":"/items?page=2"}`,
		"values are no array": `{"value":{},"nextLink":"/items?page=2"}`,
		"a link that is none": `{"value":[],"nextLink":"http://[::1"}`,
		"a link to a file":    `{"value":[],"nextLink":"file:///etc/passwd"}`,
		//rule:pages 12
		"it names itself": `{"value":[],"nextLink":"/items"}`,
		"no JSON":         `<html>`,
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, perduretest.NewService(t, perduretest.GET("/items").JSON(200, body)))
			a := d.fetch(itemsTask(following("nextlink", `{}`)))
			require.Equal(t, perdure.ErrorProtocolViolation, a.ErrorType)
			require.Contains(t, a.Error.Message, "nextlink")
		})
	}
}

// A later page that names itself is one, too, whatever the collection has seen.
//
//rule:pages 12
func TestALaterPageThatNamesItself(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t,
		perduretest.GET("/items").JSON(200, firstItems),
		perduretest.GET("/items?page=2").JSON(200, firstItems)))
	a := d.fetch(nextOf(d.fetch(itemsTask())))
	require.Equal(t, perdure.ErrorProtocolViolation, a.ErrorType)
	require.Contains(t, a.Error.Message, "names itself")
}

// renewed is a credential that has been replaced once.
type renewed struct{ generation atomic.Int32 }

func (r *renewed) Apply(_ context.Context, request *http.Request) error {
	request.Header.Set("Authorization", fmt.Sprintf("Bearer %d", r.generation.Load()))
	return nil
}

func (r *renewed) Refresh(context.Context, *http.Request) (bool, error) {
	return r.generation.CompareAndSwap(0, 1), nil
}

func (*renewed) SecretHeaders() []string { return nil }

//rule:out 6
func TestACredentialThatWasReplaced(t *testing.T) {
	d := newDesk(t, perduretest.NewService(t,
		perduretest.GET("/items").WantHeader("Authorization", "Bearer 0").Reply(401),
		perduretest.GET("/items").WantHeader("Authorization", "Bearer 1").JSON(200, lastItems),
		perduretest.GET("/items").WantHeader("Authorization", "Bearer 1").Reply(401)))
	d.config.Credential = &renewed{}
	require.Empty(t, d.fetch(itemsTask()).ErrorType)
	require.Equal(t, perdure.ErrorPageRejected, d.fetch(itemsTask()).ErrorType, "it is the service's refusal")
}

//rule:pages 8
func TestAWrongTaskIsNoPage(t *testing.T) {
	for _, test := range []struct {
		name      string
		change    func(*perdure.CollectionInput)
		errorType string
		want      string
	}{
		{"an unknown pager", following("paper", ""), perdure.ErrorInvalidInput, `protocol.name: "paper" is unknown`},
		{"a protocol of operations", following("location", ""), perdure.ErrorInvalidInput, `protocol.name: "location" is unknown`},
		{"an unknown option", following("nextlink", `{"nextLinks":"x"}`), perdure.ErrorInvalidInput, "protocol.options.nextLinks: unknown field"},
		{"an option of auto", following("auto", `{"items":"x"}`), perdure.ErrorInvalidInput, "protocol.options.items: unknown field"},
		{"an unknown service", func(in *perdure.CollectionInput) { in.Request.Service = "other" }, perdure.ErrorInvalidInput, `request.service: "other" is not in the worker's configuration`},
		{"a URL elsewhere", func(in *perdure.CollectionInput) { in.Request.URL = "https://elsewhere.test/items" }, perdure.ErrorEgressDenied, "elsewhere.test"},
		{"a method that is never sent", func(in *perdure.CollectionInput) { in.Request.Method = "TRACE" }, perdure.ErrorEgressDenied, "TRACE"},
		{"a secret header", func(in *perdure.CollectionInput) { in.Request.Headers = map[string][]string{"x-session": {"7"}} }, perdure.ErrorInvalidInput, "request.headers.x-session"},
		{"a credential as the page's token", following("token", `{"token":"t","into":{"header":"authorization"}}`), perdure.ErrorInvalidInput, "protocol.options.into.header.authorization"},
		{"a body where there is none to put the token in", following("token", `{"token":"t","into":{"body":"t"}}`), perdure.ErrorInvalidInput, "into.body"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := newDesk(t, perduretest.NewService(t))
			d.config.SecretHeaders = []string{"X-Session"}
			a := d.fetch(itemsTask(test.change))
			require.Equal(t, test.errorType, a.ErrorType)
			require.Contains(t, a.Error.Message, test.want)
		})
	}
	t.Run("no credential", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t))
		d.config.Credential = auth.Bearer("jobs", auth.Secret{Env: "NOT_SET_ANYWHERE"})
		a := d.fetch(itemsTask())
		require.Equal(t, perdure.ErrorCredentialFailed, a.ErrorType)
		require.Contains(t, a.Error.Message, "NOT_SET_ANYWHERE")
	})
	t.Run("not allowed", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t))
		d.config.Allow = []string{"GET /others"}
		require.Equal(t, perdure.ErrorEgressDenied, d.fetch(itemsTask()).ErrorType)
	})
	t.Run("no pagers", func(t *testing.T) {
		d := newDesk(t, perduretest.NewService(t))
		d.options.Pagers = nil
		require.True(t, retryable(t, d.run(perdure.ActivityFetchPage, itemsTask(), &perdure.PageAnswer{})), "another worker has some")
	})
}
