package paging

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// Empty is a page without values.
func Empty() protocol.Page { return protocol.Page{Values: json.RawMessage("[]")} }

// Page is the page whose values are at the option's path, or else at byDefault.
func (r Rules) Page(body Body, byDefault *Path) (protocol.Page, error) {
	path := byDefault
	if r.Items != nil {
		path = r.Items
	}
	page, found, err := r.At(path, body)
	if err == nil && !found {
		err = r.Violation("the page has nothing at " + quote(path.source) + ", where its values should be; the option items says where they are")
	}
	return page, err
}

// At is the page whose values are at the path. Found is false where there is nothing.
func (r Rules) At(path *Path, body Body) (page protocol.Page, found bool, err error) {
	raw, found := path.In(body)
	if !found {
		return protocol.Page{}, false, nil
	}
	page, ok := Values(raw)
	if !ok {
		return protocol.Page{}, false, r.Violation("what the page has at " + quote(path.source) + " is no array; the option items says where its values are")
	}
	return page, true, nil
}

// OnlyArray is the page whose values are the one array among an object's fields, but
// for ignored ones. Found is false where there is none.
func (r Rules) OnlyArray(object map[string]json.RawMessage, ignored ...string) (page protocol.Page, found bool, err error) {
	names := slices.DeleteFunc(Arrays(object), func(name string) bool { return slices.Contains(ignored, name) })
	switch len(names) {
	case 0:
		return protocol.Page{}, false, nil
	case 1:
		page, found = Values(object[names[0]])
		return page, found, nil
	}
	return protocol.Page{}, false, r.Violation("the page has several arrays, " + quote(strings.Join(names, ", ")) + "; the option items says which has its values")
}

// Arrays are the names of an object's fields that are arrays, sorted.
func Arrays(object map[string]json.RawMessage) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(object)), func(name string) bool { return !IsArray(object[name]) })
}

// IsArray reports whether JSON is an array.
func IsArray(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '[' }

// Values is the page of a JSON array; null is an empty one. False: it is neither.
func Values(raw json.RawMessage) (page protocol.Page, ok bool) {
	if isNull(raw) {
		return Empty(), true
	}
	var counted []uncared
	if json.Unmarshal(raw, &counted) != nil {
		return protocol.Page{}, false
	}
	return protocol.Page{Values: raw, Count: len(counted)}, true
}

// uncared is a value that is only counted.
type uncared struct{}

// UnmarshalJSON reads nothing.
func (*uncared) UnmarshalJSON([]byte) error { return nil }

// quote keeps what others wrote on one line of a message.
func quote(text string) string {
	raw, err := json.Marshal(protocol.Cut(text, 200))
	if err != nil {
		return "it"
	}
	return string(raw)
}
