package azure

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// options of the protocol.
type options struct {
	// FinalStateVia says where the value of a POST is; default: at the Location, if
	// one was given, else in the status body.
	FinalStateVia string `json:"finalStateVia"`
	// ResultPath is JMESPath on the status body, where that has the value; default:
	// the whole body. At most 4096 bytes.
	ResultPath string `json:"resultPath"`
	// APIVersion is put on every request as the query parameter api-version; default:
	// the URLs are left as they are. At most 256 bytes.
	APIVersion string `json:"apiVersion"`
	// CancelURL is a template that begins with {operation}, the URL that is polled;
	// default: the service cannot cancel.
	CancelURL string `json:"cancelURL"`
}

// The values of finalStateVia (AG; OpenAPI extension x-ms-long-running-operation-options).
const (
	viaAsyncOperation    = "azure-async-operation"
	viaOperationLocation = "operation-location"
	viaLocation          = "location"
	viaOriginalURI       = "original-uri"
)

func readOptions(raw json.RawMessage) (options, error) {
	var o options
	if err := protocol.Options(raw, &o); err != nil {
		return options{}, err
	}
	for _, check := range []struct {
		field, value string
		fault        func(string) string // "" is none
	}{
		{"finalStateVia", o.FinalStateVia, viaFault},
		{"apiVersion", o.APIVersion, protocol.APIVersionFault},
		{"cancelURL", o.CancelURL, cancelFault},
	} {
		if check.value == "" {
			continue
		}
		if fault := check.fault(check.value); fault != "" {
			return options{}, &perdure.InputError{Field: check.field, Message: fault}
		}
	}
	return o, nil
}

func viaFault(value string) string {
	known := []string{viaAsyncOperation, viaOperationLocation, viaLocation, viaOriginalURI}
	if slices.Contains(known, value) {
		return ""
	}
	return fmt.Sprintf("is %q, want %s or %s", value, strings.Join(known[:3], ", "), known[3])
}
