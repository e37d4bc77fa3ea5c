package worker

import (
	"errors"
	"fmt"
	"os"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFileBytes of a configuration.
const maxFileBytes = 4 << 20

// Load reads a configuration from a file, as [Parse] does.
func Load(path string) (*Config, error) {
	content, err := read(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, content)
}

func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("worker: configuration: %w", err) // names the path
	}
	if info.Size() > maxFileBytes {
		return nil, &KeyError{File: path, Message: fmt.Sprintf("has %d bytes, want at most %d", info.Size(), maxFileBytes)}
	}
	content, err := os.ReadFile(path) //nolint:gosec // the path is the caller's to choose
	if err != nil {
		return nil, fmt.Errorf("worker: configuration: %w", err)
	}
	return content, nil
}

// Parse reads a configuration from YAML, or JSON, which is YAML. Name is the file
// that it came from: errors begin with it, and relative paths are relative to its
// folder. The error joins one *KeyError for each unknown key and each value of a
// wrong kind. Whether the values make sense is for [Config.Check] to say.
func Parse(name string, content []byte) (*Config, error) {
	cfg, problems := parse(name, content)
	if err := joined(problems); err != nil {
		return nil, err
	}
	return cfg, nil
}

// parse is Parse that gives what can be read, beside what is wrong; nil where nothing can.
func parse(name string, content []byte) (*Config, []*KeyError) {
	d := &decoder{source: source{file: name, lines: map[string]int{}}, anchors: map[string]ast.Node{}, open: map[ast.Node]bool{}, budget: maxNodes}
	root, problem := d.parse(content)
	if problem != nil {
		return nil, []*KeyError{problem}
	}
	cfg := &Config{}
	d.decode("", root, reflect.ValueOf(cfg).Elem())
	cfg.source = d.source
	return cfg, d.problems
}

// parse gives the one document's content. The parser's own errors quote the lines
// around, which may hold a secret: only message and line are taken over.
func (d *decoder) parse(content []byte) (ast.Node, *KeyError) {
	file, err := parser.ParseBytes(content, 0)
	if err != nil {
		problem := &KeyError{File: d.source.file, Message: "is no YAML"}
		if syntax, ok := errors.AsType[*yaml.SyntaxError](err); ok {
			problem.Message += ": " + syntax.Message
			if syntax.Token != nil && syntax.Token.Position != nil {
				problem.Line = syntax.Token.Position.Line
			}
		}
		return nil, problem
	}
	var documents []ast.Node
	for _, document := range file.Docs {
		if document.Body != nil && document.Body.Type() != ast.CommentType && document.Body.Type() != ast.CommentGroupType {
			documents = append(documents, document.Body)
		}
	}
	switch len(documents) {
	case 0:
		return nil, &KeyError{File: d.source.file, Message: "is empty"}
	case 1:
		return documents[0], nil
	}
	return nil, &KeyError{File: d.source.file, Line: lineOf(documents[1]), Message: "a second document begins here, want one"}
}
