package worker

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// maxNodes bounds what aliases can blow a configuration up to.
const maxNodes = 100_000

// decoder reads a YAML document into structs by their json tags. It goes on after
// a problem, to tell them all, and notes each key's line.
type decoder struct {
	source   source
	anchors  map[string]ast.Node
	open     map[ast.Node]bool // what is being read now
	budget   int
	problems []*KeyError
}

func (d *decoder) refuse(key string, line int, message string) {
	d.problems = append(d.problems, &KeyError{File: d.source.file, Line: line, Key: key, Message: message})
}

var rawJSON = reflect.TypeFor[json.RawMessage]()

// decode reads the value of a key. Null is no value.
func (d *decoder) decode(key string, n ast.Node, into reflect.Value) {
	n, ok := d.resolve(key, n)
	if !ok {
		return
	}
	d.decodeResolved(key, n, into)
}

func (d *decoder) decodeResolved(key string, n ast.Node, into reflect.Value) {
	defer d.enter(n)()
	if into.Type() == rawJSON {
		if raw, ok := d.json(key, n); ok {
			into.SetBytes(raw)
		}
		return
	}
	switch into.Kind() { //nolint:exhaustive // the kinds that a configuration is made of
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.decodeResolved(key, n, into.Elem())
	case reflect.Struct:
		d.decodeStruct(key, n, into)
	case reflect.Map:
		d.decodeMap(key, n, into)
	case reflect.Slice:
		d.decodeList(key, n, into)
	case reflect.String:
		d.decodeString(key, n, into)
	case reflect.Bool:
		if b, ok := n.(*ast.BoolNode); ok {
			into.SetBool(b.Value)
		} else {
			d.wrongKind(key, n, "true or false")
		}
	default:
		d.decodeNumber(key, n, into)
	}
}

func (d *decoder) decodeStruct(key string, n ast.Node, into reflect.Value) {
	entries, ok := d.entries(key, n)
	if !ok {
		return
	}
	fields := fieldsOf(into.Type())
	explained, _ := reflect.TypeAssert[explainer](into)
	for _, e := range entries {
		name := below(key, e.name)
		i := slices.IndexFunc(fields, func(f keyField) bool { return f.name == e.name })
		if i >= 0 {
			d.source.lines[name] = e.line
			d.decode(name, e.value, into.FieldByIndex(fields[i].index))
			continue
		}
		message := unknown(e.name, names(fields))
		if explained != nil {
			message = explained.explain(e.name, message)
		}
		d.refuse(name, e.line, message)
	}
}

// explainer is a struct that says more of an unknown key.
type explainer interface {
	explain(key, message string) string
}

func (d *decoder) decodeMap(key string, n ast.Node, into reflect.Value) {
	entries, ok := d.entries(key, n)
	if !ok {
		return
	}
	into.Set(reflect.MakeMap(into.Type()))
	for _, e := range entries {
		name := below(key, e.name)
		d.source.lines[name] = e.line
		element := reflect.New(into.Type().Elem()).Elem()
		d.decode(name, e.value, element)
		into.SetMapIndex(reflect.ValueOf(e.name), element)
	}
}

func (d *decoder) decodeList(key string, n ast.Node, into reflect.Value) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		d.wrongKind(key, n, "a list")
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(list.Values), len(list.Values)))
	for i, value := range list.Values {
		name := fmt.Sprintf("%s[%d]", key, i)
		d.source.lines[name] = lineOf(value)
		d.decode(name, value, into.Index(i))
	}
}

func (d *decoder) decodeString(key string, n ast.Node, into reflect.Value) {
	switch s := n.(type) {
	case *ast.StringNode:
		into.SetString(s.Value)
	case *ast.LiteralNode:
		into.SetString(s.Value.Value)
	default:
		d.wrongKind(key, n, "a string, in quotes")
	}
}

func (d *decoder) decodeNumber(key string, n ast.Node, into reflect.Value) {
	want := "a number"
	if strings.HasSuffix(key, "Seconds") {
		want = "a number of seconds"
	}
	value, ok := numberOf(n)
	switch {
	case !ok:
		d.wrongKind(key, n, want)
	case into.Kind() == reflect.Float64:
		into.SetFloat(value)
	case value != math.Trunc(value) || math.Abs(value) > 1<<53:
		d.refuse(key, lineOf(n), "want a whole number")
	default:
		into.SetInt(int64(value))
	}
}

func (d *decoder) wrongKind(key string, n ast.Node, want string) {
	d.refuse(key, lineOf(n), "is "+kindOf(n)+", want "+want)
}

// below is the dotted name of a key under another.
func below(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}
