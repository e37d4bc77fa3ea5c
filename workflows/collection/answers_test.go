package collection_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/perdure-dev/perdure"
)

// request is the least input.
func request(change ...func(*perdure.CollectionInput)) perdure.CollectionInput {
	in := perdure.CollectionInput{Request: &perdure.Request{Service: "jobs", Method: "GET", URL: "/jobs"}}
	for _, c := range change {
		c(&in)
	}
	return in
}

func idle(seconds float64) func(*perdure.CollectionInput) {
	return func(in *perdure.CollectionInput) { in.IdleTimeoutSeconds = seconds }
}

func maxPages(n int) func(*perdure.CollectionInput) {
	return func(in *perdure.CollectionInput) { in.MaxPages = n }
}

// sealed is the token of the page with that index.
func sealed(index int) string { return fmt.Sprintf("perdure1_%d", index) }

func mark(index int) string { return fmt.Sprintf("print%d", index) }

// full is a page of two values that has another after it.
func full(index int, change ...func(*perdure.PageAnswer)) perdure.PageAnswer {
	a := perdure.PageAnswer{
		Service: "jobs", Protocol: "nextlink",
		Values: json.RawMessage(fmt.Sprintf(`[{"n":%d.0},"b"]`, index)), Count: 2,
		Next: sealed(index + 1), Print: mark(index), NextPrint: mark(index + 1),
		Response: &perdure.Response{Status: 200, ReceivedAt: epoch, Request: perdure.RequestLine{Method: "GET", URL: "https://jobs.test/jobs"}},
	}
	if index == 0 {
		a.Sealed = sealed(0)
	}
	for _, c := range change {
		c(&a)
	}
	return a
}

// last is a page of one value that has none after it.
func last(index int) perdure.PageAnswer {
	return full(index, func(a *perdure.PageAnswer) {
		a.Values, a.Count, a.Next, a.NextPrint = json.RawMessage(`["z"]`), 1, "", ""
	})
}

// empty is a page without values that has another after it.
func empty(index int) perdure.PageAnswer {
	return full(index, func(a *perdure.PageAnswer) { a.Values, a.Count = json.RawMessage(`[]`), 0 })
}

// leadsTo makes a page name that one as the next.
func leadsTo(index int) func(*perdure.PageAnswer) {
	return func(a *perdure.PageAnswer) { a.NextPrint = mark(index) }
}

// refused is an answer without a page.
func refused(errorType string) perdure.PageAnswer {
	return perdure.PageAnswer{ErrorType: errorType, Error: &perdure.ServiceError{Code: "no", Message: "not for you", HTTPStatus: 403}}
}

// huge is a state that makes no token.
func huge(index int) string { return sealed(index) + "_" + strings.Repeat("x", perdure.MaxTokenBytes) }

func index(i int) perdure.WaitRequest { return perdure.WaitRequest{Index: i} }

func within(i int, seconds float64) perdure.WaitRequest {
	return perdure.WaitRequest{Index: i, WaitSeconds: &seconds}
}
