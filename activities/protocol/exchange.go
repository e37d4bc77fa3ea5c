package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/perdure-dev/perdure"
)

// Exchange is a request that was answered.
type Exchange struct {
	Method string
	URL    string // absolute; of the last request where redirects were followed
	Status int
	Header http.Header // never nil
	Body   []byte
	At     time.Time // when the answer was complete
}

// Success reports whether the status is 2xx.
func (e Exchange) Success() bool { return e.Status >= 200 && e.Status < 300 }

// Object reads the body as a JSON object, whatever its Content-Type. False: it is
// none.
func (e Exchange) Object() (map[string]json.RawMessage, bool) {
	var o map[string]json.RawMessage
	if err := json.Unmarshal(e.Body, &o); err != nil || o == nil {
		return nil, false
	}
	return o, true
}

// Value is the body, where there is one.
func (e Exchange) Value() ([]byte, bool) {
	if len(bytes.TrimSpace(e.Body)) == 0 {
		return nil, false
	}
	return e.Body, true
}

// Resolve reads a URL that the answer names, relative to the request's own.
// RFC 3986, section 5.2.
func (e Exchange) Resolve(protocolName, field, ref string) (string, error) {
	base, err := url.Parse(e.URL)
	if err != nil {
		return "", &perdure.ProtocolError{Protocol: protocolName, Message: "the request's own URL is malformed"}
	}
	target, err := base.Parse(ref)
	if err != nil || len(ref) > perdure.MaxURLBytes {
		return "", &perdure.ProtocolError{Protocol: protocolName, Message: fmt.Sprintf("%s is a malformed URL of %d bytes", field, len(ref))}
	}
	if (target.Scheme != "https" && target.Scheme != "http") || target.Host == "" {
		return "", &perdure.ProtocolError{Protocol: protocolName, Message: fmt.Sprintf("%s has the scheme %q, want https or http", field, target.Scheme)}
	}
	target.Fragment, target.RawFragment = "", ""
	return target.String(), nil
}

// String reads a JSON string; "" where raw is anything else.
func String(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// Number reads a JSON number; nil where raw is anything else.
func Number(raw json.RawMessage) *float64 {
	var n *float64
	if json.Unmarshal(raw, &n) != nil {
		return nil
	}
	return n
}
