package worker_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/worker"
)

// ownProtocol is a user's own.
type ownProtocol struct{ name string }

func (p ownProtocol) Name() string { return p.name }

func (ownProtocol) Bind(options json.RawMessage) (protocol.Bound, error) {
	return nil, protocol.NoOptions(options)
}

func TestOwnProtocols(t *testing.T) {
	cfg := written(t, `tokens: {keysetFile: keyset.json}
services: {a: {baseURL: "https://a.example.com", protocol: {name: own}}}
`)
	require.ErrorContains(t, cfg.Check(), `services.a.protocol.name: "own" is unknown`)
	require.NoError(t, cfg.Check(ownProtocol{"own"}))
	o, err := cfg.Activities(ownProtocol{"own"})
	require.NoError(t, err)
	require.Equal(t, []string{"location", "openai", "own"}, o.Protocols.Names())

	_, err = worker.New(nil, cfg, worker.Options{Protocols: []protocol.Protocol{ownProtocol{"openai"}}})
	require.ErrorContains(t, err, `the name "openai" is taken`)
}
