package worker

import (
	"reflect"
	"strconv"
	"strings"
)

// keyField is a field of a configuration's struct that has a key.
type keyField struct {
	name  string
	index []int
	bounds
}

// bounds of a number; both 0: none.
type bounds struct{ min, max float64 }

func (b bounds) String() string {
	return strconv.FormatFloat(b.min, 'f', -1, 64) + " to " + strconv.FormatFloat(b.max, 'f', -1, 64)
}

// fieldsOf lists the keys of a struct by their json tags.
func fieldsOf(t reflect.Type) []keyField {
	var out []keyField
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "" {
			continue
		}
		least, _ := strconv.ParseFloat(f.Tag.Get("min"), 64)
		most, _ := strconv.ParseFloat(f.Tag.Get("max"), 64)
		out = append(out, keyField{name: name, index: f.Index, bounds: bounds{least, most}})
	}
	return out
}

func names(fields []keyField) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = f.name
	}
	return out
}
