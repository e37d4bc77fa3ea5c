package paging

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/jmes"
)

// Body is the JSON of an answer, which is parsed once.
type Body struct {
	whole  func() json.RawMessage            // nil: it is no JSON
	fields func() map[string]json.RawMessage // nil: it is no object
	parsed func() any                        // for JMESPath
}

// BodyOf is an answer's body. One that is no JSON has nothing at any path.
func BodyOf(answer protocol.Exchange) Body {
	return Body{
		whole: sync.OnceValue(func() (raw json.RawMessage) {
			text, _ := answer.Value()
			if json.Unmarshal(text, &raw) != nil {
				return nil
			}
			return raw
		}),
		fields: sync.OnceValue(func() map[string]json.RawMessage {
			object, _ := answer.Object()
			return object
		}),
		parsed: sync.OnceValue(func() any {
			text, _ := answer.Value()
			return jmes.ParseExact(text)
		}),
	}
}

// Object is the body where that is a JSON object.
func (b Body) Object() (map[string]json.RawMessage, bool) {
	object := b.fields()
	return object, object != nil
}

// Path is JMESPath on a body. One that only names fields, such as value, a.b or
// "odata.value", gives what is there byte for byte. It is safe for concurrent use.
type Path struct {
	names      []string   // the fields with which it begins
	expression *jmes.Path // nil: that is all
	source     string
}

// Whole is the path of the body itself.
func Whole() *Path { return &Path{source: "@"} }

// Field is the path of one field.
func Field(name string) *Path { return &Path{names: []string{name}, source: name} }

// Compile reads an expression. One that does not compile is a *perdure.InputError
// that names field.
func Compile(field, expression string) (*Path, error) {
	if strings.TrimSpace(expression) == "" {
		return nil, &perdure.InputError{Field: field, Message: "is empty, want a JMESPath expression"}
	}
	compiled, err := jmes.Compile(field, expression)
	if err != nil {
		return nil, err
	}
	names, rest := cutNames(expression)
	p := &Path{names: names, expression: compiled, source: expression}
	if rest == "" || strings.TrimSpace(expression) == "@" {
		p.expression = nil
	}
	return p, nil
}

// identifier of JMESPath, unquoted or a JSON string.
var identifier = regexp.MustCompile(`^\s*([A-Za-z_][A-Za-z0-9_]*|"(?:[^"\\]|\\.)*")\s*`)

// cutNames cuts off the names of fields with which a JMESPath expression begins.
func cutNames(expression string) (names []string, rest string) {
	rest = expression
	for {
		m := identifier.FindStringSubmatch(rest)
		if m == nil {
			return names, rest
		}
		name := m[1]
		if strings.HasPrefix(name, `"`) {
			name = protocol.String(json.RawMessage(name))
		}
		names, rest = append(names, name), rest[len(m[0]):]
		after, more := strings.CutPrefix(rest, ".")
		if !more {
			return names, rest
		}
		rest = after
	}
}

// In gives what is at the path, perhaps null. False: there is nothing. What an
// expression gives as null is null only where the fields with which it begins are;
// else it is nothing.
func (p *Path) In(b Body) (raw json.RawMessage, found bool) {
	raw, found = p.named(b)
	if p.expression == nil {
		return raw, found
	}
	if value := p.expression.Raw(b.parsed()); value != nil {
		return value, true
	}
	if found && isNull(raw) {
		return raw, true
	}
	return nil, false
}

// named follows the names. A null on the way is a null at its end.
func (p *Path) named(b Body) (raw json.RawMessage, found bool) {
	if len(p.names) == 0 {
		raw = b.whole()
		return raw, raw != nil
	}
	raw, found = b.fields()[p.names[0]]
	for _, name := range p.names[1:] {
		if !found || isNull(raw) {
			return raw, found
		}
		fields, _ := protocol.Exchange{Body: raw}.Object()
		raw, found = fields[name]
	}
	return raw, found
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }
