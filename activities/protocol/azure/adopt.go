package azure

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// Adopt goes on from a resume token of Azure's SDK for Go, or from a status URL with
// the method and the resource of the start.
func (b bound) Adopt(a perdure.Adoption) (protocol.Step, error) {
	switch {
	case a.Azcore != "":
		return b.adoptToken(a.Azcore)
	case a.StatusURL != "":
		return b.adoptMonitor(a)
	}
	return protocol.Step{}, &perdure.InputError{Field: "adopt", Message: "the protocol azure adopts by azcore or by statusURL"}
}

// tokenFields tell the tokens of azcore's pollers apart, in the order of azcore
// (runtime: NewPollerFromResumeToken): by a field that only one of them has, or by the
// type that is in the token itself. The type around it is Go's, and says nothing.
var tokenFields = []struct {
	kind      kind
	url       string // the field with the monitor
	belongsTo func(token map[string]json.RawMessage) bool
}{
	{asyncOperation, "asyncURL", has("asyncURL")},
	{ownURL, "pollURL", isType("body")},
	{location, "pollURL", isType("loc")},
	{operationLocation, "oplocURL", has("oplocURL")},
}

type fields = map[string]json.RawMessage

func has(name string) func(fields) bool {
	return func(token fields) bool { _, ok := token[name]; return ok }
}

func isType(name string) func(fields) bool {
	return func(token fields) bool { return protocol.String(token["type"]) == name }
}

// adoptToken reads {"type": ..., "token": {...}} (azcore, internal/pollers:
// NewResumeToken, and the JSON tags of the four pollers).
func (b bound) adoptToken(text string) (protocol.Step, error) {
	outer, ok := protocol.Exchange{Body: []byte(text)}.Object()
	if !ok {
		return protocol.Step{}, badToken("is no resume token of the Azure SDK for Go: no JSON object")
	}
	token, ok := protocol.Exchange{Body: outer["token"]}.Object()
	if !ok {
		return protocol.Step{}, badToken("is no resume token of the Azure SDK for Go: it has no token in it")
	}
	for _, t := range tokenFields {
		if t.belongsTo(token) {
			return b.fromToken(t.kind, t.url, token)
		}
	}
	return protocol.Step{}, badToken("is of none of the four pollers of the Azure SDK for Go that ask a service: it has no asyncURL, no oplocURL, and no pollURL with the type loc or body")
}

func (b bound) fromToken(k kind, urlField string, token fields) (protocol.Step, error) {
	raw := protocol.String(token[urlField])
	self := protocol.Exchange{URL: raw}
	s := state{Kind: k, Monitor: b.find(self, urlField, raw)}
	switch k {
	case asyncOperation, operationLocation:
		s.Method, s.FinalStateVia = protocol.String(token["method"]), protocol.String(token["finalState"])
		s.Location = b.find(self, "locURL", protocol.String(token["locURL"]))
		s.Resource = b.find(self, "origURL", protocol.String(token["origURL"]))
		s.ResultKey = protocol.String(token["resultPath"])
	case ownURL:
		s.Method = http.MethodPut // or PATCH, which is the same here
	case location:
	}
	if s.Monitor.URL == "" {
		return protocol.Step{}, badToken("has no usable " + urlField)
	}
	if b.needsResource(s) && s.Resource.URL == "" {
		return protocol.Step{}, badToken("has no usable origURL, which has the value")
	}
	return adopted(s, protocol.String(token["state"]))
}

func badToken(message string) error {
	return &perdure.InputError{Field: "adopt.azcore", Message: message}
}

// adoptMonitor takes a status URL, whose answers have a status (readStatus), or, where
// it is the resource itself, a properties.provisioningState (readOwn).
func (b bound) adoptMonitor(a perdure.Adoption) (protocol.Step, error) {
	if err := checkMethod(a); err != nil {
		return protocol.Step{}, err
	}
	monitor, err := b.given("adopt.statusURL", a.StatusURL)
	if err != nil {
		return protocol.Step{}, err
	}
	resource, err := b.given("adopt.resource", a.Resource)
	if err != nil {
		return protocol.Step{}, err
	}
	s := state{Kind: operationLocation, Monitor: monitor, Method: a.Method, Resource: resource}
	switch {
	case a.StatusURL == a.Resource && makesResource(a.Method):
		s.Kind = ownURL
	case b.FinalStateVia == viaAsyncOperation:
		s.Kind = asyncOperation
	}
	if b.needsResource(s) && !s.Resource.named() {
		return protocol.Step{}, &perdure.InputError{Field: "adopt.resource", Message: "is missing: the value is there"}
	}
	return adopted(s, "")
}

// checkMethod: the start's method says whether the value is at the resource.
func checkMethod(a perdure.Adoption) error {
	switch a.Method {
	case http.MethodPut, http.MethodPatch, http.MethodPost, http.MethodDelete:
	case "":
		if a.Resource != "" {
			return &perdure.InputError{Field: "adopt.method", Message: "is missing beside resource: it says whether the value is there"}
		}
	default:
		return &perdure.InputError{Field: "adopt.method", Message: fmt.Sprintf("is %q, want PUT, PATCH, POST or DELETE", a.Method)}
	}
	return nil
}

// needsResource: the value may be where the start went (finalGets).
func (b bound) needsResource(s state) bool {
	if s.Kind != asyncOperation && s.Kind != operationLocation {
		return false
	}
	return makesResource(s.Method) || s.Method == http.MethodPost && cmp.Or(s.FinalStateVia, b.FinalStateVia) == viaOriginalURI
}

// given is a URL of the caller's.
func (b bound) given(field, raw string) (place, error) {
	if raw == "" {
		return place{}, nil
	}
	target, err := protocol.AdoptedURL(field, raw, len(protocol.WithAPIVersion("", b.APIVersion)))
	if err != nil {
		return place{}, err
	}
	return place{URL: protocol.WithAPIVersion(target, b.APIVersion)}, nil
}

// adopted is the step from which to go on: what the operation was when it was given
// away is its status, and it is asked again, also where that was its end.
func adopted(s state, word string) (protocol.Step, error) {
	s.Monitor.Adopted, s.Resource.Adopted, s.Location.Adopted = true, s.Resource.named(), s.Location.named()
	return s.step(protocol.Step{ServiceStatus: word})
}
