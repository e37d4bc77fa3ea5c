package transport

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/perdure-dev/perdure"
)

// rule is one line of a service's allow list.
type rule struct {
	method   string // "*" is any
	segments []string
}

func parseRules(lines []string) ([]rule, error) {
	var out []rule
	for _, line := range lines {
		method, path, ok := strings.Cut(line, " ")
		if !ok || method == "" || !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " ?#%") {
			return nil, fmt.Errorf(`allow: %q is no rule, want "METHOD /path" with * for one segment and ** for any`, line)
		}
		out = append(out, rule{method: strings.ToUpper(method), segments: strings.Split(path[1:], "/")})
	}
	return out, nil
}

// CheckChosen reports why a caller may not ask for a method and URL of which only a
// part is its own choice: by which field a URL is found in an answer, or with which
// method it is asked. Where there is an allow list, that is the limit; where there is
// none, it is the origins.
func (s *Service) CheckChosen(method string, u *url.URL) error {
	if len(s.allow) == 0 {
		return nil
	}
	return s.CheckAllowed(method, u)
}

// CheckAllowed reports, as an *perdure.EgressError, why a caller may not ask for
// this method and URL. The caller's own choice must stay on the service's own
// origin, and within its allow list where there is one.
func (s *Service) CheckAllowed(method string, u *url.URL) error {
	target := method + " " + u.EscapedPath()
	if err := checkMethod(method); err != nil {
		return err
	}
	if err := checkForm(u); err != nil {
		return err
	}
	if originOf(u) != s.own {
		return &perdure.EgressError{Target: originOf(u).String(), Message: fmt.Sprintf("is not the origin of service %q", s.name)}
	}
	if len(s.allow) == 0 {
		return nil
	}
	segments, ok := segmentsBelow(s.base, u)
	if !ok {
		return &perdure.EgressError{Target: target, Message: fmt.Sprintf("is not below baseURL of service %q, or its path can be read in two ways", s.name)}
	}
	for _, r := range s.allow {
		if (r.method == "*" || r.method == strings.ToUpper(method)) && matchSegments(r.segments, segments) {
			return nil
		}
	}
	return &perdure.EgressError{Target: target, Message: fmt.Sprintf("is not in the allow list of service %q", s.name)}
}

// segmentsBelow splits the path after base's. False where it is not below it, and
// where servers read it in different ways: empty or dot segments, encoded slashes,
// backslashes, control characters and what is no UTF-8.
func segmentsBelow(base, u *url.URL) ([]string, bool) {
	rest, ok := strings.CutPrefix(u.EscapedPath(), base.EscapedPath())
	if !ok || !strings.HasPrefix(rest, "/") {
		return nil, false
	}
	segments := strings.Split(rest[1:], "/")
	for i, escaped := range segments {
		plain, err := url.PathUnescape(escaped)
		if err != nil || plain == "" && i < len(segments)-1 || !isPlain(plain) {
			return nil, false
		}
		segments[i] = plain
	}
	return segments, true
}

func isPlain(segment string) bool {
	return segment != "." && segment != ".." && utf8.ValidString(segment) &&
		!strings.ContainsFunc(segment, func(r rune) bool { return r < ' ' || r == 0x7f || strings.ContainsRune(`/\;%`, r) })
}

// matchSegments goes back only to the last **, so that its time is bounded by the
// product of both lengths, whatever the path.
func matchSegments(pattern, segments []string) bool {
	p, s := 0, 0
	wild, resume := -1, 0 // the last ** seen, and the first segment after what it takes
	for s < len(segments) {
		switch {
		case p < len(pattern) && pattern[p] == "**":
			wild, resume = p, s
			p++
		case p < len(pattern) && matchSegment(pattern[p], segments[s]):
			p++
			s++
		case wild >= 0:
			resume++
			p, s = wild+1, resume
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == "**" {
		p++
	}
	return p == len(pattern)
}

func matchSegment(pattern, segment string) bool {
	if pattern == "*" {
		return segment != ""
	}
	return pattern == segment
}

// checkMethod refuses methods that are no question to a service: TRACE is answered
// with the request itself, credentials included, and CONNECT with a tunnel.
func checkMethod(method string) error {
	switch strings.ToUpper(method) {
	case http.MethodTrace, http.MethodConnect:
		return &perdure.EgressError{Target: method, Message: "is a method that is never sent"}
	}
	return nil
}

// overrides are headers that many servers take for the method or the path, whatever the
// request line says.
var overrides = []string{"X-Http-Method", "X-Http-Method-Override", "X-Method-Override", "X-Original-Uri", "X-Original-Url", "X-Rewrite-Url"}

// isOverride reports whether a caller's header would get around the allow list.
func (s *Service) isOverride(header string) bool {
	return len(s.allow) > 0 && slices.Contains(overrides, http.CanonicalHeaderKey(header))
}

// checkForm refuses what no request of ours may name.
func checkForm(u *url.URL) error {
	switch {
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
		return &perdure.EgressError{Target: u.Scheme + ":", Message: "want an absolute http or https URL"}
	case u.User != nil:
		return &perdure.EgressError{Target: originOf(u).String(), Message: "has a user in its URL"}
	case len(u.String()) > perdure.MaxURLBytes:
		return &perdure.EgressError{Target: originOf(u).String(), Message: fmt.Sprintf("its URL is longer than %d bytes", perdure.MaxURLBytes)}
	}
	return nil
}

// checkOrigin reports whether a request may go to u, and whether with credentials.
func (s *Service) checkOrigin(u *url.URL) (credentials bool, err error) {
	if err := checkForm(u); err != nil {
		return false, err
	}
	o := originOf(u)
	switch {
	case o == s.own:
		return true, nil
	case matchesAny(s.allowed, o):
		return matchesAny(s.trusted, o), nil
	}
	return false, &perdure.EgressError{Target: o.String(), Message: fmt.Sprintf("is not an allowed origin of service %q", s.name)}
}

// Resolve makes a caller's URL absolute: relative ones come after baseURL with one
// slash between.
func (s *Service) Resolve(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if strings.HasPrefix(raw, "/") || err == nil && u.Scheme == "" {
		u, err = url.Parse(s.base.String() + "/" + strings.TrimPrefix(raw, "/"))
	}
	if err != nil {
		return nil, &perdure.InputError{Field: "request.url", Message: "is malformed"}
	}
	return u, nil
}

// Find picks the service that a caller means: by name, or by the URL's origin where
// that belongs to exactly one.
func Find(services map[string]*Service, name, rawURL string) (*Service, error) {
	if name != "" {
		if s := services[name]; s != nil {
			return s, nil
		}
		return nil, &perdure.InputError{Field: "request.service", Message: fmt.Sprintf("%q is not in the worker's configuration", name)}
	}
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, &perdure.InputError{Field: "request.url", Message: "is malformed"}
	}
	if err := checkForm(u); err != nil {
		return nil, err
	}
	var found []*Service
	var names []string
	for _, s := range services {
		if s.own == originOf(u) {
			found, names = append(found, s), append(names, s.name)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, &perdure.EgressError{Target: originOf(u).String(), Message: "belongs to no service of the worker's configuration"}
	}
	slices.Sort(names)
	return nil, &perdure.InputError{Field: "request.service", Message: "is missing: the url's origin belongs to " + strings.Join(names, " and ")}
}
