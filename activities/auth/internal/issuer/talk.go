// Package issuer tells why an issuer of credentials gave none. The libraries that ask
// say it in words, which may hold what was asked with; what came over the wire says
// it without.
//
// May import: the root package, golang.org/x/oauth2 and the standard library.
package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"

	"golang.org/x/oauth2"

	"github.com/perdure-dev/perdure"
)

// Talk is one attempt at getting a credential, of one request or several.
type Talk struct {
	client http.Client
	next   http.RoundTripper

	mu     sync.Mutex
	status int   // of the last answer
	err    error // or why there was none
}

// NewTalk is a talk over a client.
func NewTalk(client *http.Client) *Talk {
	t := &Talk{client: *client, next: client.Transport}
	if t.next == nil {
		t.next = http.DefaultTransport
	}
	t.client.Transport = t
	return t
}

// Client is to be used for every request of the talk.
func (t *Talk) Client() *http.Client { return &t.client }

// Asked reports whether there was a request.
func (t *Talk) Asked() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.status != 0 || t.err != nil
}

// RoundTrip notes how a request went.
func (t *Talk) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case err == nil:
		t.status, t.err = resp.StatusCode, nil
	case !ofPlatform(r.URL): // that nobody answers there says that this is no such platform
		t.status, t.err = 0, err
	}
	return resp, err
}

// ofPlatform reports whether a URL is of a metadata service of the machine.
func ofPlatform(u *url.URL) bool {
	a, err := netip.ParseAddr(u.Hostname())
	return err == nil && (a.IsLinkLocalUnicast() || a.IsPrivate())
}

// Failure is the error of a talk that ended with err: a *perdure.CredentialError, or
// another where the same talk may succeed later. It does not quote err.
func (t *Talk) Failure(service, source string, err error) error {
	if _, ok := errors.AsType[*perdure.CredentialError](err); ok {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(t.err, context.DeadlineExceeded):
		return fmt.Errorf("%s took too long", source)
	case t.err != nil:
		return fmt.Errorf("%s cannot be reached: %w", source, t.err)
	case t.status == 0:
		return &perdure.CredentialError{Service: service, Source: source, Message: "is not there or cannot be used"}
	case t.status < http.StatusMultipleChoices:
		return fmt.Errorf("%s gave an answer that cannot be read (HTTP %d)", source, t.status)
	case Temporary(t.status):
		return fmt.Errorf("%s answered with HTTP %d", source, t.status)
	}
	return &perdure.CredentialError{Service: service, Source: source, Message: fmt.Sprintf("answered with HTTP %d%s", t.status, word(err))}
}

// Temporary reports whether an issuer may give another answer later.
func Temporary(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
}

// words of RFC 6749, 5.2. Others are not quoted: an issuer may repeat what it got.
var words = []string{"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}

func word(err error) string {
	refusal, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return ""
	}
	var body struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(refusal.Body, &body) != nil || !slices.Contains(words, body.Error) {
		return ""
	}
	return ", " + body.Error
}
