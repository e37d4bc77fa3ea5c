package transport

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Open sends as Send does, and returns with the head of a 2xx answer. Its body is the
// caller's to read, as it comes and without any bound, and to close; it lasts as long as
// ctx, and no longer counts as a request under way: neither the time of one holds for it,
// nor does it take a place among them once the caller has given back its own. Any other
// answer is read whole, and body is nil.
func (s *Service) Open(ctx context.Context, req Request) (answer *Response, body io.ReadCloser, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	late := time.AfterFunc(s.limits.RequestTimeout, func() { cancel(s.tooLong()) })
	defer func() {
		late.Stop()
		if body == nil {
			cancel(nil)
		}
	}()
	req.plain = true
	h, err := s.exchange(ctx, req)
	if err != nil {
		return nil, nil, err
	}
	if h.Status < http.StatusOK || h.Status >= http.StatusMultipleChoices {
		answer, err = s.whole(ctx, h)
		return answer, nil, err
	}
	if !late.Stop() { // it was, in this moment
		_ = h.body.Close()
		return nil, nil, failure(ctx, false, s.tooLong())
	}
	return h.Response, &openBody{h.body, func() { cancel(nil) }}, nil
}

// openBody is a body that lasts until it is closed.
type openBody struct {
	io.ReadCloser
	cancel func()
}

// Close breaks the connection off, whatever is still to come.
func (b *openBody) Close() error {
	b.cancel()
	return b.ReadCloser.Close()
}
