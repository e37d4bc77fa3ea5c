package worker

import (
	"slices"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/azure"
	"github.com/perdure-dev/perdure/activities/protocol/google"
	"github.com/perdure-dev/perdure/activities/protocol/jsonl"
	"github.com/perdure-dev/perdure/activities/protocol/link"
	"github.com/perdure-dev/perdure/activities/protocol/location"
	"github.com/perdure-dev/perdure/activities/protocol/nextlink"
	"github.com/perdure-dev/perdure/activities/protocol/openai"
	"github.com/perdure-dev/perdure/activities/protocol/sse"
	"github.com/perdure-dev/perdure/activities/protocol/token"
	"github.com/perdure-dev/perdure/activities/protocol/waiter"
)

// builtIn protocols, in the order in which "auto" tries them: what recognises less
// comes first. Waiter recognises nothing, and is only found by its name.
func builtIn() []protocol.Protocol {
	return []protocol.Protocol{azure.Protocol{}, google.Protocol{}, openai.Protocol{}, location.Protocol{}, waiter.Protocol{}}
}

// registry holds the user's own protocols, which "auto" tries first, and the
// built-in ones.
func registry(own []protocol.Protocol) (*protocol.Registry, error) {
	return protocol.NewRegistry(slices.Concat(own, builtIn())...)
}

// builtInPagers, in the order in which "auto" tries them. Token recognises nothing, and
// is only found by its name.
func builtInPagers() []protocol.Pager {
	return []protocol.Pager{nextlink.Pager{}, openai.Pager{}, google.Pager{}, link.Pager{}, token.Pager{}}
}

// pagers holds the user's own pagers, which "auto" tries first, and the built-in ones.
func pagers(own []protocol.Pager) (*protocol.Pagers, error) {
	return protocol.NewPagers(slices.Concat(own, builtInPagers())...)
}

// streamers holds the user's own streamers and the built-in ones.
func streamers(own []protocol.Streamer) (*protocol.Streamers, error) {
	return protocol.NewStreamers(slices.Concat(own, []protocol.Streamer{sse.Streamer{}, openai.Streamer{}, jsonl.Streamer{}})...)
}
