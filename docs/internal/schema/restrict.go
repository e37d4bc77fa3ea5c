package schema

import (
	"slices"
	"strings"

	"github.com/invopop/jsonschema"
)

// oneOf are the types of which exactly one of some fields is set.
var oneOf = map[string][]string{
	"OperationInput":  {"request", "token", "adopt"},
	"CollectionInput": {"request", "token"},
	"StreamInput":     {"request", "token"},
	"Resolve":         {"retry", "adopt", "fail"},
	"Adoption":        {"azcore", "operation", "statusURL"},
}

// restrict says of an input what its Check method says, as far as a schema can.
func restrict(s *jsonschema.Schema, name string) {
	for _, field := range oneOf[name] {
		s.OneOf = append(s.OneOf, &jsonschema.Schema{Required: []string{field}})
	}
	if name == "Body" {
		s.MaxProperties = new(uint64(1))
	}
	for pair := s.Properties.Oldest(); pair != nil; pair = pair.Next() {
		field, value := pair.Key, pair.Value
		switch {
		case value.Type == "integer", strings.HasSuffix(field, "Seconds"):
			value.Minimum = "0"
		case value.Type == "string" && slices.Contains(s.Required, field):
			value.MinLength = new(uint64(1))
		}
	}
	// A number that is left out is 0.
	s.Required = slices.DeleteFunc(s.Required, func(field string) bool {
		value, _ := s.Properties.Get(field)
		return value.Type == "integer"
	})
}
