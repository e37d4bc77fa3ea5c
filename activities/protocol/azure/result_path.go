package azure

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jmespath/go-jmespath"

	"github.com/perdure-dev/perdure"
)

// maxPathBytes bounds an expression, and with it the depth of its parser's stack.
const maxPathBytes = 4096

// expression is compiled JMESPath, safe for concurrent use.
type expression struct{ compiled *jmespath.JMESPath }

// compile refuses an expression that does not compile, and one that the library
// compiles and then panics on whatever it is applied to.
func compile(path string) (*expression, error) {
	if len(path) > maxPathBytes {
		return nil, badPath(fmt.Sprintf("has %d bytes, want at most %d", len(path), maxPathBytes))
	}
	e := &expression{}
	err := guarded(func() (err error) {
		e.compiled, err = jmespath.Compile(path)
		return err
	})
	if err != nil {
		return nil, badPath(fmt.Sprintf("does not compile: %q", err.Error()))
	}
	if _, err := e.search(map[string]any{}); errors.Is(err, errPanicked) {
		return nil, badPath("does not compile: " + errPanicked.Error())
	}
	return e, nil
}

func badPath(message string) error {
	return &perdure.InputError{Field: "resultPath", Message: message}
}

// in is what the expression names in a JSON document. Nil: there is nothing, or
// nothing that the expression can be applied to.
func (e *expression) in(document []byte) []byte {
	root, err := parse(document)
	if err != nil {
		return nil
	}
	found, err := e.search(root)
	if err != nil {
		return nil
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(found) != nil { // an expression reference is no JSON
		return nil
	}
	return notNull(bytes.TrimSpace(out.Bytes()))
}

func (e *expression) search(root any) (found any, err error) {
	err = guarded(func() (err error) {
		found, err = e.compiled.Search(root)
		return err
	})
	return found, err
}

var errPanicked = errors.New("the expression cannot be evaluated")

// guarded turns a panic of the library's into an error.
func guarded(call func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errPanicked
		}
	}()
	return call()
}

// parse reads JSON for the library, which compares and counts with float64 only. A
// number that a float64 would write in another way keeps its digits instead, and can
// be named but not compared.
func parse(document []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var root any
	if err := d.Decode(&root); err != nil {
		return nil, err
	}
	return withFloats(root), nil
}

func withFloats(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			v[name] = withFloats(value)
		}
	case []any:
		for i, value := range v {
			v[i] = withFloats(value)
		}
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return v
		}
		if written, err := json.Marshal(f); err == nil && string(written) == v.String() {
			return f
		}
	}
	return v
}
