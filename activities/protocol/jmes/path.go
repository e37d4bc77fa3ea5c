// Package jmes evaluates JMESPath on what services answer: the library, guarded
// against expressions that it panics on, with every digit of numbers.
//
// May import: the root package, go-jmespath and the standard library.
package jmes

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/jmespath/go-jmespath"

	"github.com/perdure-dev/perdure"
)

// maxPathBytes bounds an expression, and so how deep it can nest.
const maxPathBytes = 4096

// Path is a compiled JMESPath expression, safe for concurrent use. A nil one names
// nothing.
type Path struct{ compiled *jmespath.JMESPath }

// Compile reads an expression. One that does not compile, that is longer than 4 KiB or
// that cannot be evaluated on anything is a *perdure.InputError that names field.
func Compile(field, expression string) (*Path, error) {
	if len(expression) > maxPathBytes {
		return nil, &perdure.InputError{Field: field, Message: fmt.Sprintf("has %d bytes, want at most %d", len(expression), maxPathBytes)}
	}
	p := &Path{}
	err := guarded(func() (err error) {
		if p.compiled, err = jmespath.Compile(expression); err == nil {
			_, _ = p.compiled.Search(map[string]any{})
		}
		return err
	})
	if err != nil {
		return nil, &perdure.InputError{Field: field, Message: fmt.Sprintf("does not compile: %q", err)}
	}
	return p, nil
}

// guarded turns a panic into an error: the library compiles some expressions that it
// panics on, whatever they are evaluated on.
func guarded(call func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the expression cannot be evaluated: %v", r)
		}
	}()
	return call()
}

// In evaluates the expression. What it cannot be evaluated on, and what is no JSON,
// gives nil, as a path to nothing does.
func (p *Path) In(document any) (value any) {
	if p == nil {
		return nil
	}
	err := guarded(func() (err error) {
		value, err = p.compiled.Search(document)
		return err
	})
	if err != nil {
		return nil
	}
	switch value.(type) {
	case string, bool, float64, json.Number, []any, map[string]any:
		return value
	}
	return nil // an expression reference
}

// Raw is what the expression gives as JSON, nil for nothing and null.
func (p *Path) Raw(document any) json.RawMessage {
	value := p.In(document)
	if value == nil {
		return nil
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(value) != nil {
		return nil
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// Text is what the expression gives as text: a string, a number with every digit, or
// a boolean.
func (p *Path) Text(document any) (string, bool) {
	switch v := p.In(document).(type) {
	case string:
		return v, v != ""
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// Parse reads JSON for JMESPath, which computes with float64 only: a number that
// float64 would change stays as it is written, and takes no part in comparisons.
// Nil: it is no JSON.
func Parse(body []byte) any { return parse(body, asFloat) }

// ParseExact is Parse for what is passed on rather than compared: every number that
// float64 would spell in another way stays as it is written.
func ParseExact(body []byte) any { return parse(body, asSpelled) }

func parse(body []byte, convert func(string) (float64, bool)) any {
	if !json.Valid(body) {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var document any
	if d.Decode(&document) != nil {
		return nil
	}
	return floats(document, convert)
}

// floats puts float64 in place of numbers, within v where that is a collection.
func floats(v any, convert func(string) (float64, bool)) any {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			v[name] = floats(inner, convert)
		}
	case []any:
		for i, inner := range v {
			v[i] = floats(inner, convert)
		}
	case json.Number:
		if f, ok := convert(v.String()); ok {
			return f
		}
	}
	return v
}

// asSpelled: the numbers that JSON spells the same after float64.
func asSpelled(number string) (float64, bool) {
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, false
	}
	spelled, err := json.Marshal(f)
	return f, err == nil && string(spelled) == number
}

// asFloat: up to 15 digits survive the way to float64 and back, and of longer numbers
// those that are spelled the same afterwards.
func asFloat(number string) (float64, bool) {
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, false
	}
	if strconv.FormatFloat(f, 'f', -1, 64) == number {
		return f, true
	}
	mantissa, _, _ := strings.Cut(strings.ToLower(number), "e")
	digits := strings.Trim(strings.ReplaceAll(strings.TrimPrefix(mantissa, "-"), ".", ""), "0")
	small := f != 0 && (f < 1e-300 && f > -1e-300) // subnormal numbers have fewer digits
	return f, len(digits) <= 15 && !small && (f != 0 || digits == "")
}
