package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/perdure-dev/perdure"
)

// Bounds of a YAML input: an alias can multiply what it names.
const (
	maxYAMLNodes = 1_000_000
	maxYAMLDepth = 100
)

// jsonOfYAML gives the JSON that a YAML document stands for. Numbers keep every
// digit. Errors are *perdure.InputError and quote nothing of the content.
func jsonOfYAML(content []byte) ([]byte, error) {
	file, err := parser.ParseBytes(content, 0)
	if err != nil {
		return nil, yamlSyntax(err)
	}
	var roots []ast.Node
	for _, document := range file.Docs {
		if document.Body != nil && document.Body.Type() != ast.CommentType && document.Body.Type() != ast.CommentGroupType {
			roots = append(roots, document.Body)
		}
	}
	if len(roots) != 1 {
		return nil, &perdure.InputError{Message: fmt.Sprintf("has %d documents, want one", len(roots))}
	}
	y := &yamlReader{anchors: map[string]ast.Node{}, nodes: maxYAMLNodes}
	if err := y.write(roots[0], 0); err != nil {
		return nil, err
	}
	return y.out.Bytes(), nil
}

func yamlSyntax(err error) error {
	message := "is neither JSON nor YAML"
	if syntax, ok := errors.AsType[*yaml.SyntaxError](err); ok {
		message += ": " + syntax.Message
		if syntax.Token != nil && syntax.Token.Position != nil {
			message += fmt.Sprintf(" (line %d)", syntax.Token.Position.Line)
		}
	}
	return &perdure.InputError{Message: message}
}

// yamlReader writes nodes as JSON.
type yamlReader struct {
	out     bytes.Buffer
	anchors map[string]ast.Node
	nodes   int
}

func (y *yamlReader) write(n ast.Node, depth int) error {
	n, err := y.resolve(n)
	if err != nil {
		return err
	}
	if y.nodes--; y.nodes < 0 || depth > maxYAMLDepth {
		return refuse(n, "the input is too large or nested too deeply")
	}
	switch n := n.(type) {
	case nil, *ast.NullNode:
		y.out.WriteString("null")
	case ast.MapNode:
		return y.writeObject(n, depth)
	case *ast.SequenceNode:
		return y.writeList(n, depth)
	case *ast.BoolNode:
		return y.encode(n.Value)
	case *ast.StringNode:
		if n.Token.Type == token.StringType && isInteger(n.Value) { // the parser takes plain integers beyond 64 bits for text
			y.out.WriteString(n.Value)
			return nil
		}
		return y.encode(n.Value)
	case *ast.LiteralNode:
		return y.encode(n.Value.Value)
	case *ast.IntegerNode:
		return y.writeNumber(n, n.Value)
	case *ast.FloatNode:
		return y.writeNumber(n, n.Value)
	default:
		return refuse(n, "is no plain value")
	}
	return nil
}

// writeNumber keeps the spelling, where it is JSON's too.
func (y *yamlReader) writeNumber(n ast.Node, value any) error {
	if text := n.GetToken().Value; json.Valid([]byte(text)) {
		y.out.WriteString(text)
		return nil
	}
	return y.encode(value)
}

func (y *yamlReader) writeList(n *ast.SequenceNode, depth int) error {
	y.out.WriteByte('[')
	for i, value := range n.Values {
		if i > 0 {
			y.out.WriteByte(',')
		}
		if err := y.write(value, depth+1); err != nil {
			return err
		}
	}
	y.out.WriteByte(']')
	return nil
}

func (y *yamlReader) writeObject(n ast.MapNode, depth int) error {
	y.out.WriteByte('{')
	for i, first := n.MapRange(), true; i.Next(); first = false {
		if !first {
			y.out.WriteByte(',')
		}
		name, err := keyOf(i.Key())
		if err != nil {
			return err
		}
		if err := y.encode(name); err != nil {
			return err
		}
		y.out.WriteByte(':')
		if err := y.write(i.Value(), depth+1); err != nil {
			return err
		}
	}
	y.out.WriteByte('}')
	return nil
}

func keyOf(n ast.MapKeyNode) (string, error) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.MergeKeyNode, *ast.MappingKeyNode:
		return "", refuse(n, "has a merge or a complex key, want plain keys")
	}
	return strings.TrimSpace(n.GetToken().Value), nil
}

// resolve follows anchors and aliases.
func (y *yamlReader) resolve(n ast.Node) (ast.Node, error) {
	switch n := n.(type) {
	case *ast.AnchorNode:
		value, err := y.resolve(n.Value)
		y.anchors[n.Name.GetToken().Value] = value
		return value, err
	case *ast.AliasNode:
		value, ok := y.anchors[n.Value.GetToken().Value]
		if !ok {
			return nil, refuse(n, "is an alias of an anchor that is not defined above")
		}
		return value, nil
	case *ast.TagNode:
		return nil, refuse(n, "has a YAML tag, want a plain value")
	}
	return n, nil
}

func (y *yamlReader) encode(v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return &perdure.InputError{Message: "holds a value that JSON does not have"}
	}
	y.out.Write(raw)
	return nil
}

func refuse(n ast.Node, message string) error {
	if n == nil {
		return &perdure.InputError{Message: message}
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		message = fmt.Sprintf("line %d: %s", t.Position.Line, message)
	}
	return &perdure.InputError{Message: message}
}

func isInteger(s string) bool {
	return strings.Trim(s, "-0123456789") == "" && json.Valid([]byte(s))
}
