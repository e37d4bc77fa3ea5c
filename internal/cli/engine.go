package cli

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// engine is what the commands ask of package starter.
type engine interface {
	Start(ctx context.Context, in perdure.OperationInput, o *starter.StartOptions) (operation, error)
	Attach(ctx context.Context, id string) (operation, error)
	Rehydrate(ctx context.Context, token tokens.Token, o *starter.RehydrateOptions) (operation, error)
	List(ctx context.Context, o *starter.ListOptions) iter.Seq2[starter.Summary, error]

	StartCollection(ctx context.Context, in perdure.CollectionInput, o *starter.CollectionOptions) (collection, error)
	AttachCollection(ctx context.Context, id string) (collection, error)
	GetPage(ctx context.Context, in perdure.CollectionInput) (*page, error)

	StartStream(ctx context.Context, in perdure.StreamInput, o *starter.StreamOptions) (stream, error)
	AttachStream(ctx context.Context, id string) (stream, error)
	RehydrateStream(ctx context.Context, token tokens.Token, o *starter.RehydrateOptions) (stream, error)
}

// operation is a handle on one.
type operation interface {
	ID() string
	RunID() string
	LastStatus() perdure.Status
	Status(ctx context.Context) (perdure.Status, error)
	UpdateStatus(ctx context.Context, o *starter.UpdateStatusOptions) (perdure.Status, error)
	RawResponse(ctx context.Context) (*perdure.Response, error)
	Token(ctx context.Context) (tokens.Token, error)
	Cancel(ctx context.Context, reason string) error
	Resolve(ctx context.Context, r perdure.Resolve) (perdure.Status, error)
	Result(ctx context.Context) (perdure.OperationResult, error)
}

// collection is a handle on one.
type collection interface {
	ID() string
	Status(ctx context.Context) (perdure.CollectionStatus, error)
	Token(ctx context.Context) (tokens.Token, error)
	Cancel(ctx context.Context, reason string) error
	Pages(ctx context.Context, o *starter.PagesOptions) iter.Seq2[*page, error]
}

// page is one page, its values as the service wrote them.
type page = starter.Page[json.RawMessage]

// stream is a handle on one.
type stream interface {
	ID() string
	Status(ctx context.Context) (perdure.StreamStatus, error)
	RawResponse(ctx context.Context) (*perdure.Response, error)
	Token(ctx context.Context) (tokens.Token, error)
	Cancel(ctx context.Context, reason string) error
	Events(ctx context.Context, from int) iter.Seq2[*event, error]
}

// event is one event, its data as the service wrote them.
type event = starter.Event[json.RawMessage]

type starterEngine struct{ client *starter.Client }

// Start is [starter.Start].
func (e starterEngine) Start(ctx context.Context, in perdure.OperationInput, o *starter.StartOptions) (operation, error) {
	return handle(starter.Start[json.RawMessage](ctx, e.client, in, o))
}

// Attach is [starter.Attach].
func (e starterEngine) Attach(ctx context.Context, id string) (operation, error) {
	return handle(starter.Attach[json.RawMessage](ctx, e.client, id))
}

// Rehydrate is [starter.Rehydrate].
func (e starterEngine) Rehydrate(ctx context.Context, token tokens.Token, o *starter.RehydrateOptions) (operation, error) {
	return handle(starter.Rehydrate[json.RawMessage](ctx, e.client, token, o))
}

// List is [starter.Client.List].
func (e starterEngine) List(ctx context.Context, o *starter.ListOptions) iter.Seq2[starter.Summary, error] {
	return e.client.List(ctx, o)
}

// StartCollection is [starter.StartCollection].
func (e starterEngine) StartCollection(ctx context.Context, in perdure.CollectionInput, o *starter.CollectionOptions) (collection, error) {
	return collectionHandle(starter.StartCollection[json.RawMessage](ctx, e.client, in, o))
}

// AttachCollection is [starter.AttachCollection].
func (e starterEngine) AttachCollection(ctx context.Context, id string) (collection, error) {
	return collectionHandle(starter.AttachCollection[json.RawMessage](ctx, e.client, id))
}

// GetPage is [starter.GetPage].
func (e starterEngine) GetPage(ctx context.Context, in perdure.CollectionInput) (*page, error) {
	return starter.GetPage[json.RawMessage](ctx, e.client, in, nil)
}

// StartStream is [starter.StartStream].
func (e starterEngine) StartStream(ctx context.Context, in perdure.StreamInput, o *starter.StreamOptions) (stream, error) {
	return streamHandle(starter.StartStream[json.RawMessage](ctx, e.client, in, o))
}

// AttachStream is [starter.AttachStream].
func (e starterEngine) AttachStream(ctx context.Context, id string) (stream, error) {
	return streamHandle(starter.AttachStream[json.RawMessage](ctx, e.client, id))
}

// RehydrateStream is [starter.RehydrateStream].
func (e starterEngine) RehydrateStream(ctx context.Context, token tokens.Token, o *starter.RehydrateOptions) (stream, error) {
	return streamHandle(starter.RehydrateStream[json.RawMessage](ctx, e.client, token, o))
}

// handle keeps "no handle" a nil interface.
func handle(op *starter.Operation[json.RawMessage], err error) (operation, error) {
	if op == nil {
		return nil, err
	}
	return op, err
}

// collectionHandle keeps "no handle" a nil interface.
func collectionHandle(c *starter.Collection[json.RawMessage], err error) (collection, error) {
	if c == nil {
		return nil, err
	}
	return c, err
}

// streamHandle keeps "no handle" a nil interface.
func streamHandle(s *starter.Stream[json.RawMessage], err error) (stream, error) {
	if s == nil {
		return nil, err
	}
	return s, err
}

// idOf is the id of an operation that may not be there.
func idOf(op operation) string {
	if op == nil {
		return ""
	}
	return op.ID()
}
