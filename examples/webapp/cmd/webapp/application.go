package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	sdklog "go.temporal.io/sdk/log"

	"github.com/perdure-dev/perdure/examples/webapp"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// application makes the handler over Temporal. It does not wait for Temporal: an
// application that is up can say that something else is not.
func application(s settings, log *slog.Logger) (handler http.Handler, done func(), err error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, nil, err
	}
	options.Logger = sdklog.NewStructuredLogger(log)
	temporal, err := client.NewLazyClient(options)
	if err != nil {
		return nil, nil, err
	}
	handler, err = newHandler(s, temporal, options.Namespace, log)
	if err != nil {
		temporal.Close()
		return nil, nil, err
	}
	return handler, temporal.Close, nil
}

func newHandler(s settings, temporal client.Client, namespace string, log *slog.Logger) (http.Handler, error) {
	keys, err := tokens.LoadKeyset(s.keyset)
	if err != nil {
		return nil, err
	}
	c, err := starter.New(temporal, starter.Options{TaskQueue: s.taskQueue, Keyset: keys, Namespace: namespace})
	if err != nil {
		return nil, err
	}
	cookies, err := sessionKeys(s.sessionKeyset, log)
	if err != nil {
		return nil, err
	}
	service := webapp.Service{Client: c, Name: s.service}
	return webapp.New(webapp.Options{
		Items:    webapp.KeptItems{Items: service, Cache: &webapp.MemoryCache{}, For: s.keep, Logger: log},
		Indexes:  service,
		Answers:  webapp.ChatService{Client: c, Name: cmp.Or(s.chatService, s.service), Model: s.model},
		Sessions: cookies,
		HTTPS:    s.https,
		Patience: s.patience,
		Logger:   log,
	})
}

func sessionKeys(file string, log *slog.Logger) (tink.AEAD, error) {
	if file == "" {
		log.Warn("no --session-keyset: who is signed in is so with this process only")
		handle, err := keyset.NewHandle(aead.XChaCha20Poly1305KeyTemplate())
		if err != nil {
			return nil, err
		}
		return aead.New(handle)
	}
	f, err := os.Open(file) //nolint:gosec // the path is the operator's to choose
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(f))
	if err != nil {
		return nil, fmt.Errorf("session keyset %s: %w", file, err)
	}
	return aead.New(handle)
}
