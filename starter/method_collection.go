package starter

import (
	"cmp"
	"context"
	"iter"
	"net/http"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// CollectionMethod is a method of a service that lists Ts, page by page.
type CollectionMethod[T any] struct {
	// Service has the method.
	Service *Service
	// Type is the method's name, "ListAssistants": bound into its tokens, so that only
	// this method takes them up.
	Type string
	// Verb is the HTTP method. Default GET.
	Verb string
	// Path is as that of an OperationMethod.
	Path string
	// Protocol is the method's own; nil: the service's.
	Protocol *perdure.ProtocolChoice
}

// Start calls the method, and returns when its first page is there, as
// [StartCollection] does.
func (m CollectionMethod[T]) Start(ctx context.Context, call Call, o *ReadOptions) (*Collection[T], error) {
	in, err := m.Input(call, o)
	if err != nil {
		return nil, err
	}
	options := orDefault(o)
	h, err := m.Service.Client.startCollection(ctx, in, &CollectionOptions{ID: options.ID, Summary: options.Summary})
	return m.handle(h, err)
}

// Input is what Start starts a collection with.
func (m CollectionMethod[T]) Input(call Call, o *ReadOptions) (perdure.CollectionInput, error) {
	options := orDefault(o)
	request, err := m.Service.request(cmp.Or(m.Verb, http.MethodGet), m.Path, call, options.Headers)
	if err != nil {
		return perdure.CollectionInput{}, err
	}
	in := perdure.CollectionInput{Request: request, Type: m.Type, Audience: options.Audience, Protocol: m.Service.protocol(m.Protocol)}
	return in, in.Check()
}

// Pages calls the method and goes through the pages, as the function [Pages] does:
// nothing runs until it is ranged over, and an error comes once, last.
func (m CollectionMethod[T]) Pages(ctx context.Context, call Call, o *ReadOptions) iter.Seq2[*Page[T], error] {
	return pagesOf(ctx, func() (*Collection[T], error) { return m.Start(ctx, call, o) })
}

// All calls the method and goes through the values, page after page, as the function
// [All] does.
func (m CollectionMethod[T]) All(ctx context.Context, call Call, o *ReadOptions) iter.Seq2[T, error] {
	return values(m.Pages(ctx, call, o))
}

// Rehydrate goes on from the page that a token of this method names, in any process, as
// [RehydrateCollection] does. The token of another method is tokens.ErrType, which says
// which two.
func (m CollectionMethod[T]) Rehydrate(ctx context.Context, token tokens.Token, o *TokenOptions) (*Collection[T], error) {
	if err := m.Service.check(); err != nil {
		return nil, err
	}
	h, err := m.Service.Client.rehydrateCollection(ctx, token, RehydrateOptions{Type: m.Type, Audience: orDefault(o).Audience, Service: m.Service.Name})
	return m.handle(h, err)
}

// Attach gives a handle on a collection by its workflow id, running or closed. ErrNotFound
// where there is none, or where another method started it.
func (m CollectionMethod[T]) Attach(ctx context.Context, id string) (*Collection[T], error) {
	if err := m.Service.check(); err != nil {
		return nil, err
	}
	h := m.Service.Client.collection(id)
	if err := h.is(ctx, perdure.WorkflowCollection); err != nil {
		return nil, err
	}
	s, err := h.Status(ctx)
	if err != nil {
		return nil, err
	}
	if s.Type != m.Type && !s.Stale {
		return nil, ofAnotherMethod(id, s.Type, m.Type)
	}
	return m.handle(h, nil)
}

// RehydratePages goes through the pages from the one that a token of this method names.
func (m CollectionMethod[T]) RehydratePages(ctx context.Context, token tokens.Token, o *TokenOptions) iter.Seq2[*Page[T], error] {
	return pagesOf(ctx, func() (*Collection[T], error) { return m.Rehydrate(ctx, token, o) })
}

// Page fetches the one page that a token of this method names, as [GetPage] does.
func (m CollectionMethod[T]) Page(ctx context.Context, token tokens.Token, o *TokenOptions) (*Page[T], error) {
	if err := m.Service.check(); err != nil {
		return nil, err
	}
	if _, err := tokens.Parse(token.Text()); err != nil { // none
		return nil, err
	}
	in := perdure.CollectionInput{Token: token.Text(), Type: m.Type, Audience: orDefault(o).Audience, Service: m.Service.Name}
	page, err := GetPage[T](ctx, m.Service.Client, in, nil)
	return page, decodeError(err, m.Service.DecodeError)
}

func (m CollectionMethod[T]) handle(h *collection, err error) (*Collection[T], error) {
	err = decodeError(err, m.Service.DecodeError)
	if h == nil {
		return nil, err
	}
	h.decode = m.Service.DecodeError
	return &Collection[T]{h}, err
}

// pagesOf starts a collection and goes through its pages.
func pagesOf[T any](ctx context.Context, start func() (*Collection[T], error)) iter.Seq2[*Page[T], error] {
	return func(yield func(*Page[T], error) bool) {
		c, err := start()
		if err != nil {
			yield(nil, err)
			return
		}
		c.Pages(ctx, nil)(yield)
	}
}
