package paging

import (
	"context"
	"iter"
	"net/http"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// Service is the assistants of a service that a worker knows as "openai".
type Service struct{ Client *starter.Client }

// Pages is [starter.Pages].
func (s Service) Pages(ctx context.Context, from tokens.Token) iter.Seq2[*starter.Page[Assistant], error] {
	return starter.Pages[Assistant](ctx, s.Client, assistants(from), nil)
}

// Page is [starter.GetPage].
func (s Service) Page(ctx context.Context, token tokens.Token) (*starter.Page[Assistant], error) {
	return starter.GetPage[Assistant](ctx, s.Client, assistants(token), nil)
}

// assistants has a request, or the token that stands for one.
func assistants(at tokens.Token) perdure.CollectionInput {
	in := perdure.CollectionInput{Token: at.Text(), Type: "ListAssistants"}
	if at.IsZero() {
		in.Request = &perdure.Request{Service: "openai", Method: http.MethodGet, URL: "/assistants"}
	}
	return in
}
