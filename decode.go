package perdure

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
		return decodeError(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return &InputError{Message: "more than one JSON value"}
	}
	return nil
}

func decodeError(err error) error {
	if wrongKind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &InputError{Field: wrongKind.Field, Message: fmt.Sprintf("is a JSON %s, want %s", wrongKind.Value, kindName(wrongKind))}
	}
	// encoding/json has no type for this error.
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return &InputError{Field: strings.Trim(name, `"`), Message: "unknown field"}
	}
	if errors.Is(err, io.EOF) {
		return &InputError{Message: "is empty, want a JSON object"}
	}
	return &InputError{Message: "is not JSON: " + strings.TrimPrefix(err.Error(), "json: ")}
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
