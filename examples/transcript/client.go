package transcript

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// Client has recordings written down. It is safe for concurrent use.
type Client struct {
	create starter.OperationMethod[Transcript]
	list   starter.CollectionMethod[Transcript]
}

// New gives a client of the service that the workers know as "transcripts".
func New(c *starter.Client) *Client {
	s := &starter.Service{Client: c, Name: "transcripts", DecodeError: decodeError}
	return &Client{
		create: starter.OperationMethod[Transcript]{
			Service: s, Type: "CreateTranscript", Path: "/transcripts", Protocol: states,
		},
		list: starter.CollectionMethod[Transcript]{
			Service: s, Type: "ListTranscripts", Path: "/transcripts", Protocol: pages,
		},
	}
}

// Create has a recording written down, and returns when the service has taken it.
func (c *Client) Create(ctx context.Context, params Params, o *starter.CallOptions) (*CreateOperation, error) {
	return creation(c.create.Start(ctx, starter.Call{Body: params}, o))
}

// CreateRaw is Create with a body of one's own.
func (c *Client) CreateRaw(ctx context.Context, body json.RawMessage, o *starter.CallOptions) (*CreateOperation, error) {
	return creation(c.create.Start(ctx, starter.Call{Body: body}, o))
}

// RehydrateCreate takes up a Create from its token, in any process.
func (c *Client) RehydrateCreate(ctx context.Context, token tokens.Token, o *starter.TokenOptions) (*CreateOperation, error) {
	return creation(c.create.Rehydrate(ctx, token, o))
}

// List goes through the transcripts, whatever page they are on. An error comes once, last.
func (c *Client) List(ctx context.Context, o *starter.ReadOptions) iter.Seq2[Transcript, error] {
	return c.list.All(ctx, starter.Call{}, o)
}

// Pages goes through the pages. Each has the token that goes on after it.
func (c *Client) Pages(ctx context.Context, o *starter.ReadOptions) iter.Seq2[*starter.Page[Transcript], error] {
	return c.list.Pages(ctx, starter.Call{}, o)
}

// RehydratePages goes through the pages from the one that a token names, in any process.
func (c *Client) RehydratePages(ctx context.Context, token tokens.Token, o *starter.TokenOptions) iter.Seq2[*starter.Page[Transcript], error] {
	return c.list.RehydratePages(ctx, token, o)
}

// states is how the service speaks of a transcript that is not done.
var states = &perdure.ProtocolChoice{Name: "waiter", Options: json.RawMessage(`{
	"status": "transcripts/{id}",
	"cancel": {"method": "DELETE", "url": "transcripts/{id}"},
	"acceptors": [
		{"state": "success",  "matcher": {"output": {"path": "state", "expected": "ready", "comparator": "stringEquals"}}},
		{"state": "failure",  "matcher": {"output": {"path": "state", "expected": "broken", "comparator": "stringEquals"}}},
		{"state": "canceled", "matcher": {"output": {"path": "state", "expected": "stopped", "comparator": "stringEquals"}}}
	],
	"error": "problem",
	"progress": "heard"
}`)}

// pages is how it splits a list.
var pages = &perdure.ProtocolChoice{Name: "nextlink", Options: json.RawMessage(`{"items": "transcripts", "nextLink": "next"}`)}
