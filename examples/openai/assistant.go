package openai

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"

	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// Assistant is a model with instructions.
type Assistant struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Model        string `json:"model"`
	Instructions string `json:"instructions"`
}

// AssistantClient lists assistants. It is safe for concurrent use.
type AssistantClient struct {
	list    starter.CollectionMethod[Assistant]
	rawList starter.CollectionMethod[json.RawMessage]
}

// NewAssistantClient gives a client; nil options are the defaults.
func NewAssistantClient(c *starter.Client, o *ClientOptions) *AssistantClient {
	s := withAssistants(newService(c, o))
	return &AssistantClient{
		list:    starter.CollectionMethod[Assistant]{Service: s, Type: "ListAssistants", Path: "/assistants"},
		rawList: starter.CollectionMethod[json.RawMessage]{Service: s, Type: "ListAssistants", Path: "/assistants"},
	}
}

// ListAssistants goes through the assistants, whatever page they are on. An error comes
// once, last.
func (c *AssistantClient) ListAssistants(ctx context.Context, params ListParams, o *starter.ReadOptions) iter.Seq2[Assistant, error] {
	return c.list.All(ctx, params.call(), o)
}

// ListAssistantPages goes through the pages. Each has the token that goes on after it.
func (c *AssistantClient) ListAssistantPages(ctx context.Context, params ListParams, o *starter.ReadOptions) iter.Seq2[*starter.Page[Assistant], error] {
	return c.list.Pages(ctx, params.call(), o)
}

// ListAssistantPagesRaw is ListAssistantPages with a query of one's own, and with the
// assistants as the API wrote them.
func (c *AssistantClient) ListAssistantPagesRaw(ctx context.Context, query url.Values, o *starter.ReadOptions) iter.Seq2[*starter.Page[json.RawMessage], error] {
	return c.rawList.Pages(ctx, starter.Call{Query: query}, o)
}

// RehydrateAssistantPages goes through the pages from the one that a token names, in any
// process.
func (c *AssistantClient) RehydrateAssistantPages(ctx context.Context, token tokens.Token, o *starter.TokenOptions) iter.Seq2[*starter.Page[Assistant], error] {
	return c.list.RehydratePages(ctx, token, o)
}

// GetAssistantPage fetches the page that a token names, and no other.
func (c *AssistantClient) GetAssistantPage(ctx context.Context, token tokens.Token, o *starter.TokenOptions) (*starter.Page[Assistant], error) {
	return c.list.Page(ctx, token, o)
}
