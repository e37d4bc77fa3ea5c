package waiter

import (
	"encoding/json"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/jmes"
)

// request is a method and a URL template.
type request struct {
	method string
	url    template
}

// readRequest reads {"method", "url"}, or the URL alone.
func readRequest(field, method string, raw json.RawMessage) (*request, error) {
	given := struct {
		Method string `json:"method"`
		URL    string `json:"url"`
	}{Method: method, URL: protocol.String(raw)}
	if given.URL == "" {
		if err := protocol.Options(raw, &given); err != nil {
			return nil, inside(field, err)
		}
	}
	if !methods[given.Method] {
		return nil, &perdure.InputError{Field: field + ".method", Message: "is unknown, want GET, POST, PUT, PATCH or DELETE"}
	}
	t, err := readTemplate(field+".url", given.URL)
	if err != nil {
		return nil, err
	}
	return &request{method: given.Method, url: t}, nil
}

var methods = map[string]bool{"GET": true, "POST": true, "PUT": true, "PATCH": true, "DELETE": true}

// template is a URL with JMESPath expressions in braces: parts of it are either.
type template []part

type part struct {
	literal string
	path    *jmes.Path // nil: the literal
	source  string
	query   bool // the part stands in the query
}

// readTemplate reads "https://h/jobs/{id}". An expression may have braces and quotes
// of its own. Without one the URL is the same for each operation.
func readTemplate(field, text string) (template, error) {
	if text == "" {
		return nil, &perdure.InputError{Field: field, Message: "is missing"}
	}
	var t template
	var plain strings.Builder // as it may look when it is filled
	for rest, query := text, false; rest != ""; {
		literal, after, found := strings.Cut(rest, "{")
		if strings.Contains(literal, "}") {
			return nil, &perdure.InputError{Field: field, Message: "has a closing brace that was not opened"}
		}
		query = query || strings.Contains(literal, "?")
		t = append(t, part{literal: literal})
		plain.WriteString(literal)
		if !found {
			break
		}
		expression, remaining, closed := cutExpression(after)
		if !closed {
			return nil, &perdure.InputError{Field: field, Message: "has a brace that is not closed"}
		}
		compiled, err := jmes.Compile(field, expression)
		if err != nil {
			return nil, err
		}
		t = append(t, part{path: compiled, source: expression, query: query})
		plain.WriteString("x")
		rest = remaining
	}
	if t.begins() { // the service names the URL
		return t, nil
	}
	if t.beforePath() {
		return nil, &perdure.InputError{Field: field, Message: "has an expression before its path"}
	}
	return t, perdure.CheckURL(field, plain.String())
}

// cutExpression finds the brace that closes an expression, past what stands in quotes
// (JMESPath: 'raw', "identifier", `literal`) and in braces of its own.
func cutExpression(text string) (expression, rest string, closed bool) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\'', '"', '`':
			end := closingQuote(text[i+1:], c)
			if end < 0 {
				return "", "", false
			}
			i += 1 + end
		case '{':
			depth++
		case '}':
			if depth == 0 {
				return text[:i], text[i+1:], true
			}
			depth--
		}
	}
	return "", "", false
}

func closingQuote(text string, quote byte) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case quote:
			return i
		}
	}
	return -1
}

// begins reports whether the URL begins with an expression, whose value is then a URL
// that the service gives, and not only a piece of one.
func (t template) begins() bool { return len(t) > 1 && t[0].literal == "" }

// beforePath: an expression in the scheme or the host.
func (t template) beforePath() bool {
	if len(t) < 2 {
		return false
	}
	before := t[0].literal
	if _, rest, absolute := strings.Cut(before, "://"); absolute {
		before = rest
	}
	return !strings.ContainsAny(before, "/?")
}

// fixed reports whether there is nothing to fill in.
func (t template) fixed() bool { return len(t) == 1 }

// fill puts what the document has into the template: no value can name another path
// or add to the query.
func (t template) fill(start protocol.Exchange, field string, document any) (string, error) {
	var out strings.Builder
	for i, p := range t {
		if p.path == nil {
			out.WriteString(p.literal)
			continue
		}
		text, ok := p.path.Text(document)
		switch {
		case !ok:
			return "", violation("the start's answer has no text or number at " + quote(p.source) + ", which " + field + " needs")
		case i == 1 && t.begins():
			out.WriteString(text)
		case p.query:
			out.WriteString(strings.ReplaceAll(url.QueryEscape(text), "+", "%20"))
		case hasDots(text):
			return "", violation("the start's answer has a dot segment at " + quote(p.source) + ", which " + field + " needs")
		default:
			out.WriteString(url.PathEscape(text))
		}
	}
	if t.begins() {
		return start.Resolve(Name, field, out.String())
	}
	if out.Len() > perdure.MaxURLBytes {
		return "", violation("the start's answer makes the URL of " + field + " too long")
	}
	return out.String(), nil
}

// quote keeps an expression on one line of a message.
func quote(source string) string {
	raw, err := json.Marshal(protocol.Cut(source, 200))
	if err != nil {
		return "an expression"
	}
	return string(raw)
}

// hasDots reports whether a segment of a value is "." or "..": servers that decode a
// path before they read it would take it for another.
func hasDots(text string) bool {
	for segment := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '/' || r == '\\' || r == utf8.RuneError }) {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}
