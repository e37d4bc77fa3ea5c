package azure

import (
	"cmp"
	"encoding/json"
	"fmt"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// ClientOptions of the clients of this package.
type ClientOptions struct {
	// Service is what the workers' configuration calls the service. Default "arm" or
	// "language", the client says which.
	Service string
	// APIVersion is sent with every request. Default: the version that the client was
	// written for.
	APIVersion string
}

// newService is a service that speaks Azure's protocol; o's zero fields take defaults's.
func newService(c *starter.Client, o *ClientOptions, defaults ClientOptions) (*starter.Service, protocolOptions) {
	if o == nil {
		o = &ClientOptions{}
	}
	options := protocolOptions{APIVersion: cmp.Or(o.APIVersion, defaults.APIVersion)}
	return &starter.Service{
		Client:      c,
		Name:        cmp.Or(o.Service, defaults.Service),
		Protocol:    options.choice(),
		DecodeError: decodeError,
	}, options
}

// protocolOptions of the protocol azure.
type protocolOptions struct {
	APIVersion    string `json:"apiVersion,omitempty"`
	ResultPath    string `json:"resultPath,omitempty"`
	FinalStateVia string `json:"finalStateVia,omitempty"`
}

func (o protocolOptions) choice() *perdure.ProtocolChoice {
	raw, err := json.Marshal(o)
	if err != nil {
		panic(fmt.Sprintf("azure: strings that cannot be written: %v", err))
	}
	return &perdure.ProtocolChoice{Name: "azure", Options: raw}
}
