package cli

import (
	"encoding/json"
	"strings"
	"unicode"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol/jmes"
)

// printEvent writes an event as one line: all of it, or its data as text.
func (a *app) printEvent(e *event) error {
	if a.json() {
		return a.printJSON(perdure.Event{Offset: e.Offset, Type: e.Type, ID: e.ID, Data: e.Data, At: e.At})
	}
	line := textOf(e.Data)
	if strings.ContainsFunc(line, unprintable) {
		line = string(e.Data) // a JSON string is one line
	}
	return a.printText(line + "\n")
}

// printText writes text as it is, but to a terminal nothing that it would obey.
func (a *app) printText(text string) error {
	if isTerminal(a.Stdout) {
		text = harmless(text)
	}
	_, err := a.Stdout.Write([]byte(text))
	return err
}

// harmless is text without what a terminal would obey.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if unprintable(r) && r != '\n' {
			return -1
		}
		return r
	}, text)
}

// unprintable: it breaks lines, or steers a terminal.
func unprintable(r rune) bool { return unicode.IsControl(r) && r != '\t' }

// textOf is the text that a JSON string holds; of any other JSON, how it is spelled.
func textOf(raw json.RawMessage) string {
	var text *string
	if json.Unmarshal(raw, &text) != nil || text == nil {
		return string(raw)
	}
	return *text
}

// picked is what an expression gives of an event's data as text, "" for nothing and null.
func picked(path *jmes.Path, data json.RawMessage) string {
	raw := path.Raw(parsed(data))
	if raw == nil {
		return ""
	}
	return textOf(raw)
}

// parsed reads data for JMESPath: what is JSON, also within a string, and else the string.
func parsed(data json.RawMessage) any {
	outer := jmes.ParseExact(data)
	text, ok := outer.(string)
	if !ok {
		return outer
	}
	if inner := jmes.ParseExact([]byte(text)); inner != nil {
		return inner
	}
	return text
}
