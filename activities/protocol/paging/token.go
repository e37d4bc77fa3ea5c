package paging

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// Place is where a request carries the token of the page that it asks for: one field
// is set.
type Place struct {
	Query  string `json:"query"`  // a parameter, whatever it was
	Header string `json:"header"` // whatever it was
	Body   string `json:"body"`   // a key of the JSON object
}

// marked is where the next page is, for a service that gives a token.
type marked struct {
	Token json.RawMessage `json:"token"`
}

// NextByToken says that the next page is asked for with a token; nil where that is
// absent, null or "". Into a body goes any JSON but true and false, elsewhere a
// string, or a number as it is spelled.
func (r Rules) NextByToken(token json.RawMessage, into Place) (json.RawMessage, error) {
	if len(token) == 0 || isNull(token) || string(token) == `""` {
		return nil, nil
	}
	if into.Body == "" {
		if fault := textFault(token, into); fault != "" {
			return nil, r.Violation("the token of the next page " + fault)
		}
	} else if string(token) == "true" || string(token) == "false" {
		return nil, r.Violation("the token of the next page is a boolean")
	}
	return json.Marshal(marked{bytes.ToValidUTF8(token, []byte("\uFFFD"))})
}

func textFault(token json.RawMessage, into Place) string {
	text, ok := tokenText(token)
	switch {
	case !ok:
		return "is neither text nor a number"
	case len(text) > perdure.MaxURLBytes:
		return fmt.Sprintf("has %d bytes, above the %d that fit into a request", len(text), perdure.MaxURLBytes)
	case into.Header != "" && strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return "has a control character, and goes into a header"
	}
	return ""
}

// tokenText is a token that is a string, or a number with every digit.
func tokenText(token json.RawMessage) (string, bool) {
	if text := protocol.String(token); text != "" {
		return text, true
	}
	var number json.Number
	err := json.Unmarshal(token, &number)
	return number.String(), err == nil && number != ""
}

// AskByToken asks for a page by the first request, into which the page's token is put.
func (r Rules) AskByToken(first protocol.Ask, next json.RawMessage, into Place) (protocol.Ask, error) {
	if into.Body != "" {
		if _, ok := (protocol.Exchange{Body: first.Body}).Object(); !ok {
			return protocol.Ask{}, &perdure.InputError{Field: "protocol.options.into.body", Message: "names a key of the request's body, which is no JSON object"}
		}
	}
	if len(next) == 0 {
		return r.first(first)
	}
	var at marked
	if json.Unmarshal(next, &at) != nil || len(at.Token) == 0 || isNull(at.Token) {
		return protocol.Ask{}, r.Violation("the state is not this protocol's")
	}
	ask := first
	ask.Header = nil
	r.useMethod(&ask, first.Method)
	if ask.Method != first.Method && !hasBody(ask.Method) {
		ask.Body = nil
	}
	if err := r.put(&ask, at.Token, into); err != nil {
		return protocol.Ask{}, err
	}
	return r.send(ask)
}

func (r Rules) put(ask *protocol.Ask, token json.RawMessage, into Place) error {
	if into.Body != "" {
		body, err := withKey(ask.Body, into.Body, token)
		ask.Body = body
		return err
	}
	if textFault(token, into) != "" {
		return r.Violation("the state is not this protocol's")
	}
	text, _ := tokenText(token)
	if into.Header != "" {
		ask.Header = http.Header{http.CanonicalHeaderKey(into.Header): {text}}
		return nil
	}
	ask.URL = protocol.WithParameter(ask.URL, into.Query, text)
	return nil
}

// withKey sets a top-level key of a JSON object. The others keep their values as they
// are spelled.
func withKey(body []byte, key string, value json.RawMessage) ([]byte, error) {
	object, _ := protocol.Exchange{Body: body}.Object()
	object[key] = value
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(object)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}
