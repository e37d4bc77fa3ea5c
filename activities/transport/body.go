package transport

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/perdure-dev/perdure"
)

// head is an answer whose body has not been read.
type head struct {
	*Response
	body io.ReadCloser
	sent *http.Request // with the service's credential; nil: without
}

// maxDropped bounds what is read of a body that nobody wants, so that its connection can
// be used again.
const maxDropped = 64 << 10

// drop gives the body up.
func (h *head) drop() {
	_, _ = io.CopyN(io.Discard, h.body, maxDropped)
	_ = h.body.Close()
}

// whole reads the body.
func (s *Service) whole(ctx context.Context, h *head) (*Response, error) {
	defer func() { _ = h.body.Close() }()
	body, err := io.ReadAll(io.LimitReader(h.body, s.limits.MaxResponseBytes+1))
	if err != nil {
		return nil, failure(ctx, false, fmt.Errorf("the answer (HTTP %d) broke off: %w", h.Status, err))
	}
	if int64(len(body)) > s.limits.MaxResponseBytes {
		return nil, &perdure.SizeError{Limit: s.limits.MaxResponseBytes, Message: fmt.Sprintf("raise limits.maxResponseBytes of service %q", s.name)}
	}
	h.Body, h.At = body, time.Now().UTC()
	return h.Response, nil
}
