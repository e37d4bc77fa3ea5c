package perdure

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// RawInput is an input as it arrived: any JSON. Workflows and updates take it in
// place of a struct, so that a typo becomes an error that names the field and not
// a payload that cannot be decoded.
type RawInput json.RawMessage

// MarshalJSON gives the JSON as it arrived.
func (r RawInput) MarshalJSON() ([]byte, error) {
	if len(r) == 0 {
		return []byte("null"), nil
	}
	return r, nil
}

// UnmarshalJSON keeps a copy of the JSON.
func (r *RawInput) UnmarshalJSON(b []byte) error {
	*r = bytes.Clone(b)
	return nil
}

// IsZero reports whether nothing, or null, arrived.
func (r RawInput) IsZero() bool { return len(r) == 0 || bytes.Equal(r, []byte("null")) }

// Decode reads JSON into the struct that into points to. A field that the struct
// does not have, a value of another kind and anything after the JSON are an
// *InputError that names the field.
func Decode(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return decodeError(err, raw, reflect.TypeOf(into))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return &InputError{Message: "more than one JSON value"}
	}
	// encoding/json takes a field in any case; a typo must be seen.
	if field := unknownField(raw, reflect.TypeOf(into)); field != "" {
		return &InputError{Field: field, Message: "unknown field"}
	}
	return nil
}

func decodeError(err error, raw []byte, into reflect.Type) error {
	if wrongKind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if number, ok := strings.CutPrefix(wrongKind.Value, "number "); ok && wrongKind.Type.Kind() != reflect.Float64 {
			return &InputError{Field: wrongKind.Field, Message: fmt.Sprintf("is %s, want a whole number", number)}
		}
		return &InputError{Field: wrongKind.Field, Message: fmt.Sprintf("is a JSON %s, want %s", wrongKind.Value, kindName(wrongKind))}
	}
	// encoding/json has no type for this error.
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		leaf := strings.Trim(name, `"`)
		return &InputError{Field: cmp.Or(unknownField(raw, into), leaf), Message: "unknown field"}
	}
	if errors.Is(err, io.EOF) {
		return &InputError{Message: "is empty, want a JSON object"}
	}
	return &InputError{Message: "is not JSON: " + strings.TrimPrefix(err.Error(), "json: ")}
}

// unknownField is the dotted path of the first key in raw that the type does not have
// in this spelling; "" where there is none. Keys of maps are free.
func unknownField(raw []byte, t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var object map[string]json.RawMessage
	if t.Kind() != reflect.Struct || json.Unmarshal(raw, &object) != nil {
		return ""
	}
	known := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		known[cmp.Or(name, f.Name)] = f.Type
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if known[name] == nil {
			return name
		}
		if below := unknownField(object[name], known[name]); below != "" {
			return name + "." + below
		}
	}
	return ""
}

func kindName(e *json.UnmarshalTypeError) string {
	switch e.Type.Kind().String() {
	case "struct", "map":
		return "an object"
	case "slice":
		return "an array"
	case "float64", "int", "int64":
		return "a number"
	case "bool":
		return "true or false"
	}
	return "a " + e.Type.Kind().String()
}
