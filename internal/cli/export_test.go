package cli

import (
	"context"

	"github.com/perdure-dev/perdure/tokens"
)

// What tests put in the place of Temporal.
type (
	Engine     = engine
	Operation  = operation
	Collection = collection
	Page       = page
	Stream     = stream
	Event      = event
)

// MainWith is Main over an engine instead of a connection.
func MainWith(ctx context.Context, p Process, e Engine) int {
	a := newApp(p)
	a.connect = func(context.Context, *settings, *tokens.Keyset) (*session, error) {
		return &session{engine: e, namespace: "default"}, nil
	}
	return a.main(ctx)
}

// For tests of the pieces.
var (
	JSONOfYAML     = jsonOfYAML
	StatusText     = statusText
	CollectionText = collectionText
	StreamText     = streamText
	Harmless       = harmless
	OneLine        = oneLine
	Span           = span
	ShellWord      = shellWord
	Register       = register
	NewBar         = newProgressBar
	StandingOf     = standingOf
)

// Registry is a namespace's search attributes.
type Registry = registry
