package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"time"

	"github.com/perdure-dev/perdure"
)

// maxRedirects that one question follows.
const maxRedirects = 5

// Request is what is sent.
type Request struct {
	Method string
	URL    *url.URL // absolute
	Header http.Header
	Body   []byte // nil: none
	// Start marks a request that must not be sent twice: it goes over a connection
	// of its own, and no redirect is followed.
	Start bool
	// SeeOther: a 303 is answered, not followed.
	SeeOther bool
	// Cookies of the operation, which answers add to; nil: it has none. They are used
	// where the service's are sticky.
	Cookies *Cookies

	plain bool // no encoding of the answer
}

// Response is an answer, as it came.
type Response struct {
	Method string
	URL    *url.URL // of the last request, without credentials
	Status int
	Header http.Header
	Body   []byte
	At     time.Time // when it was complete; of an open one, when its head came
}

// SendError is a request without an answer.
type SendError struct {
	// Unsent: it is proven that not a byte of the request left.
	Unsent bool
	Err    error
}

// Error says what happened; it has no URL in it.
func (f *SendError) Error() string {
	if f.Unsent {
		return "not sent: " + f.Err.Error()
	}
	return "no answer: " + f.Err.Error()
}

// Unwrap gives the cause.
func (f *SendError) Unwrap() error { return f.Err }

// Do waits for the service's turn, and sends as Send does.
func (s *Service) Do(ctx context.Context, req Request) (*Response, error) {
	release, err := s.Admit(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	return s.Send(ctx, req)
}

// Send sends one request and reads its answer, whatever its status; the caller has
// been admitted. Errors: *perdure.EgressError, *perdure.CredentialError (nothing was sent,
// and trying again will not help), *perdure.SizeError (answered, too large), *SendError
// (no answer; try again if that is safe), or ctx's own while nothing was sent.
func (s *Service) Send(ctx context.Context, req Request) (*Response, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.limits.RequestTimeout, s.tooLong())
	defer cancel()
	h, err := s.exchange(ctx, req)
	if err != nil {
		return nil, err
	}
	return s.whole(ctx, h)
}

// tooLong is the cause of a request's end after its time.
func (s *Service) tooLong() error {
	return fmt.Errorf("the service took longer than %v (limits.requestTimeoutSeconds)", s.limits.RequestTimeout)
}

// exchange sends a request, and once more where the service took none of the credential
// and there is a newer one: a start too, since a service that refuses one with 401 or
// 403 has started nothing.
func (s *Service) exchange(ctx context.Context, req Request) (*head, error) {
	h, err := s.follow(ctx, req)
	if err != nil || h.sent == nil || h.Status != http.StatusUnauthorized && h.Status != http.StatusForbidden {
		return h, err
	}
	changed, err := s.credential.Refresh(ctx, h.sent)
	switch {
	case err != nil:
		h.drop()
		return nil, s.noCredential(ctx, err)
	case !changed:
		return h, nil
	}
	h.drop()
	s.count()
	return s.follow(ctx, req)
}

// noCredential is the error of a request that was not sent, or was refused and is not
// sent again, for want of a credential.
func (s *Service) noCredential(ctx context.Context, err error) error {
	s.observer.CredentialFailed()
	if _, ok := errors.AsType[*perdure.CredentialError](err); ok {
		return err
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return &SendError{Unsent: true, Err: fmt.Errorf("no credential: %w", err)}
}

// follow sends a request and goes where redirects lead: GET only, within the
// service's origins.
func (s *Service) follow(ctx context.Context, req Request) (*head, error) {
	for range 1 + maxRedirects {
		h, err := s.send(ctx, req)
		if err != nil || !redirects(req, h.Response) {
			return h, err
		}
		h.drop()
		next, err := h.URL.Parse(h.Header.Get("Location"))
		if err != nil {
			return nil, &perdure.ResponseError{Method: req.Method, URL: bare(req.URL), Service: perdure.ServiceError{HTTPStatus: h.Status, Message: "redirects to a malformed Location"}}
		}
		req.URL = next
		s.count()
	}
	return nil, &perdure.ResponseError{Method: req.Method, URL: bare(req.URL), Service: perdure.ServiceError{HTTPStatus: http.StatusLoopDetected, Message: fmt.Sprintf("more than %d redirects", maxRedirects)}}
}

func redirects(req Request, resp *Response) bool {
	if req.Start || req.Method != http.MethodGet || resp.Header.Get("Location") == "" {
		return false
	}
	switch resp.Status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	case http.StatusSeeOther:
		return !req.SeeOther
	}
	return false
}

