package worker

import (
	"slices"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/location"
	"github.com/perdure-dev/perdure/activities/protocol/openai"
)

// builtIn protocols, in the order in which "auto" tries them: what recognises less
// comes first.
func builtIn() []protocol.Protocol {
	return []protocol.Protocol{openai.Protocol{}, location.Protocol{}}
}

// registry holds the user's own protocols, which "auto" tries first, and the
// built-in ones.
func registry(own []protocol.Protocol) (*protocol.Registry, error) {
	return protocol.NewRegistry(slices.Concat(own, builtIn())...)
}
