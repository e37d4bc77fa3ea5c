package azure

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// operationVariable stands, in the option cancelURL, for the URL that is polled.
const operationVariable = "{operation}"

// Cancel posts to the option's URL. Neither AG nor ARM RPC promises that there is one:
// some services have {operation}:cancel, some {operation}/cancel, most have none.
func (b bound) Cancel(raw json.RawMessage) (protocol.Ask, bool, error) {
	s, err := decode(raw)
	if err != nil || b.CancelURL == "" {
		return protocol.Ask{}, false, err
	}
	target := protocol.WithAPIVersion(fillOperation(b.CancelURL, s.Monitor.URL), b.APIVersion)
	if len(target) > perdure.MaxURLBytes {
		return protocol.Ask{}, false, violation("the URL that cancels is too long")
	}
	return protocol.Ask{Method: http.MethodPost, URL: target, Option: "cancelURL"}, true, nil
}

// fillOperation puts what comes after {operation} behind the URL's path, and its query
// behind the URL's.
func fillOperation(template, monitor string) string {
	path, query, _ := strings.Cut(monitor, "?")
	suffix, more, _ := strings.Cut(strings.TrimPrefix(template, operationVariable), "?")
	if _, rest, _ := strings.Cut(path, "://"); !strings.Contains(rest, "/") {
		path += "/" // what follows is not the host's
	}
	if strings.HasPrefix(suffix, "/") {
		path = strings.TrimSuffix(path, "/")
	}
	out := path + suffix
	if query == "" || more == "" {
		query += more
	} else {
		query += "&" + more
	}
	if query == "" {
		return out
	}
	return out + "?" + query
}

// cancelFault refuses a template that does not begin with {operation}, or goes on with
// what could change another part of the URL than the end of its path and its query.
func cancelFault(template string) string {
	suffix, ok := strings.CutPrefix(template, operationVariable)
	switch {
	case !ok || strings.ContainsAny(suffix, "{}"):
		return `want a template that begins with {operation}, such as "{operation}:cancel"`
	case suffix == "":
		return ""
	case !strings.ContainsRune(":/?", rune(suffix[0])):
		return "goes on after {operation} with something else than :, / or ?"
	}
	if bad, isInput := perdure.CheckURL("cancelURL", "/x"+suffix).(*perdure.InputError); isInput { //nolint:errorlint // not wrapped
		return bad.Message
	}
	return ""
}
