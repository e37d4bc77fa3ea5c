package worker

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// json gives a value that is passed through as the JSON that it stands for.
// Numbers keep every digit.
func (d *decoder) json(key string, n ast.Node) (json.RawMessage, bool) {
	defer d.enter(n)()
	switch n := n.(type) {
	case ast.MapNode:
		return d.jsonObject(key, n)
	case *ast.SequenceNode:
		return d.jsonList(key, n)
	case *ast.StringNode:
		if n.Token.Type == token.StringType && isNumber(n.Value) { // the parser takes plain integers beyond 64 bits for text
			return json.RawMessage(n.Value), true
		}
		return encoded(n.Value)
	case *ast.LiteralNode:
		return encoded(n.Value.Value)
	case *ast.BoolNode:
		return encoded(n.Value)
	case *ast.IntegerNode, *ast.FloatNode:
		if text := []byte(n.GetToken().Value); json.Valid(text) {
			return text, true
		}
		value, _ := numberOf(n)
		return encoded(value)
	}
	d.wrongKind(key, n, "JSON")
	return nil, false
}

func (d *decoder) jsonObject(key string, n ast.MapNode) (json.RawMessage, bool) {
	node, ok := n.(ast.Node)
	if !ok {
		return nil, false
	}
	entries, _ := d.entries(key, node)
	var out bytes.Buffer
	out.WriteByte('{')
	for i, e := range entries {
		if i > 0 {
			out.WriteByte(',')
		}
		name, _ := encoded(e.name)
		d.source.lines[below(key, e.name)] = e.line
		out.Write(append(name, ':'))
		out.Write(d.jsonElement(below(key, e.name), e.value))
	}
	out.WriteByte('}')
	return out.Bytes(), true
}

func (d *decoder) jsonList(key string, n *ast.SequenceNode) (json.RawMessage, bool) {
	var out bytes.Buffer
	out.WriteByte('[')
	for i, value := range n.Values {
		if i > 0 {
			out.WriteByte(',')
		}
		out.Write(d.jsonElement(fmt.Sprintf("%s[%d]", key, i), value))
	}
	out.WriteByte(']')
	return out.Bytes(), true
}

// jsonElement is null for what is not there or was refused.
func (d *decoder) jsonElement(key string, n ast.Node) json.RawMessage {
	if n, ok := d.resolve(key, n); ok {
		if raw, ok := d.json(key, n); ok {
			return raw
		}
	}
	return json.RawMessage("null")
}

func isNumber(s string) bool {
	return strings.Trim(s, "-0123456789") == "" && json.Valid([]byte(s))
}

func encoded(v any) (json.RawMessage, bool) {
	raw, err := json.Marshal(v)
	return raw, err == nil
}
