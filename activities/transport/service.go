package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/perdure-dev/perdure/activities/auth"
)

// Config describes one service.
type Config struct {
	Name    string
	BaseURL string // absolute, http or https, without query
	// Allow lists what a caller may ask for, as "METHOD /path"; paths come after
	// BaseURL's, * is one segment, ** any number. Empty: everything.
	Allow         []string
	Credential    auth.Credential // nil: none
	Headers       http.Header
	SecretHeaders []string
	// AllowedOrigins may be named by the service beside BaseURL's own: exact, or
	// with "*." before a domain. CredentialOrigins among them also get credentials.
	AllowedOrigins    []string
	CredentialOrigins []string
	// AllowPrivateNetwork permits loopback, private, link-local and other addresses
	// that are not of the public internet.
	AllowPrivateNetwork bool
	// Proxy is the URL of an HTTP proxy, which resolves names by itself: of the rules
	// about addresses, those hold that a name or a literal can be held against. ""
	// is none; the environment's is never used.
	Proxy string
	TLS   TLS
	// StickyCookies sends the cookies of an operation where its credentials may go.
	StickyCookies bool
	Limits        Limits
	// Dial connects; nil: over the network. One of your own decides itself which
	// addresses it refuses: AllowPrivateNetwork is not looked at.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Observer of the service's requests; nil: nobody.
	Observer Observer
}

// Limits of a service. Zero fields take the default.
type Limits struct {
	RequestsPerSecond float64       // evenly spaced; default: no limit
	Concurrency       int           // requests at once; default 50
	RequestTimeout    time.Duration // of one request, its answer included; default 60 s
	MaxResponseBytes  int64         // of an answer's body; default 32 MiB
	CaptureBytes      int           // of a captured body; default 64 KiB
}

// Defaults of Limits.
const (
	DefaultConcurrency      = 50
	DefaultRequestTimeout   = time.Minute
	DefaultMaxResponseBytes = 32 << 20
	DefaultCaptureBytes     = 64 << 10
)

// Service is a configured service, safe for concurrent use.
type Service struct {
	name       string
	base       *url.URL
	allow      []rule
	credential auth.Credential
	headers    http.Header
	secret     map[string]bool // canonical names of headers that are never captured
	hidden     []string        // names of the query's parameters in which the credential goes
	own        origin
	allowed    []originPattern
	trusted    []originPattern
	sticky     bool
	namesOnly  bool // a proxy resolves: names and literals are all that can be checked
	limits     Limits
	observer   Observer

	pause pause
	rate  *rate.Limiter
	slots *semaphore.Weighted
	// asks reuses connections; starts never does, and speaks HTTP/1.1: so net/http
	// has no ground on which it would send a request a second time by itself.
	asks, starts http.RoundTripper
}

// NewService checks a configuration. An error names the key that is wrong.
func NewService(c Config) (*Service, error) {
	base, err := parseBase(c.BaseURL)
	if err != nil {
		return nil, err
	}
	s := &Service{
		name: c.Name, base: base, own: originOf(base), credential: c.Credential,
		headers: c.Headers.Clone(), secret: secretNames(c.SecretHeaders), sticky: c.StickyCookies, limits: c.Limits.withDefaults(),
		observer: unobserved{},
	}
	if c.Observer != nil {
		s.observer = c.Observer
	}
	if inQuery, ok := c.Credential.(interface{ SecretParameters() []string }); ok {
		s.hidden = inQuery.SecretParameters()
	}
	if s.allow, err = parseRules(c.Allow); err != nil {
		return nil, err
	}
	if s.allowed, err = parseOrigins("allowedOrigins", c.AllowedOrigins); err != nil {
		return nil, err
	}
	if s.trusted, err = parseOrigins("credentialOrigins", c.CredentialOrigins); err != nil {
		return nil, err
	}
	for i, p := range s.trusted {
		if !slices.ContainsFunc(s.allowed, func(a originPattern) bool { return a.covers(p) }) {
			return nil, fmt.Errorf("credentialOrigins: %q is not among allowedOrigins", c.CredentialOrigins[i])
		}
	}
	if err := c.Limits.check(); err != nil {
		return nil, err
	}
	s.rate = rate.NewLimiter(rate.Inf, 1)
	if c.Limits.RequestsPerSecond > 0 {
		s.rate = rate.NewLimiter(rate.Limit(c.Limits.RequestsPerSecond), 1) // evenly: a burst would exceed a quota in its first second
	}
	s.slots = semaphore.NewWeighted(int64(s.limits.Concurrency))
	if s.asks, err = c.roundTripper(func(t *http.Transport) { t.ForceAttemptHTTP2 = true }); err != nil {
		return nil, err
	}
	s.starts, err = c.roundTripper(func(t *http.Transport) {
		t.DisableKeepAlives = true
		t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	})
	s.namesOnly = c.Proxy != "" && !c.AllowPrivateNetwork
	return s, err
}

// Name is the service's name in the configuration.
func (s *Service) Name() string { return s.name }

// Limits are the limits in force.
func (s *Service) Limits() Limits { return s.limits }

func (l Limits) check() error {
	for _, limit := range []struct {
		key   string
		value float64
	}{
		{"requestsPerSecond", l.RequestsPerSecond},
		{"concurrency", float64(l.Concurrency)},
		{"requestTimeoutSeconds", l.RequestTimeout.Seconds()},
		{"maxResponseBytes", float64(l.MaxResponseBytes)},
		{"captureBytes", float64(l.CaptureBytes)},
	} {
		if limit.value < 0 || math.IsNaN(limit.value) {
			return fmt.Errorf("limits.%s: is %v, want 0 for the default, or more", limit.key, limit.value)
		}
	}
	return nil
}

func (l Limits) withDefaults() Limits {
	if l.Concurrency == 0 {
		l.Concurrency = DefaultConcurrency
	}
	if l.RequestTimeout == 0 {
		l.RequestTimeout = DefaultRequestTimeout
	}
	if l.MaxResponseBytes == 0 {
		l.MaxResponseBytes = DefaultMaxResponseBytes
	}
	if l.CaptureBytes == 0 {
		l.CaptureBytes = DefaultCaptureBytes
	}
	return l
}

func parseBase(raw string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimRight(raw, "/"))
	switch {
	case raw == "":
		return nil, errors.New("baseURL: is missing")
	case err != nil:
		return nil, errors.New("baseURL: is malformed")
	case base.Scheme != "https" && base.Scheme != "http" || base.Hostname() == "":
		return nil, errors.New("baseURL: want an absolute http or https URL")
	case base.User != nil || base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return nil, errors.New("baseURL: want no user, query or fragment in it")
	}
	return base, nil
}
