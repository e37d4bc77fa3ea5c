package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/perdure-dev/perdure/bench/internal/machine"
	"github.com/perdure-dev/perdure/bench/polling/internal/script"
)

// pacedInProcess measures a way without Temporal.
func pacedInProcess(ctx context.Context, name wayName, service string, size pacedSize) (_ *Paced, err error) {
	var said ready
	client, err := machine.Self(ctx, &said, roleClient)
	if err != nil {
		return nil, err
	}
	defer stop(client, &err)
	books := script.Books{URL: service, Batch: newBatch()}
	before, err := client.CPU()
	if err != nil {
		return nil, err
	}
	delivered, err := give(ctx, said.URL, order{
		PollUntilDone: name == pollUntilDone, Inputs: size.inputs(service, books.Batch, false), StartEvery: size.startEvery,
	})
	if err != nil {
		return nil, err
	}
	after, err := client.CPU()
	if err != nil {
		return nil, err
	}
	out := &Paced{Operations: size.operations, CPU: CPU{Worker: after - before}}
	if out.Delivered, err = delays(ctx, books, delivered); err != nil {
		return nil, err
	}
	count, err := books.Count(ctx)
	out.Polls = count.Polls
	return out, err
}

// give has a client carry out an order, and gives when each value was there.
func give(ctx context.Context, url string, o order) (delivered map[string]time.Time, err error) {
	body, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("client: %s", resp.Status)
	}
	err = json.NewDecoder(resp.Body).Decode(&delivered)
	return delivered, err
}
