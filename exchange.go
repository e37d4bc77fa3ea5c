package perdure

import (
	"encoding/json"
	"time"
)

// Request is what the worker sends to a service.
type Request struct {
	// Service names a service of the worker's configuration. It may be left out
	// when the URL's origin belongs to exactly one.
	Service string `json:"service,omitempty"`
	Method  string `json:"method"`
	// URL is absolute, or relative to the service's base URL. Dot segments and
	// "//host" forms are refused.
	URL string `json:"url"`
	// Headers are also sent on later requests to the same origin, except
	// conditional, content, range, Prefer and idempotency headers.
	// Credentials are the worker's: Authorization and Cookie are refused.
	Headers map[string][]string `json:"headers,omitempty"`
	Body    *Body               `json:"body,omitempty"`
}

// Response is what a service answered, without credentials, cookies and secret
// headers, with query strings redacted, in the body those of URLs that are signed or hold
// a key. The body is cut at the service's captureBytes.
type Response struct {
	Status  int                 `json:"status"`
	Headers map[string][]string `json:"headers,omitempty"`
	Body    *Body               `json:"body,omitempty"`
	// Truncated: the body is cut.
	Truncated bool        `json:"truncated,omitempty"`
	Request   RequestLine `json:"request"`
	// ReceivedAt is by the worker's clock.
	ReceivedAt time.Time `json:"receivedAt"`
}

// RequestLine says which request a Response answers.
type RequestLine struct {
	Method string `json:"method"`
	// URL has its query redacted.
	URL string `json:"url"`
}

// ServiceError is an error in the service's own words; where it is the worker's, the code
// is the type of the error.
type ServiceError struct {
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// HTTPStatus is 0 where the operation ended badly without an answer that refused.
	HTTPStatus int `json:"httpStatus,omitempty"`
	// Details are the service's JSON about it, left out above captureBytes.
	Details json.RawMessage `json:"details,omitempty"`
}

// String gives code and message in one line.
func (e *ServiceError) String() string {
	switch {
	case e == nil:
		return ""
	case e.Code == "":
		return e.Message
	case e.Message == "" || e.Message == e.Code:
		return e.Code
	}
	return e.Code + ": " + e.Message
}
