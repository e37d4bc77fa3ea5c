package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/perdure-dev/perdure/payloads"
	"github.com/perdure-dev/perdure/tokens"
	"github.com/perdure-dev/perdure/worker"
)

const plainConfig = `tokens: {keysetFile: keyset.json}
services: {a: {baseURL: "https://a.example.com"}}
`

func TestPayloads(t *testing.T) {
	dir := t.TempDir()
	plain, err := written(t, plainConfig).Payloads(t.Context(), nil)
	require.NoError(t, err)
	require.False(t, plain.Encrypted())
	require.False(t, plain.Stored())

	cfg := written(t, "encryption: {keysetFile: payload-keyset.json}\nstorage: {url: \"file://"+dir+"\", thresholdBytes: 4096}\n"+plainConfig)
	keyset := filepath.Join(filepath.Dir(cfg.KeysetPath()), "payload-keyset.json")
	_, err = cfg.Payloads(t.Context(), nil)
	require.ErrorContains(t, err, "perdure.yaml:1: encryption.keysetFile: ")
	require.ErrorContains(t, err, "; make one with: perdure keys new "+keyset)
	require.ErrorContains(t, cfg.CheckEnvironment(), "perdure.yaml:1: encryption.keysetFile: ")

	_, err = tokens.Create(keyset)
	require.NoError(t, err)
	require.NoError(t, cfg.CheckEnvironment())
	both, err := cfg.Payloads(t.Context(), nil)
	require.NoError(t, err)
	require.True(t, both.Encrypted())
	require.True(t, both.Stored())
	require.Equal(t, 4096, both.ClientOptions(client.Options{}).ExternalStorage.PayloadSizeThreshold)

	for _, given := range []*payloads.Payloads{nil, plain} {
		_, err = worker.New(newFrontend(t).client(t), cfg, worker.Options{Payloads: given})
		require.ErrorContains(t, err, "Options.Payloads is not what the configuration's encryption and storage say")
	}
	_, err = worker.New(newFrontend(t).client(t), written(t, plainConfig), worker.Options{Payloads: both})
	require.ErrorContains(t, err, "Options.Payloads is not what")
	_, err = worker.New(newFrontend(t).client(t), cfg, worker.Options{Payloads: both, Logger: discard()})
	require.NoError(t, err)
}

func TestPayloadsInABucket(t *testing.T) {
	cfg := written(t, "storage: {url: \"s3://b/p\"}\n"+plainConfig)
	_, err := cfg.Payloads(t.Context(), nil)
	require.ErrorContains(t, err, "storage.url: is a bucket, and this program has no library for it")
	opened := ""
	_, err = cfg.Payloads(t.Context(), func(_ context.Context, url string) (converter.StorageDriver, error) {
		opened = url
		return nil, errors.New("closed")
	})
	require.ErrorContains(t, err, "perdure.yaml:1: storage.url: closed")
	require.Equal(t, "s3://b/p", opened)
}

func TestSearchAttributesInClear(t *testing.T) {
	namespace := &namespaceOf{has: allAttributes()}
	s := worker.NewSearchAttributes(namespace.list, slog.New(slog.DiscardHandler))
	require.Empty(t, s.InClear())
	s.Probe(t.Context())
	require.Equal(t, []string{"PerdureState", "PerdureService"}, s.InClear())
	require.Len(t, s.Names(), 5)
}
