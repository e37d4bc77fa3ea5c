package starter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/perdure-dev/perdure"
)

// Call is what one call of a method sends: what a typed client makes of the arguments
// that its caller gave.
type Call struct {
	// PathArgs stand in for the placeholders of the method's path, in their order. Each
	// is escaped, and an empty one is a *perdure.InputError that names its placeholder.
	PathArgs []string
	// Query is added to that of the path.
	Query url.Values
	// Headers replace those of the service that have the same name.
	Headers map[string][]string
	// Body is written as JSON; a *perdure.Body is sent as it is, and nil is no body.
	Body any
}

// request is what the worker will send. Headers are those of the caller's options.
func (s *Service) request(verb, path string, call Call, headers map[string][]string) (*perdure.Request, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	path, err := fillPath(path, call.PathArgs)
	if err != nil {
		return nil, err
	}
	if len(call.Query) > 0 {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		path += separator + call.Query.Encode()
	}
	body, err := bodyOf(call.Body)
	if err != nil {
		return nil, err
	}
	return &perdure.Request{
		Service: s.Name, Method: verb, URL: path, Body: body,
		Headers: merged(s.Headers, call.Headers, headers),
	}, nil
}

// placeholder is {name}, or {name...}.
var placeholder = regexp.MustCompile(`\{(\w+)(\.\.\.)?\}`)

// fillPath puts the arguments in the places of {name}, one segment each, and of
// {name...}, one that may have slashes.
func fillPath(path string, args []string) (string, error) {
	places := placeholder.FindAllStringSubmatch(path, -1)
	if len(places) != len(args) {
		return "", fmt.Errorf("starter: path %s has %d placeholders, and the call %d PathArgs", path, len(places), len(args))
	}
	for i, place := range places {
		name, many := place[1], place[2] != ""
		arg := args[i]
		if many {
			arg = strings.Trim(arg, "/")
		}
		if arg == "" {
			return "", &perdure.InputError{Field: name, Message: "is empty"}
		}
		path = strings.Replace(path, place[0], escape(arg, many), 1)
	}
	return path, nil
}

func escape(arg string, many bool) string {
	if !many {
		return url.PathEscape(arg)
	}
	segments := strings.Split(arg, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return strings.Join(segments, "/")
}

func bodyOf(body any) (*perdure.Body, error) {
	switch b := body.(type) {
	case nil:
		return nil, nil
	case *perdure.Body:
		return b, nil
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, &perdure.InputError{Field: "body", Message: "cannot be written as JSON: " + strings.TrimPrefix(err.Error(), "json: ")}
	}
	return perdure.JSONBody(raw), nil
}

// merged are the headers of all, in canonical form; a later one replaces an earlier.
func merged(all ...map[string][]string) map[string][]string {
	out := http.Header{}
	for _, headers := range all {
		for name, values := range headers {
			out[http.CanonicalHeaderKey(name)] = values
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
