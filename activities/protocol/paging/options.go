package paging

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// options that every pager takes.
type options struct {
	// Items is JMESPath on the body, where that has the values; default: the pager's.
	Items *string `json:"items"`
	// APIVersion is put on every request as the query parameter api-version; default:
	// the URLs are left as they are. At most 256 bytes.
	APIVersion string `json:"apiVersion"`
	// NextMethod is the method of the requests after the first; default: GET where the
	// service gives a link, the first request's where it gives a token.
	NextMethod string `json:"nextMethod"`
	// Reinject names query parameters of the first request that a link does not have
	// and that the next request is to have all the same.
	Reinject []string `json:"reinject"`
	// NextLink is "" for a list that has one page, whatever its body says.
	NextLink *string `json:"nextLink"`
}

// Rules are the options that every pager takes, checked.
type Rules struct {
	// Protocol is the pager's name.
	Protocol string
	// Items is where the values are; nil: where the pager's convention has them.
	Items *Path
	// Single: the list has one page, whatever its body says.
	Single bool

	apiVersion, nextMethod string
	reinject               []string
}

// Bind reads the options that every pager takes, and those of one pager into the
// struct that own points to; nil: it has none. An option that own has, too, is read
// into own alone.
func Bind(name string, raw json.RawMessage, own any) (Rules, error) {
	if own == nil {
		own = &struct{}{}
	}
	var o options
	if err := readBoth(raw, own, &o); err != nil {
		return Rules{}, err
	}
	r := Rules{Protocol: name, Single: o.NextLink != nil, apiVersion: o.APIVersion, nextMethod: o.NextMethod, reinject: o.Reinject}
	if o.Items != nil {
		var err error
		if r.Items, err = Compile("items", *o.Items); err != nil {
			return Rules{}, err
		}
	}
	for _, fault := range []struct{ field, message string }{
		{"apiVersion", protocol.APIVersionFault(o.APIVersion)},
		{"nextMethod", methodFault(o.NextMethod)},
		{"reinject", reinjectFault(o.Reinject)},
		{"nextLink", nextLinkFault(o.NextLink)},
	} {
		if fault.message != "" {
			return Rules{}, &perdure.InputError{Field: fault.field, Message: fault.message}
		}
	}
	return r, nil
}

// readBoth gives every option to the struct that has it, and the unknown ones to own.
func readBoth(raw json.RawMessage, own, shared any) error {
	given, ok := protocol.Exchange{Body: raw}.Object()
	if !ok {
		return protocol.Options(raw, own)
	}
	ofOwn, ofAll := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	for name, value := range given {
		if has(shared, name) && !has(own, name) {
			ofAll[name] = value
		} else {
			ofOwn[name] = value
		}
	}
	for _, part := range []struct {
		given map[string]json.RawMessage
		into  any
	}{{ofOwn, own}, {ofAll, shared}} {
		encoded, err := json.Marshal(part.given)
		if err != nil {
			return err
		}
		if err := protocol.Options(encoded, part.into); err != nil {
			return err
		}
	}
	return nil
}

// has reports whether the struct that s points to has a field of this JSON name.
func has(s any, name string) bool {
	for f := range reflect.TypeOf(s).Elem().Fields() {
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == name {
			return true
		}
	}
	return false
}

func methodFault(method string) string {
	if _, err := http.NewRequest(method, "/", nil); err != nil { //nolint:noctx // only looked at: net/http knows what a method may be
		return fmt.Sprintf("is %q, want an HTTP method such as POST", method)
	}
	return ""
}

// maxReinject bounds the parameters that can be named.
const maxReinject = 100

func reinjectFault(names []string) string {
	if len(names) > maxReinject {
		return fmt.Sprintf("has %d names, want at most %d", len(names), maxReinject)
	}
	if slices.Contains(names, "") {
		return "has an empty name, want the names of query parameters"
	}
	return ""
}

func nextLinkFault(path *string) string {
	if path != nil && *path != "" {
		return `is a path, which only the protocol nextlink takes; want "" for a list of one page`
	}
	return ""
}

// Violation says how the service broke the pager's contract.
func (r Rules) Violation(message string) error {
	return &perdure.ProtocolError{Protocol: r.Protocol, Message: message}
}
