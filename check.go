package perdure

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of what a caller may give.
const (
	MaxNameBytes = 256      // of type, audience and idempotencyKey
	MaxURLBytes  = 16 << 10 // of any URL
	maxSeconds   = 100 * 366 * 24 * 3600
	// MaxRecordedBytes of a request's body as Temporal records it, where no store of
	// payloads takes it: Temporal's limit is 2 MB for the whole input.
	MaxRecordedBytes = 1_500_000
)

// Check reports the first field that is wrong, as an *InputError. What only the
// worker knows (services, protocols, what a service allows) is checked there.
func (in *OperationInput) Check() error {
	if err := exactlyOne(map[string]bool{"request": in.Request != nil, "token": in.Token != "", "adopt": in.Adopt != nil}, "request", "token", "adopt"); err != nil {
		return err
	}
	if in.Request != nil {
		if err := in.Request.check("request", in.ServiceName()); err != nil {
			return err
		}
	}
	if in.Adopt != nil {
		if err := in.Adopt.check(); err != nil {
			return err
		}
	}
	if err := checkName("idempotencyKey", in.IdempotencyKey); err != nil {
		return err
	}
	if err := checkCaller(in.Service, in.Request, in.Type, in.Audience); err != nil {
		return err
	}
	if in.Token != "" {
		for _, n := range []struct {
			field string
			set   bool
		}{{"protocol", in.Protocol != nil}, {"idempotencyKey", in.IdempotencyKey != ""}} {
			if n.set {
				return &InputError{Field: n.field, Message: "is set beside token, which has its own"}
			}
		}
	}
	if err := in.Polling.Check("polling"); err != nil {
		return err
	}
	if err := checkSeconds("timeoutSeconds", in.TimeoutSeconds); err != nil {
		return err
	}
	if in.Cancel != nil && in.Cancel.GraceSeconds != nil {
		if err := checkSeconds("cancel.graceSeconds", *in.Cancel.GraceSeconds); err != nil {
			return err
		}
	}
	return in.Report.check()
}

// checkCaller checks what an input says of its caller, and that it means one service.
func checkCaller(service string, r *Request, typ, audience string) error {
	if err := checkName("type", typ); err != nil {
		return err
	}
	if err := checkName("audience", audience); err != nil {
		return err
	}
	if r != nil && service != "" && r.Service != "" && service != r.Service {
		return &InputError{Field: "service", Message: fmt.Sprintf("is %q and request.service is %q; want one of them", service, r.Service)}
	}
	return nil
}

// Check reports the first field that is wrong, as an *InputError.
func (r *Resolve) Check() error {
	set := map[string]bool{"retry": r.Retry, "adopt": r.Adopt != nil, "fail": r.Fail != ""}
	if err := exactlyOne(set, "retry", "adopt", "fail"); err != nil {
		return err
	}
	if r.Adopt != nil {
		return r.Adopt.check()
	}
	return nil
}

// ServiceName is the service that the caller named, if any.
func (in *OperationInput) ServiceName() string {
	if in.Request != nil && in.Request.Service != "" {
		return in.Request.Service
	}
	return in.Service
}

// Check reports the first field that is wrong, as an *InputError whose field is
// below prefix. A nil Polling is valid.
func (p *Polling) Check(prefix string) error {
	if p == nil {
		return nil
	}
	dot := prefix
	if dot != "" {
		dot += "."
	}
	if err := checkSeconds(dot+"intervalSeconds", p.IntervalSeconds); err != nil {
		return err
	}
	if err := checkSeconds(dot+"maxIntervalSeconds", p.MaxIntervalSeconds); err != nil {
		return err
	}
	if p.MaxIntervalSeconds > 0 && p.MaxIntervalSeconds < p.IntervalSeconds {
		return &InputError{Field: dot + "maxIntervalSeconds", Message: fmt.Sprintf("is %v, below intervalSeconds %v", p.MaxIntervalSeconds, p.IntervalSeconds)}
	}
	if p.Backoff != 0 && (p.Backoff < 1 || p.Backoff > 100 || math.IsNaN(p.Backoff)) {
		return &InputError{Field: dot + "backoff", Message: fmt.Sprintf("is %v, want 1 to 100", p.Backoff)}
	}
	if p.NotFoundGraceSeconds != nil {
		return checkSeconds(dot+"notFoundGraceSeconds", *p.NotFoundGraceSeconds)
	}
	return nil
}

func (r *Request) check(prefix, service string) error {
	if r.Method == "" || strings.ContainsFunc(r.Method, notToken) {
		return &InputError{Field: prefix + ".method", Message: fmt.Sprintf("is %q, want an HTTP method such as POST", r.Method)}
	}
	if err := CheckURL(prefix+".url", r.URL); err != nil {
		return err
	}
	if !isAbsolute(r.URL) && service == "" {
		return &InputError{Field: prefix + ".service", Message: "is missing: a relative url needs the service that it is relative to"}
	}
	if err := CheckHeaders(prefix+".headers", r.Headers); err != nil {
		return err
	}
	return r.Body.check(prefix + ".body")
}

