package transport

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// origin is scheme, host and port, in lower case, the port always given.
type origin struct{ scheme, host, port string }

func originOf(u *url.URL) origin {
	o := origin{scheme: strings.ToLower(u.Scheme), host: strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), port: u.Port()}
	if o.port == "" {
		o.port = map[string]string{"https": "443", "http": "80"}[o.scheme]
	}
	return o
}

// String is the origin as in a URL.
func (o origin) String() string { return o.scheme + "://" + net.JoinHostPort(o.host, o.port) }

// originPattern is an exact origin, or every host below a domain.
type originPattern struct {
	origin
	below bool // host begins with a dot, and at least one label comes before it
}

func (p originPattern) matches(o origin) bool {
	if p.scheme != o.scheme || p.port != o.port {
		return false
	}
	if p.below {
		return len(o.host) > len(p.host) && strings.HasSuffix(o.host, p.host)
	}
	return p.host == o.host
}

// covers reports whether p matches whatever q matches.
func (p originPattern) covers(q originPattern) bool {
	if !q.below {
		return p.matches(q.origin)
	}
	return p.below && p.scheme == q.scheme && p.port == q.port && strings.HasSuffix(q.host, p.host)
}

func matchesAny(patterns []originPattern, o origin) bool {
	for _, p := range patterns {
		if p.matches(o) {
			return true
		}
	}
	return false
}

// SameOrigin reports whether two URLs have one origin.
func SameOrigin(a, b string) bool {
	one, ok := readOrigin(a)
	other, otherOK := readOrigin(b)
	return ok && otherOK && one == other
}

// OriginMatches reports whether an entry of [Config.AllowedOrigins] or
// [Config.CredentialOrigins] matches the origin of a URL.
func OriginMatches(entry, target string) bool {
	o, ok := readOrigin(target)
	patterns, err := parseOrigins("", []string{entry})
	return ok && err == nil && matchesAny(patterns, o)
}

// readOrigin is false for a URL that has none.
func readOrigin(raw string) (origin, bool) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return origin{}, false
	}
	return originOf(u), true
}

func parseOrigins(key string, list []string) ([]originPattern, error) {
	var out []originPattern
	for _, raw := range list {
		scheme, host, _ := strings.Cut(raw, "://")
		host, below := strings.CutPrefix(host, "*.")
		u, err := url.Parse(scheme + "://" + host)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || strings.Contains(host, "*") ||
			u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
			return nil, fmt.Errorf("%s: %q is no origin, want https://host, https://host:port or https://*.domain", key, raw)
		}
		p := originPattern{origin: originOf(u), below: below}
		if below {
			p.host = "." + p.host
		}
		out = append(out, p)
	}
	return out, nil
}
