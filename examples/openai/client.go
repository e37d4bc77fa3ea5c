package openai

import (
	"cmp"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// ClientOptions of the clients of this package.
type ClientOptions struct {
	// Service is what the workers' configuration calls the API. Default "openai".
	Service string
}

func newService(c *starter.Client, o *ClientOptions) *starter.Service {
	if o == nil {
		o = &ClientOptions{}
	}
	return &starter.Service{
		Client:      c,
		Name:        cmp.Or(o.Service, "openai"),
		Protocol:    &perdure.ProtocolChoice{Name: "openai"},
		DecodeError: decodeError,
	}
}

// withAssistants is the service for the objects that belong to assistants.
func withAssistants(s *starter.Service) *starter.Service {
	s.Headers = map[string][]string{"OpenAI-Beta": {"assistants=v2"}}
	return s
}
