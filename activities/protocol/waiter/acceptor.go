package waiter

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/jmes"
)

// acceptor says how the operation goes when its matcher matches an answer. Exactly
// one of the matchers is set.
type acceptor struct {
	outcome     protocol.Outcome
	output      *comparison
	inputOutput *comparison
	success     *bool
	errorType   string
}

// comparison compares what a path gives with what is expected.
type comparison struct {
	path       *jmes.Path
	comparator string
	expected   string
}

// states of acceptors. Smithy's three, and canceled.
var states = map[string]protocol.Outcome{
	"success": protocol.Succeeded, "failure": protocol.Failed, "retry": protocol.Running, "canceled": protocol.Canceled,
}

func readAcceptor(field string, raw json.RawMessage) (acceptor, error) {
	var given struct {
		State   string          `json:"state"`
		Matcher json.RawMessage `json:"matcher"`
	}
	if err := protocol.Options(raw, &given); err != nil {
		return acceptor{}, inside(field, err)
	}
	outcome, ok := states[given.State]
	if !ok {
		return acceptor{}, &perdure.InputError{Field: field + ".state", Message: fmt.Sprintf("is %q, want success, failure, retry or canceled", given.State)}
	}
	a := acceptor{outcome: outcome}
	return a, a.readMatcher(field+".matcher", given.Matcher)
}

func (a *acceptor) readMatcher(field string, raw json.RawMessage) error {
	var given struct {
		Output      json.RawMessage `json:"output"`
		InputOutput json.RawMessage `json:"inputOutput"`
		Success     *bool           `json:"success"`
		ErrorType   *string         `json:"errorType"`
	}
	if err := protocol.Options(raw, &given); err != nil {
		return inside(field, err)
	}
	count := 0
	for _, set := range []bool{!isAbsent(given.Output), !isAbsent(given.InputOutput), given.Success != nil, given.ErrorType != nil} {
		if set {
			count++
		}
	}
	if count != 1 {
		return &perdure.InputError{Field: field, Message: fmt.Sprintf("has %d of output, inputOutput, success and errorType, want exactly one", count)}
	}
	var err error
	switch {
	case !isAbsent(given.Output):
		a.output, err = readComparison(field+".output", given.Output)
	case !isAbsent(given.InputOutput):
		a.inputOutput, err = readComparison(field+".inputOutput", given.InputOutput)
	case given.Success != nil:
		a.success = given.Success
	case *given.ErrorType == "":
		return &perdure.InputError{Field: field + ".errorType", Message: "is empty"}
	default:
		a.errorType = *given.ErrorType
	}
	return err
}

func readComparison(field string, raw json.RawMessage) (*comparison, error) {
	var given struct {
		Path       string          `json:"path"`
		Expected   json.RawMessage `json:"expected"`
		Comparator string          `json:"comparator"`
	}
	if err := protocol.Options(raw, &given); err != nil {
		return nil, inside(field, err)
	}
	compiled, err := jmes.Compile(field+".path", given.Path)
	if err != nil {
		return nil, err
	}
	c := &comparison{path: compiled, comparator: given.Comparator, expected: protocol.String(given.Expected)}
	switch given.Comparator {
	case stringEquals, allStringEquals, anyStringEquals:
		if string(given.Expected) == `""` {
			return c, nil
		}
		if c.expected == "" {
			return nil, &perdure.InputError{Field: field + ".expected", Message: "want a string"}
		}
	case booleanEquals: // Smithy writes the boolean as a string
		if c.expected == "" {
			c.expected = string(given.Expected)
		}
		if c.expected != "true" && c.expected != "false" {
			return nil, &perdure.InputError{Field: field + ".expected", Message: "want true or false"}
		}
	default:
		return nil, &perdure.InputError{Field: field + ".comparator", Message: fmt.Sprintf("is %q, want %s, %s, %s or %s", given.Comparator, stringEquals, booleanEquals, allStringEquals, anyStringEquals)}
	}
	return c, nil
}

// The comparators (Smithy 2.0, waiters: PathComparator).
const (
	stringEquals    = "stringEquals"
	booleanEquals   = "booleanEquals"
	allStringEquals = "allStringEquals"
	anyStringEquals = "anyStringEquals"
)

func (c *comparison) matches(document any) bool {
	switch v := c.path.In(document).(type) {
	case string:
		return c.comparator == stringEquals && v == c.expected
	case bool:
		return c.comparator == booleanEquals && v == (c.expected == "true")
	case []any:
		return c.comparator == allStringEquals && c.all(v) || c.comparator == anyStringEquals && c.some(v)
	}
	return false
}

// all: at least one, and each is the expected string.
func (c *comparison) all(list []any) bool {
	for _, v := range list {
		if v != c.expected {
			return false
		}
	}
	return len(list) > 0
}

// some: one is the expected string, whatever the others are.
func (c *comparison) some(list []any) bool {
	for _, v := range list {
		if v == c.expected {
			return true
		}
	}
	return false
}

// seen is an answer as matchers see it.
type seen struct {
	success bool
	output  any      // of an answer that succeeded; nil: no JSON
	input   any      // the start's answer, which the question was made from
	errors  []string // the names of an error answer
}

func (a acceptor) matches(s seen) bool {
	switch {
	case a.success != nil:
		return *a.success == s.success
	case a.errorType != "":
		return !s.success && s.is(a.errorType)
	case !s.success: // Smithy: output is that of an operation that succeeded
		return false
	case a.output != nil:
		return a.output.matches(s.output)
	}
	return a.inputOutput.matches(map[string]any{"input": s.input, "output": s.output})
}

// is compares an error's names without their namespaces: where an acceptor gives an
// absolute shape id, all of it has to be the same (Smithy 2.0, waiters: errorType).
func (s seen) is(errorType string) bool {
	for _, name := range s.errors {
		if name == errorType || shapeName(name) == errorType {
			return true
		}
	}
	return false
}

// shapeName is Foo of com.example#Foo:http://internal.example/ (Smithy, AWS JSON 1.1:
// operation error serialization).
func shapeName(name string) string {
	name, _, _ = strings.Cut(name, ":")
	if _, after, found := strings.Cut(name, "#"); found {
		return after
	}
	return name
}
