package schema_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	validator "github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/docs/internal/schema"
)

// schemas are those of the files, as a user has them.
type schemas map[string]*validator.Schema

func compile(t *testing.T) schemas {
	t.Helper()
	c := validator.NewCompiler()
	c.AssertFormat()
	out := schemas{}
	for _, shape := range schema.Shapes() {
		compiled, err := c.Compile(filepath.Join(folder, shape.Name()+".json"))
		require.NoError(t, err)
		out[shape.Name()] = compiled
	}
	return out
}

func (s schemas) validate(t *testing.T, shape string, raw []byte) error {
	t.Helper()
	require.Contains(t, s, shape)
	value, err := validator.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	return s[shape].Validate(value)
}

// examples says of which shape each example of the contract is. The documents of the
// command line are not among the shapes; the statuses in them are.
var examples = map[string]string{
	"input": "OperationInput", "input-full": "OperationInput", "input-token": "OperationInput", "input-adopt": "OperationInput",
	"set-polling": "Polling", "update-status": "UpdateStatusRequest", "cancel": "CancelSignal", "resolve": "Resolve",
	"response": "Response", "heartbeat": "Heartbeat", "result": "OperationResult", "result-bytes": "OperationResult",
	"error": "ServiceError", "summary": "Summary", "started": "Status at status",
	"status-running": "Status", "status-canceled": "Status", "status-failed": "Status", "status-ambiguous": "Status",
	"failure": "Status at error.status", "usage": "",

	"collection": "CollectionInput", "collection-token": "CollectionInput", "collection-status": "CollectionStatus",
	"collection-result": "CollectionResult", "page": "Page", "page-request": "PageRequest", "pages-request": "PagesRequest",
	"wait": "WaitRequest", "pages-failure": "CollectionStatus at error.status",

	"stream": "StreamInput", "stream-token": "StreamInput", "stream-status": "StreamStatus", "stream-result": "StreamResult",
	"event": "Event", "events": "Events", "read": "ReadRequest", "wait-event": "WaitEventRequest",
	"stream-stopped": "",

	"follow": "FollowInput", "followed": "Followed", "input-report": "OperationInput", "report": "Report",
	"rehydrate": "RehydrateInput", "rehydrated": "Rehydrated", "token-refusal": "TokenRefusal",
}

// parts of examples are shapes of their own.
var parts = []struct{ shape, example, path, before, after string }{
	{shape: "Pages", example: "page", before: `{"pages":[`, after: `]}`},
	{shape: "Segment", example: "collection-status", path: "segments.0"},
	{shape: "StreamSegment", example: "stream-status", path: "segments.1"},
}

func TestPartsOfExamplesAreValid(t *testing.T) {
	t.Parallel()
	s := compile(t)
	for _, part := range parts {
		raw := part.before + string(at(t, contractExample(t, part.example), part.path)) + part.after
		require.NoError(t, s.validate(t, part.shape, []byte(raw)), "%s of %s", part.shape, part.example)
	}
}

// What no history has the contract shows, or a part of it does.
func TestNoShapeIsUnmet(t *testing.T) {
	t.Parallel()
	var shown []string
	for _, shape := range examples {
		shape, path, _ := strings.Cut(shape, " at ")
		if path == "" {
			shown = append(shown, shape)
		}
	}
	for _, part := range parts {
		shown = append(shown, part.shape)
	}
	require.Subset(t, shown, unrecorded)
}

func contractExample(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(schema.Root, "docs/testdata/contract", name+".json"))
	require.NoError(t, err)
	return raw
}

func TestExamplesAreValid(t *testing.T) {
	t.Parallel()
	s := compile(t)
	files, err := filepath.Glob(schema.Root + "/docs/testdata/contract/*.json")
	require.NoError(t, err)
	require.Len(t, files, len(examples))
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		require.Contains(t, examples, name)
		raw := contractExample(t, name)
		shape, path, _ := strings.Cut(examples[name], " at ")
		switch shape {
		case "":
			continue
		case "Event":
			shape, raw = "Events", []byte(`{"events":[`+string(raw)+`],"next":1,"done":false}`)
		}
		require.NoError(t, s.validate(t, shape, at(t, raw, path)), name)
	}
}

// at is the value at a dotted path of keys and indexes.
func at(t *testing.T, raw []byte, path string) []byte {
	t.Helper()
	for key := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '.' }) {
		if i, err := strconv.Atoi(key); err == nil {
			var list []json.RawMessage
			require.NoError(t, json.Unmarshal(raw, &list))
			require.Greater(t, len(list), i)
			raw = list[i]
			continue
		}
		var object map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(raw, &object))
		raw = object[key]
	}
	return raw
}

// What a schema refuses of an input the code refuses too: of every example each field is
// left out, misspelled, and given a value of another kind.
func TestInputsAreRefusedByTheCodeToo(t *testing.T) {
	t.Parallel()
	s := compile(t)
	types := map[string]reflect.Type{}
	for _, shape := range schema.Shapes() {
		if shape.Direction == schema.Input {
			types[shape.Name()] = shape.Type
		}
	}
	refused := 0
	for name, shape := range examples {
		if types[shape] == nil {
			continue
		}
		for _, mutant := range mutants(t, contractExample(t, name)) {
			if s.validate(t, shape, mutant) == nil {
				continue
			}
			refused++
			into := reflect.New(types[shape])
			err := perdure.Decode(mutant, into.Interface())
			if err == nil {
				err = check(into)
			}
			require.Error(t, err, "%s: %s", name, mutant)
		}
	}
	require.Greater(t, refused, 100)
}

func check(into reflect.Value) error {
	switch in := into.Interface().(type) {
	case interface{ Check() error }:
		return in.Check()
	case *perdure.Polling:
		return in.Check("")
	}
	return nil
}

// mutants of a JSON object: each has one fault.
func mutants(t *testing.T, raw []byte) [][]byte {
	t.Helper()
	var object map[string]any
	require.NoError(t, json.Unmarshal(raw, &object))
	var out [][]byte
	mutate(object, func() {
		text, err := json.Marshal(object)
		require.NoError(t, err)
		out = append(out, text)
	})
	return out
}

// mutate calls found with one fault in the object after the other.
func mutate(object map[string]any, found func()) {
	for key, value := range object {
		if key == "json" || key == "options" {
			continue // any JSON
		}
		delete(object, key)
		found()
		object[key+"x"] = value
		found()
		delete(object, key+"x")
		for _, other := range []any{"word", -1.0, true, []any{"a"}, map[string]any{"a": 1.0}} {
			object[key] = other
			found()
		}
		object[key] = value
		if below, ok := value.(map[string]any); ok && key != "headers" {
			mutate(below, found)
		}
	}
	object["unknown"] = 1.0
	found()
	delete(object, "unknown")
}
