package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/invopop/jsonschema"
)

// Root is the root of the project, from this folder.
const Root = "../../.."

// Folder is where the files are, from the root.
const Folder = "docs/schema"

const (
	self   = "github.com/perdure-dev/perdure/docs/internal/schema"
	public = "https://raw.githubusercontent.com/perdure-dev/perdure/main/" + Folder + "/"
)

// Files are the files of docs/schema by their names: a schema for each shape, and a page
// that says which is for what.
func Files() (map[string][]byte, error) {
	comments, err := docComments()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"README.md": readme()}
	for _, shape := range Shapes() {
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(schemaOf(shape, comments)); err != nil {
			return nil, err
		}
		files[shape.Name()+".json"] = text.Bytes()
	}
	return files, nil
}

// docComments are those of the types and fields, by their Go names.
func docComments() (map[string]string, error) {
	sources, err := filepath.Glob(Root + "/*.go")
	if err != nil {
		return nil, err
	}
	var r jsonschema.Reflector
	for _, source := range append(sources, Root+"/starter/list.go") {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		if err := r.AddGoComments(self, source, jsonschema.WithFullComment()); err != nil {
			return nil, err
		}
	}
	return r.CommentMap, nil
}

func schemaOf(shape Shape, comments map[string]string) *jsonschema.Schema {
	r := &jsonschema.Reflector{
		ExpandedStruct: true, Anonymous: true,
		AllowAdditionalProperties: shape.Direction == Output,
		CommentMap:                comments,
	}
	s := r.ReflectFromType(shape.Type)
	s.ID = jsonschema.ID(public + shape.Name() + ".json")
	s.Title = shape.Name()
	describe(s, shape.Type)
	if shape.Direction == Input {
		restrict(s, shape.Type.Name())
	}
	for name, definition := range s.Definitions {
		describe(definition, typeNamed(name, shape.Type))
		if shape.Direction == Input {
			restrict(definition, name)
		}
	}
	return s
}

func readme() []byte {
	var b strings.Builder
	b.WriteString(readmeHead)
	for _, shape := range Shapes() {
		who := "input"
		if shape.Direction == Output {
			who = "output"
		}
		fmt.Fprintf(&b, "| [%s](%[1]s.json) | %s | %s |\n", shape.Name(), who, shape.Use)
	}
	return []byte(b.String())
}

const readmeHead = `# JSON Schemas of the contract

Draft 2020-12, one file a shape, each whole in itself. They are made from the Go types by ` + "`make docs`" + `; tests hold them to these types, and validate with them every example of [the contract](../contract.md) and what the recorded histories of the workflows took and gave. [A program in TypeScript](../../examples/typescript) has its types from them.

- An **input** is what you write: a field that does not exist is refused, as the worker refuses it. What a schema cannot say, such as which services there are, the worker still checks.
- An **output** is what you read: more fields may come, and more states. Leave what you do not know alone.
- Leave out what you do not set: ` + "`null`" + ` is a value only where any JSON is.
- Numbers in your JSON, and in the service's, may have more digits than your language's number type keeps.

| schema | direction | where |
| --- | --- | --- |
`
