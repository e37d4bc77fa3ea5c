package protocoltest

import (
	"encoding/json"
	"errors"
	"maps"
	"strings"

	"github.com/stretchr/testify/assert"

	"github.com/perdure-dev/perdure"
)

// checkOptions: what Bind refuses, and that it names the option.
func (s Suite) checkOptions(t assert.TestingT) {
	assert.NotEmpty(t, s.Protocol.Name(), "the protocol's name")
	bad := append([]BadOptions{
		{`{"noSuchOption": 1}`, "noSuchOption"}, {`[]`, ""}, {`5`, ""}, {`"x"`, ""}, {`{`, ""}, {`{} {}`, ""},
	}, s.BadOptions...)
	for _, sc := range s.Scenarios {
		bad = append(bad, misspelled(sc.Options)...)
	}
	for _, b := range bad {
		_, err := s.Protocol.Bind(json.RawMessage(b.Options))
		var input *perdure.InputError
		if !assert.True(t, errors.As(err, &input), "the options %s: want a *perdure.InputError, got %v", b.Options, err) {
			continue
		}
		if b.Field != "" {
			assert.Equal(t, b.Field, input.Field, "the options %s: the field that the error %q names", b.Options, err)
		}
		_, again := s.Protocol.Bind(json.RawMessage(b.Options))
		assert.Equal(t, err, again, "the options %s, twice", b.Options)
	}
}

// misspelled are options that bind, with one name each in another case: a second
// spelling could pass by a check that knows the first.
func misspelled(text string) []BadOptions {
	var given map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &given) != nil {
		return nil
	}
	var out []BadOptions
	for name, value := range given {
		other := strings.ToUpper(name[:1]) + name[1:]
		if other == name {
			continue
		}
		changed := maps.Clone(given)
		delete(changed, name)
		changed[other] = value
		raw, err := json.Marshal(changed)
		if err == nil {
			out = append(out, BadOptions{string(raw), other})
		}
	}
	return out
}
