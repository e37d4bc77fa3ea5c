package link

import (
	"slices"
	"strings"
)

// webLink is one link of a header field Link.
type webLink struct {
	target string // as it is written
	// parameters by their names in lower case. Of several of a name the first counts,
	// as RFC 8288, section 3.3, has it for rel.
	parameters map[string]string
}

// is reports whether the link has a relation type, which compares without case and is
// one of perhaps several (RFC 8288, sections 2.1.1 and 3.3).
func (l webLink) is(relation string) bool {
	return slices.ContainsFunc(strings.Fields(l.parameters["rel"]), func(r string) bool { return strings.EqualFold(r, relation) })
}

// parse reads the values of a header field Link, as RFC 8288, appendix B.2, has it.
// False: what there is cannot be read, and a link may be lost in it.
func parse(values []string) ([]webLink, bool) {
	var links []webLink
	for _, value := range values {
		s := scanner{value}
		for s.skip(" \t,"); s.rest != ""; s.skip(" \t,") {
			l, ok := s.link()
			if !ok {
				return nil, false
			}
			links = append(links, l)
		}
	}
	return links, true
}

// scanner holds what has not been read yet.
type scanner struct{ rest string }

// link reads <target>;name=value;… up to the comma.
func (s *scanner) link() (webLink, bool) {
	if !s.take('<') {
		return webLink{}, false
	}
	target, rest, closed := strings.Cut(s.rest, ">")
	if !closed {
		return webLink{}, false
	}
	s.rest = rest
	l := webLink{target: strings.TrimSpace(target), parameters: map[string]string{}}
	for s.skip(" \t"); s.rest != "" && s.rest[0] != ','; s.skip(" \t") {
		if !s.take(';') || !s.parameter(l.parameters) {
			return webLink{}, false
		}
	}
	return l, true
}

// parameter reads name, or name=value; nothing is allowed for, too (appendix B.3).
func (s *scanner) parameter(into map[string]string) bool {
	s.skip(" \t")
	name, value, ok := strings.ToLower(s.until(" \t=;,")), "", true
	s.skip(" \t")
	if s.take('=') {
		s.skip(" \t")
		value, ok = s.value()
	}
	if _, seen := into[name]; !seen && name != "" {
		into[name] = value
	}
	return ok
}

// value reads a token or a quoted string (RFC 9110, section 5.6.4; appendix B.4).
func (s *scanner) value() (string, bool) {
	if !s.take('"') {
		return s.until(" \t;,"), true
	}
	var out strings.Builder
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return out.String(), true
		case c == '\\' && i+1 < len(s.rest):
			i++
			out.WriteByte(s.rest[i])
		default:
			out.WriteByte(c)
		}
	}
	return "", false
}

func (s *scanner) skip(chars string) { s.rest = strings.TrimLeft(s.rest, chars) }

func (s *scanner) take(c byte) bool {
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

func (s *scanner) until(chars string) string {
	end := strings.IndexAny(s.rest, chars)
	if end < 0 {
		end = len(s.rest)
	}
	out := s.rest[:end]
	s.rest = s.rest[end:]
	return out
}
