package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
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

// byteOrderMark comes before the JSON and XML of some services. azcore means to drop it
// (runtime.UnmarshalAsJSON, UnmarshalAsXML), but takes the text out of the response first
// (v1.24.0); runtime.Payload and its pollers leave it there.
var byteOrderMark = []byte("\xef\xbb\xbf")

// text is the body without a byte order mark.
func (e Exchange) text() []byte { return bytes.TrimPrefix(e.Body, byteOrderMark) }

// Object reads the body as a JSON object, whatever its Content-Type. False: it is
// none.
func (e Exchange) Object() (map[string]json.RawMessage, bool) {
	var o map[string]json.RawMessage
	if err := json.Unmarshal(e.text(), &o); err != nil || o == nil {
		return nil, false
	}
	return o, true
}

// Value is the body, where there is one; JSON without its byte order mark.
func (e Exchange) Value() ([]byte, bool) {
	text := e.text()
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return nil, false
	case len(text) < len(e.Body) && json.Valid(text):
		return text, true
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
	if (target.Scheme != "https" && target.Scheme != "http") || target.Hostname() == "" {
		return "", &perdure.ProtocolError{Protocol: protocolName, Message: field + " is no URL of scheme https or http with a host"}
	}
	target.Fragment, target.RawFragment = "", ""
	target.RawQuery = escapeQuery(target.RawQuery)
	out := target.String()
	if len(out) > perdure.MaxURLBytes {
		return "", &perdure.ProtocolError{Protocol: protocolName, Message: fmt.Sprintf("%s makes a URL of %d bytes", field, len(out))}
	}
	if _, err := url.Parse(out); err != nil { // net/url reads hosts that it cannot read again: zones with odd bytes
		return "", &perdure.ProtocolError{Protocol: protocolName, Message: field + " is a URL with a malformed host"}
	}
	return out, nil
}

// escapeQuery leaves a query byte for byte as it is, except for bytes that no URL
// has: they would not survive the state's JSON.
func escapeQuery(query string) string {
	var out strings.Builder
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '<' || c == '>' {
			_, _ = fmt.Fprintf(&out, "%%%02X", c)
		} else {
			out.WriteByte(c)
		}
	}
	return out.String()
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
