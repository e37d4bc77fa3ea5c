package token

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/paging"
)

// options of the pager alone.
type options struct {
	// Token is JMESPath on the body, where that has the next page's token, or
	// {"header": "Next-Token"}. Required.
	Token json.RawMessage `json:"token"`
	// Into is where the next request carries it: {"query": "page"}, {"header": "X-Page"}
	// or {"body": "cursor"}. Required.
	Into json.RawMessage `json:"into"`
}

// Bind reads the options that all pagers take, and token and into.
func (Pager) Bind(raw json.RawMessage) (protocol.Paging, error) {
	var o options
	rules, err := paging.Bind(Name, raw, &o)
	if err != nil {
		return nil, err
	}
	b := bound{Rules: rules}
	if b.from, err = readSource(o.Token); err != nil {
		return nil, err
	}
	if b.into, err = readPlace(o.Into); err != nil {
		return nil, err
	}
	if b.into.Body != "" && !rules.RepeatsBody() {
		return nil, &perdure.InputError{Field: "nextMethod", Message: "has no body, and into puts the token there"}
	}
	return b, nil
}

// source is where an answer has the token: one field is set.
type source struct {
	path   *paging.Path
	header string
}

func readSource(raw json.RawMessage) (source, error) {
	const field, want = "token", `want JMESPath on the body, or {"header": name}`
	if isAbsent(raw) {
		return source{}, &perdure.InputError{Field: field, Message: "is missing, " + want}
	}
	var expression string
	if json.Unmarshal(raw, &expression) == nil {
		path, err := paging.Compile(field, expression)
		return source{path: path}, err
	}
	var in struct {
		Header string `json:"header"`
	}
	if err := protocol.Options(raw, &in); err != nil {
		return source{}, inside(field, err, want)
	}
	return source{header: in.Header}, checkHeader(field+".header", in.Header)
}

func readPlace(raw json.RawMessage) (paging.Place, error) {
	const field, want = "into", `want one of {"query": name}, {"header": name} and {"body": key}`
	var p paging.Place
	if isAbsent(raw) {
		return p, &perdure.InputError{Field: field, Message: "is missing, " + want}
	}
	if err := protocol.Options(raw, &p); err != nil {
		return p, inside(field, err, want)
	}
	set := 0
	for _, name := range []string{p.Query, p.Header, p.Body} {
		if name != "" {
			set++
		}
		if len(name) > perdure.MaxNameBytes {
			return p, &perdure.InputError{Field: field, Message: fmt.Sprintf("has a name of %d bytes, want at most %d", len(name), perdure.MaxNameBytes)}
		}
	}
	switch {
	case set != 1:
		return p, &perdure.InputError{Field: field, Message: fmt.Sprintf("has %d names, %s", set, want)}
	case p.Header != "":
		return p, checkHeader(field+".header", p.Header)
	}
	return p, nil
}

func checkHeader(field, name string) error {
	return perdure.CheckHeaders(field, map[string][]string{name: nil})
}

// inside puts an input error's field into the field around it. One that names none
// says what is wanted.
func inside(field string, err error, want string) error {
	bad, ok := errors.AsType[*perdure.InputError](err)
	switch {
	case !ok:
		return err
	case bad.Field == "":
		return &perdure.InputError{Field: field, Message: want}
	}
	return &perdure.InputError{Field: field + "." + bad.Field, Message: bad.Message}
}

func isAbsent(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }
