package worker

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// entry is one key of a mapping with its value.
type entry struct {
	name  string
	line  int
	value ast.Node
}

// resolve follows anchors and aliases to the value. False: there is none, or what
// stands there was refused.
func (d *decoder) resolve(key string, n ast.Node) (ast.Node, bool) {
	if d.budget--; d.budget < 0 {
		if d.budget == -1 {
			d.refuse(key, 0, "the configuration is too large")
		}
		return nil, false
	}
	switch n := n.(type) {
	case nil:
		delete(d.source.lines, key)
		return nil, false
	case *ast.NullNode:
		delete(d.source.lines, key)
		return nil, false
	case *ast.AnchorNode:
		value, ok := d.resolve(key, n.Value)
		if ok {
			d.anchors[n.Name.GetToken().Value] = value
		}
		return value, ok
	case *ast.AliasNode:
		value, ok := d.anchors[n.Value.GetToken().Value]
		switch {
		case !ok:
			d.refuse(key, lineOf(n), "is an alias of an anchor that is not defined above")
		case d.open[value]:
			d.refuse(key, lineOf(n), "is an alias of what it is a part of")
			return nil, false
		}
		return value, ok
	case *ast.TagNode:
		d.refuse(key, lineOf(n), "has a YAML tag, want a plain value")
		return nil, false
	}
	return n, true
}

// enter marks a node as being read, until the function that it returns is called.
func (d *decoder) enter(n ast.Node) (leave func()) {
	if d.open[n] { // by a caller, who leaves it
		return func() {}
	}
	d.open[n] = true
	return func() { delete(d.open, n) }
}

// entries lists what a mapping holds, merges included. False: it is no mapping.
func (d *decoder) entries(key string, n ast.Node) ([]entry, bool) {
	m, ok := n.(ast.MapNode)
	if !ok {
		d.wrongKind(key, n, "an object")
		return nil, false
	}
	var own, merged []entry
	for i := m.MapRange(); i.Next(); {
		switch k := i.Key().(type) {
		case *ast.MergeKeyNode:
			merged = append(merged, d.merged(key, i.Value())...)
		case *ast.MappingKeyNode:
			d.refuse(key, lineOf(k), "has a key that is no plain word")
		default:
			own = append(own, entry{name: nameOf(k), line: lineOf(k), value: i.Value()})
		}
	}
	seen := map[string]bool{}
	out := own[:0:0]
	for _, e := range append(own, merged...) { // what comes first wins
		if !seen[e.name] {
			out = append(out, e)
		}
		seen[e.name] = true
	}
	return out, true
}

// merged lists what "<<" brings in: an object, or a list of objects.
func (d *decoder) merged(key string, n ast.Node) []entry {
	n, ok := d.resolve(below(key, "<<"), n)
	if !ok {
		return nil
	}
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		out, _ := d.entries(below(key, "<<"), n)
		return out
	}
	var out []entry
	for _, value := range list.Values {
		if value, ok := d.resolve(below(key, "<<"), value); ok {
			more, _ := d.entries(below(key, "<<"), value)
			out = append(out, more...)
		}
	}
	return out
}

func nameOf(k ast.MapKeyNode) string {
	if s, ok := k.(*ast.StringNode); ok {
		return s.Value
	}
	return strings.TrimSpace(k.GetToken().Value)
}

// lineOf is the line on which a value begins. A block mapping begins with its key,
// where the parser's own token is the colon.
func lineOf(n ast.Node) int {
	switch m := n.(type) {
	case *ast.MappingValueNode:
		n = m.Key
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			n = m.Values[0].Key
		}
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

// numberOf is the value of a finite number.
func numberOf(n ast.Node) (float64, bool) {
	switch n := n.(type) {
	case *ast.FloatNode:
		return n.Value, true
	case *ast.IntegerNode:
		switch v := n.Value.(type) {
		case int64:
			return float64(v), true
		case uint64:
			return float64(v), true
		}
	}
	return 0, false
}

func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return "a string"
	case *ast.IntegerNode, *ast.FloatNode:
		return "a number"
	case *ast.BoolNode:
		return "true or false"
	case *ast.SequenceNode:
		return "a list"
	case ast.MapNode:
		return "an object"
	case *ast.InfinityNode, *ast.NanNode:
		return "not finite"
	}
	return "no plain value"
}
