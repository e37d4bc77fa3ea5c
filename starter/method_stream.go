package starter

import (
	"cmp"
	"context"
	"net/http"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// StreamMethod is a method of a service that answers with a stream of events whose data
// are Ts.
type StreamMethod[T any] struct {
	// Service has the method.
	Service *Service
	// Type is the method's name, "StreamChatCompletion": bound into its tokens, so that
	// only this method takes them up.
	Type string
	// Verb is the HTTP method. Default POST.
	Verb string
	// Path is as that of an OperationMethod.
	Path string
	// Protocol is how the stream is read: sse, openai or jsonl. Required. Its option json
	// is for a T that is no string.
	Protocol *perdure.ProtocolChoice
}

// Start calls the method, and returns once it is certain that the stream will be read,
// as [StartStream] does.
func (m StreamMethod[T]) Start(ctx context.Context, call Call, o *ReadOptions) (*Stream[T], error) {
	in, err := m.Input(call, o)
	if err != nil {
		return nil, err
	}
	options := orDefault(o)
	h, err := m.Service.Client.startStream(ctx, in, &StreamOptions{ID: options.ID, Summary: options.Summary})
	return m.handle(h, err)
}

// Input is what Start starts a stream with.
func (m StreamMethod[T]) Input(call Call, o *ReadOptions) (perdure.StreamInput, error) {
	options := orDefault(o)
	request, err := m.Service.request(cmp.Or(m.Verb, http.MethodPost), m.Path, call, options.Headers)
	if err != nil {
		return perdure.StreamInput{}, err
	}
	in := perdure.StreamInput{Request: request, Type: m.Type, Audience: options.Audience, Protocol: m.Protocol}
	return in, in.Check()
}

// Rehydrate takes up a stream that this method has started, in any process, as
// [RehydrateStream] does. The token of another method is tokens.ErrType, which says
// which two.
func (m StreamMethod[T]) Rehydrate(ctx context.Context, token tokens.Token, o *TokenOptions) (*Stream[T], error) {
	if err := m.Service.check(); err != nil {
		return nil, err
	}
	h, err := m.Service.Client.rehydrateStream(ctx, token, &RehydrateOptions{Type: m.Type, Audience: orDefault(o).Audience, Service: m.Service.Name})
	return m.handle(h, err)
}

// Attach gives a handle on a stream by its workflow id, running or closed. ErrNotFound
// where there is none, or where another method started it.
func (m StreamMethod[T]) Attach(ctx context.Context, id string) (*Stream[T], error) {
	if err := m.Service.check(); err != nil {
		return nil, err
	}
	h := m.Service.Client.stream(id)
	if err := h.is(ctx, perdure.WorkflowStream); err != nil {
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

func (m StreamMethod[T]) handle(h *stream, err error) (*Stream[T], error) {
	err = decodeError(err, m.Service.DecodeError)
	if h == nil {
		return nil, err
	}
	h.decode = m.Service.DecodeError
	return &Stream[T]{h}, err
}
