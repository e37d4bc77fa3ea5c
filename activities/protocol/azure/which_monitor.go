package azure

import (
	"net/http"

	"github.com/perdure-dev/perdure/activities/protocol"
)

// kind is how the operation is asked after.
type kind string

const (
	asyncOperation    kind = "azure-async-operation" // a status URL
	operationLocation kind = "operation-location"    // a status URL
	location          kind = "location"
	ownURL            kind = "own-url" // the request's own
)

const (
	headerAsync     = "Azure-AsyncOperation"
	headerOperation = "Operation-Location"
	headerLocation  = "Location"
)

// monitorHeaders in their order: the first that the start's answer has is where to
// ask. A Location may come beside either of the others, and then is for the value at
// most (ARM RPC, "202 Accepted and Location headers"; azcore, runtime: NewPoller).
var monitorHeaders = []struct {
	header string
	kind   kind
}{
	{headerAsync, asyncOperation},
	{headerOperation, operationLocation},
	{headerLocation, location},
}

// monitor is where the start's answer says to ask; without a header, for PUT and
// PATCH the request's own URL, for others nowhere. Relative URLs are resolved: AG
// wants absolute ones, some services send others, and azcore refuses them.
func (b bound) monitor(start protocol.Exchange) (kind, place) {
	for _, m := range monitorHeaders {
		if ref := start.Header.Get(m.header); ref != "" {
			return m.kind, b.find(start, m.header, ref)
		}
	}
	if makesResource(start.Method) {
		return ownURL, place{URL: start.URL}
	}
	return "", place{}
}

// makesResource: the resource is where the request went.
func makesResource(method string) bool {
	return method == http.MethodPut || method == http.MethodPatch
}
