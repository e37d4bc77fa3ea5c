package transport

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// redacted stands where a query string was.
const redacted = "REDACTED"

// alwaysSecret headers are in no captured response.
var alwaysSecret = []string{
	"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "Set-Cookie2",
	"Www-Authenticate", "Proxy-Authenticate", "Authentication-Info", "Proxy-Authentication-Info",
}

func secretNames(more []string) map[string]bool {
	out := map[string]bool{}
	for _, list := range [][]string{alwaysSecret, more} {
		for _, name := range list {
			out[http.CanonicalHeaderKey(name)] = true
		}
	}
	return out
}

// CheckHeaders refuses, as a *perdure.InputError, headers of a caller that are the
// service's secrets, or that get around its allow list.
func (s *Service) CheckHeaders(field string, headers map[string][]string) error {
	if err := perdure.CheckHeaders(field, headers); err != nil {
		return err
	}
	for name := range headers {
		if s.isSecret(name) {
			return &perdure.InputError{Field: field + "." + name, Message: "is a secret header of the service: it is the worker's to set"}
		}
		if s.isOverride(name) {
			return &perdure.InputError{Field: field + "." + name, Message: "may have the service read another method or path than the request's, which are what its allow list is held against"}
		}
	}
	return nil
}

func (s *Service) isSecret(name string) bool {
	name = http.CanonicalHeaderKey(strings.TrimSpace(name)) // net/http takes "Set-Cookie :", and leaves the space
	if s.secret[name] {
		return true
	}
	if s.credential != nil {
		for _, own := range s.credential.SecretHeaders() {
			if http.CanonicalHeaderKey(own) == name {
				return true
			}
		}
	}
	return false
}

// Capture is an answer for people: without credentials, cookies and secret headers,
// query strings redacted, signatures in its body too, which is cut at the service's
// captureBytes.
func (s *Service) Capture(r *Response) *perdure.Response {
	out := &perdure.Response{
		Status: r.Status, ReceivedAt: r.At, Headers: map[string][]string{},
		Request: perdure.RequestLine{Method: r.Method, URL: Redact(r.URL)},
	}
	for name, values := range r.Header {
		if s.isSecret(name) {
			continue
		}
		for _, v := range values {
			out.Headers[name] = append(out.Headers[name], redactValue(name, v))
		}
	}
	body, truncated := s.shown(r.Body)
	out.Body, out.Truncated = BodyOf(body), truncated
	return out
}

// HideSecrets is a text of the service for people, as [protocol.HideSignatures] has it: the
// service may repeat what its credential puts into the query, too.
func (s *Service) HideSecrets(text []byte) []byte {
	return protocol.HideSignatures(text, s.hidden...)
}

// shown is a body without the signatures in it, and cut.
func (s *Service) shown(body []byte) (shown []byte, truncated bool) {
	limit := s.limits.CaptureBytes
	seen := body[:min(len(body), limit+perdure.MaxURLBytes)] // with the whole of a URL at the cut
	shown = s.HideSecrets(seen)
	if len(seen) == len(body) && len(shown) <= limit {
		return shown, false
	}
	return shown[:runeBorder(shown, min(limit, len(shown)-1))], true
}

// runeBorder is n or, where that is within a rune, the border before it. What is no
// UTF-8 has no borders.
func runeBorder(b []byte, n int) int {
	for back := range min(n, utf8.UTFMax-1) + 1 {
		if utf8.RuneStart(b[n-back]) {
			return n - back
		}
	}
	return n
}

// BodyOf gives bytes the kind of body that says most: JSON, else text, else base64.
func BodyOf(b []byte) *perdure.Body {
	switch {
	case len(b) == 0:
		return nil
	case !utf8.Valid(b):
		return perdure.BytesBody(b)
	case json.Valid(b):
		return perdure.JSONBody(b)
	}
	return perdure.TextBody(string(b))
}

// Redact is a URL for people: without user, its query redacted.
func Redact(u *url.URL) string {
	out := bare(u)
	if u.RawQuery != "" {
		out += "?" + redacted
	}
	return out
}

var (
	userInURL       = regexp.MustCompile(`(?i)(https?://)[^\s/?#"<>]*@`)
	queryInURL      = regexp.MustCompile(`(?i)(https?://[^\s?"<>]*)\?[^\s"<>]*`)
	queryInBrackets = regexp.MustCompile(`<([^<>?]*)\?[^<>]*>`) // RFC 8288: Link, relative ones too
	queryInRef      = regexp.MustCompile(`(?s)^([^?]*)\?.*$`)
)

// refHeaders hold a URL that may be relative. So does any value that begins with a
// slash.
var refHeaders = map[string]bool{
	"Location": true, "Content-Location": true, "Operation-Location": true, "Azure-Asyncoperation": true, "Refresh": true,
}

func redactValue(name, value string) string {
	value = userInURL.ReplaceAllString(value, "${1}")
	value = queryInURL.ReplaceAllString(value, "${1}?"+redacted)
	value = queryInBrackets.ReplaceAllString(value, "<${1}?"+redacted+">")
	if refHeaders[http.CanonicalHeaderKey(name)] || strings.HasPrefix(value, "/") {
		value = queryInRef.ReplaceAllString(value, "${1}?"+redacted)
	}
	return value
}
