package streaming

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
)

// Message is the type of an event for which the service names none.
const Message = "message"

// Decode is text in UTF-8, in which each malformed part has become U+FFFD (WHATWG
// Encoding, "UTF-8 decode").
func Decode(text []byte) string {
	if utf8.Valid(text) {
		return string(text)
	}
	out, err := unicode.UTF8.NewDecoder().Bytes(text)
	if err != nil { // it never fails
		return strings.ToValidUTF8(string(text), "\uFFFD")
	}
	return string(out)
}

// Text is data as a JSON string.
func Text(data string) json.RawMessage {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(data) // a string and a buffer never fail
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// JSON is data that is JSON as it is spelled, and any other as a JSON string.
func JSON(data string) json.RawMessage {
	if raw := bytes.TrimSpace([]byte(data)); json.Valid(raw) {
		return raw
	}
	return Text(data)
}
