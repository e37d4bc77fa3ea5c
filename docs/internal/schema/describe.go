package schema

import (
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/perdure-dev/perdure"
)

// describe says in a schema's words what the Go type says in its own, and what the type
// cannot say: which raw JSON is an array or an object, and which states there are.
func describe(s *jsonschema.Schema, t reflect.Type) {
	wire := wireNames(t)
	s.Description = inWords(s.Description, wire)
	for f := range t.Fields() {
		property, ok := s.Properties.Get(wire[f.Name])
		if !ok {
			continue
		}
		property.Description = inWords(property.Description, wire)
		switch {
		case f.Type == reflect.TypeFor[perdure.State]():
			property.Examples = states
		case f.Type == reflect.TypeFor[json.RawMessage]() && f.Name == "Values":
			property.Type = "array"
		case f.Type == reflect.TypeFor[json.RawMessage]() && f.Name == "Options":
			property.Type = "object"
		}
	}
}

var states = []any{
	perdure.StateStarting, perdure.StateRunning, perdure.StateCanceling, perdure.StateAmbiguous,
	perdure.StateSucceeded, perdure.StateFailed, perdure.StateCanceled, perdure.StateUnknown,
}

// wireNames are the JSON names of a struct's fields by their Go names.
func wireNames(t reflect.Type) map[string]string {
	names := map[string]string{}
	for f := range t.Fields() {
		names[f.Name], _, _ = strings.Cut(f.Tag.Get("json"), ",")
	}
	return names
}

var (
	word      = regexp.MustCompile(`\b[A-Z][A-Za-z0-9]*\b`)
	twoWords  = regexp.MustCompile(`[a-z][A-Z]`)
	constants = strings.NewReplacer(
		"DefaultReportInterval", strconv.Itoa(perdure.DefaultReportInterval),
		"MaxTokenBytes", strconv.Itoa(perdure.MaxTokenBytes)+" bytes",
		"MaxAhead", strconv.Itoa(perdure.MaxAhead),
		"; nil:", "; left out:", "is nil", "is left out", "are nil", "are left out", "is empty on", "is left out on",
	)
)

// inWords is a doc comment with the names that fields have in JSON.
func inWords(comment string, wire map[string]string) string {
	comment = constants.Replace(strings.Join(strings.Fields(comment), " "))
	return word.ReplaceAllStringFunc(comment, func(name string) string {
		known := wire[name]
		if known == "" && twoWords.MatchString(name) {
			known = elsewhere()[name]
		}
		if known == "" {
			return name
		}
		return "`" + known + "`"
	})
}

// elsewhere are the names of the fields of all shapes.
var elsewhere = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for _, shape := range Shapes() {
		addNames(names, shape.Type)
	}
	return names
})

func addNames(names map[string]string, t reflect.Type) {
	switch {
	case t.Kind() == reflect.Pointer, t.Kind() == reflect.Slice:
		addNames(names, t.Elem())
	case t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]():
		maps.Copy(names, wireNames(t))
		for f := range t.Fields() {
			addNames(names, f.Type)
		}
	}
}

// typeNamed finds the type of a definition among those that a type is made of.
func typeNamed(name string, within reflect.Type) reflect.Type {
	switch {
	case within.Kind() == reflect.Pointer, within.Kind() == reflect.Slice:
		return typeNamed(name, within.Elem())
	case within.Kind() != reflect.Struct:
		return nil
	case within.Name() == name:
		return within
	}
	for f := range within.Fields() {
		if found := typeNamed(name, f.Type); found != nil {
			return found
		}
	}
	return nil
}
