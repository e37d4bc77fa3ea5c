package payloads_test

import (
	"context"

	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure/payloads"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/storage"
	"github.com/perdure-dev/perdure/tokens"
)

// A service whose workers encrypt payloads, and keep large ones in a directory.
func Example() {
	keyset, err := tokens.LoadKeyset("payload-keyset.json")
	if err != nil {
		return
	}
	store, err := storage.Directory("/var/lib/perdure/blobs")
	if err != nil {
		return
	}
	p := payloads.New(payloads.Options{Keyset: keyset, Store: store})
	temporal, err := client.DialContext(context.Background(), p.ClientOptions(client.Options{HostPort: "temporal.example.com:7233"}))
	if err != nil {
		return
	}
	defer temporal.Close()
	operations, err := starter.New(temporal, starter.Options{Payloads: p})
	if err != nil {
		return
	}
	_ = operations
}
