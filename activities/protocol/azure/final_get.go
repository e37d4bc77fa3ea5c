package azure

import (
	"cmp"
	"encoding/json"
	"net/http"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/jmes"
)

// success is an operation whose status URL says that it succeeded.
type success struct {
	kind   kind
	method string
	via    string // finalStateVia
	// The places where the value may be.
	resource, location, resourceLocation place
}

// finalGets say where the value is, the first that applies. Sources: AG, "final
// result" and resourceLocation; ARM RPC, "Azure-AsyncOperation"; azcore,
// internal/pollers/{async,op}: Result.
var finalGets = []struct {
	applies func(success) bool
	at      func(success) place
}{
	// Operation-Location alone: finalStateVia location comes first, and then what the
	// body names (op.Result).
	{
		func(s success) bool {
			return s.kind == operationLocation && s.via == viaLocation && s.location.named()
		},
		theLocation,
	},
	{
		func(s success) bool { return s.kind == operationLocation && s.resourceLocation.named() },
		func(s success) place { return s.resourceLocation },
	},
	// The request's own URL has the resource, whatever finalStateVia says (async.Result).
	{func(s success) bool { return makesResource(s.method) }, theResource},
	{func(s success) bool { return s.method == http.MethodDelete }, nowhere},
	// A POST. op.Result knows none of these two, and async.Result no operation-location:
	// azcore gets the Location then.
	{
		func(s success) bool { return s.via == viaAsyncOperation || s.via == viaOperationLocation },
		nowhere,
	},
	{func(s success) bool { return s.via == viaOriginalURI }, theResource},
	// finalStateVia should be location here, and often is not given (async.Result).
	{func(s success) bool { return s.location.named() }, theLocation},
	{func(success) bool { return true }, nowhere},
}

func theResource(s success) place { return s.resource }
func theLocation(s success) place { return s.location }
func nowhere(success) place       { return place{} }

func (s success) valueAt() place {
	for _, f := range finalGets {
		if f.applies(s) {
			return f.at(s)
		}
	}
	return place{}
}

// withValue completes the step of an operation that succeeded: its value has to be
// asked for, or is in the status body.
func (b bound) withValue(s state, answer protocol.Exchange, out protocol.Step) (protocol.Step, error) {
	at, err := success{
		kind: s.Kind, method: s.Method, via: cmp.Or(s.FinalStateVia, b.FinalStateVia),
		resource: s.Resource, location: s.Location, resourceLocation: b.resourceLocation(answer),
	}.valueAt().must()
	if err != nil {
		return protocol.Step{}, err
	}
	if at.named() {
		s.Value, out.Fetch = at, true
		out.Value, out.HasValue = nil, false
		return s.step(out)
	}
	out.Value = b.valueIn(s, answer)
	out.HasValue = len(out.Value) > 0
	return s.step(out)
}

// resourceLocation is the URL that the status body names (AG, resourceLocation;
// azcore, sdk/internal/poller: GetResourceLocation). Null is none.
func (b bound) resourceLocation(answer protocol.Exchange) place {
	body, _ := answer.Object()
	raw := body["resourceLocation"]
	var ref *string
	switch {
	case len(raw) == 0:
		return place{}
	case json.Unmarshal(raw, &ref) != nil:
		return place{Fault: "resourceLocation is not a string"}
	case ref == nil:
		return place{}
	}
	return b.find(answer, "resourceLocation", *ref)
}

// valueIn is the value in the status body: what the resume token's key or the
// option's path names, else the whole body, which a DELETE has none of.
func (b bound) valueIn(s state, answer protocol.Exchange) []byte {
	whole, _ := answer.Value()
	switch {
	case s.ResultKey != "":
		body, _ := answer.Object()
		return notNull(body[s.ResultKey])
	case b.result != nil:
		return notNull(b.result.Raw(jmes.ParseExact(whole)))
	case s.Method == http.MethodDelete:
		return nil
	}
	return whole
}

// notNull: a null is no value.
func notNull(raw []byte) []byte {
	if string(raw) == "null" {
		return nil
	}
	return raw
}