func (b *Body) check(field string) error {
	switch {
	case b == nil:
		return nil
	case b.kinds() > 1:
		return &InputError{Field: field, Message: "has more than one kind, want at most one of json, text and base64"}
	case b.JSON != nil && !json.Valid(b.JSON):
		return &InputError{Field: field + ".json", Message: "is not JSON"}
	case b.Base64 != nil:
		if _, err := base64.StdEncoding.DecodeString(*b.Base64); err != nil {
			return &InputError{Field: field + ".base64", Message: "is not padded standard base64: " + err.Error()}
		}
	}
	return nil
}

// CheckRecorded refuses a body that is too large for Temporal to record, see
// MaxRecordedBytes. It is not for requests whose payloads are stored outside. A nil request
// is fine.
func (r *Request) CheckRecorded() error {
	if r == nil || r.Body == nil {
		return nil
	}
	if raw, err := json.Marshal(r.Body); err == nil && len(raw) > MaxRecordedBytes {
		return &InputError{Field: "request.body", Message: fmt.Sprintf("takes %d bytes as JSON, where <, > and & take six, want at most %d, or set storage.url in the configuration", len(raw), MaxRecordedBytes)}
	}
	return nil
}

func (a *Adoption) check() error {
	set := map[string]bool{"azcore": a.Azcore != "", "operation": a.Operation != "", "statusURL": a.StatusURL != ""}
	if err := exactlyOne(set, "azcore", "operation", "statusURL"); err != nil {
		err.Field = "adopt"
		return err
	}
	return nil
}

// CheckURL refuses, naming field, a URL that is empty, too long, of another scheme
// than http and https, or that could be read in two ways.
func CheckURL(field, raw string) error {
	switch {
	case raw == "":
		return &InputError{Field: field, Message: "is missing"}
	case len(raw) > MaxURLBytes:
		return &InputError{Field: field, Message: fmt.Sprintf("has %d bytes, want at most %d", len(raw), MaxURLBytes)}
	case strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' || r == utf8.RuneError }):
		return &InputError{Field: field, Message: "has a space, a backslash or a control character"}
	case strings.HasPrefix(raw, "//"):
		return &InputError{Field: field, Message: "begins with //: want an absolute URL, or a path after the service's baseURL"}
	}
	path, _, _ := strings.Cut(raw, "?")
	path, _, fragment := strings.Cut(path, "#")
	if fragment || strings.Contains(raw, "#") {
		return &InputError{Field: field, Message: "has a fragment"}
	}
	if isAbsolute(path) {
		_, path, _ = strings.Cut(path, "://")
	} else if scheme, _, ok := strings.Cut(path, ":"); ok && !strings.Contains(scheme, "/") {
		return &InputError{Field: field, Message: "has another scheme than http and https"}
	}
	for segment := range strings.SplitSeq(path, "/") {
		if isDots(segment) {
			return &InputError{Field: field, Message: "has a dot segment"}
		}
	}
	return nil
}

// CheckHeaders refuses, naming field, header names that are no tokens, values with
// control characters, and headers that are the worker's to set.
func CheckHeaders(field string, headers map[string][]string) error {
	for _, name := range slices.Sorted(maps.Keys(headers)) { // the same first error each time
		if name == "" || strings.ContainsFunc(name, notToken) {
			return &InputError{Field: field, Message: fmt.Sprintf("has the name %q, want a header name", name)}
		}
		switch strings.ToLower(name) {
		case "authorization", "cookie", "proxy-authorization":
			return &InputError{Field: field + "." + name, Message: "is not the caller's to set: credentials are the worker's, configured under the service's auth"}
		case "host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "keep-alive", "expect":
			return &InputError{Field: field + "." + name, Message: "is the connection's to set"}
		}
		for _, v := range headers[name] {
			if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
				return &InputError{Field: field + "." + name, Message: "has a control character"}
			}
		}
	}
	return nil
}

func exactlyOne(set map[string]bool, names ...string) *InputError {
	var given []string
	for _, n := range names {
		if set[n] {
			given = append(given, n)
		}
	}
	list := strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
	switch len(given) {
	case 1:
		return nil
	case 0:
		return &InputError{Field: names[0], Message: "is missing, want exactly one of " + list}
	}
	return &InputError{Field: given[1], Message: "is set beside " + given[0] + ", want exactly one of " + list}
}

func checkName(field, value string) error {
	if len(value) > MaxNameBytes {
		return &InputError{Field: field, Message: fmt.Sprintf("has %d bytes, want at most %d", len(value), MaxNameBytes)}
	}
	if !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return &InputError{Field: field, Message: "has a control character or is not UTF-8"}
	}
	return nil
}

func checkSeconds(field string, s float64) error {
	if math.IsNaN(s) || s < 0 || s > maxSeconds {
		return &InputError{Field: field, Message: fmt.Sprintf("is %v, want seconds from 0 to %d", s, maxSeconds)}
	}
	return nil
}

func isAbsolute(raw string) bool {
	scheme, _, ok := strings.Cut(raw, "://")
	return ok && (strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http"))
}

// isDots reports whether a path segment is "." or "..", encoded or not.
func isDots(segment string) bool {
	s := strings.ToLower(segment)
	s = strings.ReplaceAll(s, "%2e", ".")
	return s == "." || s == ".."
}

func notToken(r rune) bool {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
		return false
	}
	return !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}
