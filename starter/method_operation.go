package starter

import (
	"cmp"
	"context"
	"net/http"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// OperationMethod is a method of a service that starts an operation whose value is a T.
// A typed client keeps one for each, and gives its callers the [Operation] as it is or
// within a type of its own:
//
//	type CreateVectorStoreOperation struct{ *starter.Operation[VectorStore] }
type OperationMethod[T any] struct {
	// Service has the method.
	Service *Service
	// Type is the method's name, "CreateVectorStore": bound into its tokens, so that
	// only this method takes them up. It is never changed, as stored tokens have it.
	Type string
	// Verb is the HTTP method. Default POST.
	Verb string
	// Path is put after the service's base URL. {name} is one segment and {name...}
	// one or more, which the call's PathArgs fill in.
	Path string
	// Protocol is the method's own; nil: the service's.
	Protocol *perdure.ProtocolChoice
}

// Start calls the method, and returns when the service has answered, as the function
// [Start] does.
func (m OperationMethod[T]) Start(ctx context.Context, call Call, o *CallOptions) (*Operation[T], error) {
	in, err := m.Input(call, o)
	if err != nil {
		return nil, err
	}
	options := orDefault(o)
	h, err := m.Service.Client.start(ctx, in, &StartOptions{ID: options.ID, Summary: options.Summary})
	return m.handle(h, err)
}

// Input is what Start starts an operation with, for those who start it otherwise: a
// workflow of their own, a schedule.
func (m OperationMethod[T]) Input(call Call, o *CallOptions) (perdure.OperationInput, error) {
	options := orDefault(o)
	request, err := m.Service.request(cmp.Or(m.Verb, http.MethodPost), m.Path, call, options.Headers)
	if err != nil {
		return perdure.OperationInput{}, err
	}
	in := perdure.OperationInput{
		Request: request, Type: m.Type, Audience: options.Audience, Protocol: m.Service.protocol(m.Protocol),
		Polling: options.Polling, TimeoutSeconds: options.Timeout.Seconds(),
		IdempotencyKey: options.IdempotencyKey, Cancel: options.Cancel,
	}
	return in, in.Check()
}

// Rehydrate takes up an operation that this method has started, in any process, as the
// function [Rehydrate] does. The token of another method is tokens.ErrType, which says
// which two; that of another service or audience is an error of its own.
func (m OperationMethod[T]) Rehydrate(ctx context.Context, token tokens.Token, o *TokenOptions) (*Operation[T], error) {
	if err := m.Service.check(); err != nil {
		return nil, err
	}
	h, err := m.Service.Client.rehydrate(ctx, token, &RehydrateOptions{Type: m.Type, Audience: orDefault(o).Audience, Service: m.Service.Name})
	return m.handle(h, err)
}

// Attach gives a handle on an operation by its workflow id, running or closed.
// ErrNotFound where there is none, or where another method started it.
func (m OperationMethod[T]) Attach(ctx context.Context, id string) (*Operation[T], error) {
	if err := m.Service.check(); err != nil {
		return nil, err
	}
	h, err := m.Service.Client.attach(ctx, id)
	if err != nil {
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

func (m OperationMethod[T]) handle(h *handle, err error) (*Operation[T], error) {
	err = decodeError(err, m.Service.DecodeError)
	if h == nil {
		return nil, err
	}
	h.decode = m.Service.DecodeError
	return &Operation[T]{h}, err
}
