package perduretest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
)

// Client is an http.Client whose every request, whatever its host, is answered
// by the script, in memory.
func (s *Service) Client() *http.Client { return &http.Client{Transport: s.Transport()} }

// Transport answers every request, whatever its host, by the script, in memory:
// no socket and no goroutine of its own, so that it may be used in a synctest
// bubble. It waits, and breaks off, as a connection would: a drop is an error
// that wraps io.EOF, a drop of the unread request one that wraps
// syscall.ECONNRESET, a drop in the body io.ErrUnexpectedEOF from its reader.
func (s *Service) Transport() http.RoundTripper { return transport{service: s} }

type transport struct{ service *Service }

// RoundTrip plays the step.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if err := ctx.Err(); err != nil {
		closeBody(r)
		return nil, err
	}
	request := arrival(r)
	step := t.service.next(request)
	body, err := sentBody(r, step.answer.drop)
	if err != nil {
		t.service.record(request, Step{})
		return nil, fmt.Errorf("perduretest: reading the request's body: %w", err)
	}
	request.Body = body
	t.service.record(request, step)

	if err := t.service.wait(ctx, step.answer); err != nil {
		return nil, err
	}
	switch step.answer.drop {
	case dropUnread:
		return nil, broken(syscall.ECONNRESET)
	case dropUnanswered:
		return nil, broken(io.EOF)
	case dropNever, dropInBody:
	}
	return t.response(r, step.answer), nil
}

// sentBody reads and closes the body; nil says that it was not read.
func sentBody(r *http.Request, drop dropPoint) ([]byte, error) {
	defer closeBody(r)
	switch {
	case drop == dropUnread:
		return nil, nil
	case r.Body == nil:
		return []byte{}, nil
	}
	return io.ReadAll(r.Body)
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close() // a round tripper closes it, and has no use for the error
	}
}

func broken(err error) error {
	return &net.OpError{Op: "read", Net: "tcp", Err: err}
}

func (t transport) response(r *http.Request, a answer) *http.Response {
	header := a.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	response := &http.Response{
		Status:        fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)),
		StatusCode:    a.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		ContentLength: a.length(),
		Request:       r,
		Body:          http.NoBody,
	}
	if a.stream {
		response.TransferEncoding = []string{"chunked"}
	}
	if (len(a.parts) > 0 || a.drop == dropInBody) && r.Method != http.MethodHead {
		response.Body = newBody(r.Context(), t.service, a)
	}
	return response
}

// body gives an answer's parts at their pace. One goroutine reads it; another
// may close it.
type body struct {
	ctx     context.Context // ends with the request's, and when the body is closed
	cancel  context.CancelCauseFunc
	service *Service
	answer  answer

	current string   // what is left of the part that is being read
	parts   []string // still to come
	begun   bool     // the first part was given
}

var errClosed = errors.New("perduretest: read on a closed response body")

func newBody(ctx context.Context, s *Service, a answer) *body {
	ctx, cancel := context.WithCancelCause(ctx)
	return &body{ctx: ctx, cancel: cancel, service: s, answer: a, parts: a.sent()}
}

// Close also ends a Read that waits.
func (b *body) Close() error {
	b.cancel(errClosed)
	return nil
}

// Read waits for a part until it is due.
func (b *body) Read(p []byte) (int, error) {
	for b.current == "" && len(b.parts) > 0 {
		if err := b.next(); err != nil {
			return 0, err
		}
	}
	if b.ctx.Err() != nil {
		return 0, context.Cause(b.ctx)
	}
	if b.current == "" {
		return 0, b.last()
	}
	n := copy(p, b.current)
	b.current = b.current[n:]
	return n, nil
}

// next waits for the next part.
func (b *body) next() error {
	if b.begun {
		if err := b.service.pause(b.ctx, b.answer.pace); errors.Is(err, errOver) {
			return err
		}
	}
	b.begun = true
	b.current, b.parts = b.parts[0], b.parts[1:]
	return nil
}

// last is how the body ends.
func (b *body) last() error {
	if b.answer.drop == dropInBody {
		return io.ErrUnexpectedEOF
	}
	return io.EOF
}