// send sends one request to one URL.
func (s *Service) send(ctx context.Context, req Request) (*head, error) {
	if err := checkMethod(req.Method); err != nil {
		return nil, err
	}
	withCredentials, err := s.checkOrigin(req.URL)
	if err != nil {
		return nil, err
	}
	if s.namesOnly {
		if err := checkName(req.URL); err != nil {
			return nil, err
		}
	}
	status := 0
	ctx, span := s.startSpan(ctx, req)
	defer func() { endSpan(span, status) }()
	r, err := s.build(ctx, req, withCredentials)
	if err != nil {
		return nil, err
	}
	var connected bool // to the service, and not to whoever gave the credential
	r = r.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }}))
	var sent *http.Request
	if withCredentials && s.credential != nil {
		sent = r.Clone(ctx) // as the credential left it, before the cookies
	}
	sticky := s.sticky && withCredentials && req.Cookies != nil
	if sticky {
		req.Cookies.put(r, req.URL)
	}
	transport := s.asks
	if req.Start {
		transport = s.starts
	}
	raw, err := transport.RoundTrip(r) //nolint:bodyclose // head's to close
	if err != nil {
		s.observer.Answered(0)
		return nil, failure(ctx, !connected || refusedCertificate(err), err)
	}
	status = raw.StatusCode
	s.observer.Answered(status)
	h := &head{
		Response: &Response{Method: req.Method, URL: req.URL, Status: raw.StatusCode, Header: raw.Header, At: time.Now().UTC()},
		body:     raw.Body,
		sent:     sent,
	}
	if sticky {
		req.Cookies.take(req.URL, raw.Header, h.At)
	}
	if originOf(req.URL) == s.own {
		s.pause.extend(h.Response)
	}
	return h, nil
}

// build makes the request. The service's headers and the operation's go to the
// service's own origin, and nowhere else.
func (s *Service) build(ctx context.Context, req Request, withCredentials bool) (*http.Request, error) {
	var body io.Reader
	if req.Body != nil {
		body = bytes.NewReader(req.Body)
	}
	r, err := http.NewRequestWithContext(ctx, req.Method, req.URL.String(), body)
	if err != nil {
		return nil, &perdure.InputError{Field: "request", Message: "cannot be sent: its method or url is malformed"}
	}
	if originOf(req.URL) == s.own {
		putTrace(ctx, r.Header)
		for name, values := range s.headers {
			r.Header[http.CanonicalHeaderKey(name)] = values
		}
		for name, values := range req.Header {
			r.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", "perdure")
	}
	if req.plain { // else net/http asks for gzip, which holds events back
		r.Header.Set("Accept-Encoding", "identity")
	}
	if withCredentials && s.credential != nil {
		if err := s.credential.Apply(ctx, r); err != nil {
			return nil, s.noCredential(ctx, err)
		}
	}
	return r, nil
}

// failure tells an egress refusal at dial time from a request without an answer.
func failure(ctx context.Context, unsent bool, err error) error {
	if denied, ok := errors.AsType[*perdure.EgressError](err); ok {
		return denied
	}
	if missing, ok := errors.AsType[*perdure.CredentialError](err); ok { // a certificate
		return missing
	}
	if _, ok := errors.AsType[textproto.ProtocolError](err); ok { // it quotes the line, which may be a Set-Cookie
		err = errors.New("a header of the answer is malformed")
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return &SendError{Unsent: unsent, Err: err}
}

func bare(u *url.URL) string {
	c := *u
	c.User, c.RawQuery, c.ForceQuery, c.Fragment = nil, "", false, ""
	return c.String()
}
