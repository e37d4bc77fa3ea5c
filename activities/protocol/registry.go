package protocol

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/perdure-dev/perdure"
)

// Registry holds the protocols that a worker speaks. It is not changed after it
// was made, and safe for concurrent use.
type Registry struct {
	ordered []Protocol
	byName  names[Protocol]
}

// NewRegistry holds protocols. Their order is the order in which "auto" tries
// them on a start's answer.
func NewRegistry(protocols ...Protocol) (*Registry, error) {
	known, err := byName(protocols)
	if err != nil {
		return nil, err
	}
	return &Registry{ordered: slices.Clone(protocols), byName: known}, nil
}

// Names lists what can be asked for, sorted.
func (r *Registry) Names() []string { return r.byName.sorted() }

// Bind finds a protocol by name and binds it to its options. Auto binds to no
// options: name the protocol to give some.
func (r *Registry) Bind(name string, options json.RawMessage) (Bound, error) {
	if name == perdure.AutoProtocol {
		if err := NoOptions(options); err != nil {
			return nil, belowOptions(err)
		}
		return auto{}, nil
	}
	p, err := r.byName.find(name, perdure.AutoProtocol)
	if err != nil {
		return nil, err
	}
	b, err := p.Bind(options)
	if err != nil {
		return nil, belowOptions(err)
	}
	return b, nil
}

// belowOptions puts an input error's field below the options of the input's protocol.
func belowOptions(err error) error {
	var bad *perdure.InputError
	if !errors.As(err, &bad) {
		return err
	}
	field := "protocol.options"
	if bad.Field != "" {
		field += "." + bad.Field
	}
	return &perdure.InputError{Field: field, Message: bad.Message}
}

// Detect picks, for "auto", the protocol that a start's answer follows. False:
// nobody recognises it.
func (r *Registry) Detect(start Exchange) (string, Bound, bool) {
	for _, p := range r.ordered {
		b, err := p.Bind(nil)
		if err == nil && b.Recognizes(start) {
			return p.Name(), b, true
		}
	}
	return "", nil, false
}

// NoOptions refuses any option, naming the first.
func NoOptions(options json.RawMessage) error { return Options(options, &struct{}{}) }

// Options reads a protocol's options into the struct that into points to. An
// unknown option is a *perdure.InputError that names it. Names count as they are
// spelled: what a caller's option names is held against the allow list, and an
// option that goes by two names could be read by one and not checked by the other.
func Options(options json.RawMessage, into any) error {
	if len(options) == 0 || string(options) == "null" {
		return nil
	}
	given, _ := Exchange{Body: options}.Object()
	known := fieldNames(into)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, name) {
			return &perdure.InputError{Field: name, Message: "unknown field"}
		}
	}
	return perdure.Decode(options, into)
}

// fieldNames are the JSON names of the fields of the struct that into points to.
func fieldNames(into any) []string {
	var out []string
	for _, f := range reflect.VisibleFields(reflect.TypeOf(into).Elem()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		out = append(out, name)
	}
	return out
}
