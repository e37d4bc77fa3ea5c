package perduretest

import (
	"log/slog"
	"testing"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/grpc"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// Client stands for Temporal, the workers and the services behind them, in memory: what
// is started through its [Client.Starter] goes as the test has scripted it with
// [Client.On]. It is safe for concurrent use, has no clock of its own and starts no
// goroutine that outlives the test.
//
// A request that is not scripted fails the test, and is refused with an error that names
// it and what is scripted.
type Client struct {
	tb       testing.TB
	frontend *frontend
	temporal client.Client
	keyset   *tokens.Keyset
}

// NewClient gives a client on which nothing is scripted, with a keyset of its own: the
// tokens of another client are refused. For use within a synctest bubble make it there.
func NewClient(tb testing.TB) *Client {
	tb.Helper()
	keyset, err := tokens.NewKeyset()
	if err != nil {
		tb.Fatalf("perduretest: make a keyset: %v", err)
	}
	f := newFrontend(tb, keyset)
	temporal, err := client.NewLazyClient(client.Options{
		HostPort: "passthrough:///perduretest", // never dialed: the interceptor answers
		Logger:   log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		ConnectionOptions: client.ConnectionOptions{
			DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(f.intercept)},
		},
	})
	if err != nil {
		tb.Fatalf("perduretest: make a Temporal client: %v", err)
	}
	tb.Cleanup(temporal.Close)
	return &Client{tb: tb, frontend: f, temporal: temporal, keyset: keyset}
}

// Starter gives a new starter.Client, with the keyset and otherwise the defaults. Two of
// them are to each other what two processes are: all that they share is the tokens and
// what Temporal keeps.
func (c *Client) Starter() *starter.Client {
	c.tb.Helper()
	s, err := starter.New(c.temporal, starter.Options{Keyset: c.keyset})
	if err != nil {
		c.tb.Fatalf("perduretest: %v", err)
	}
	return s
}

// Temporal is the Temporal client that [Client.Starter] uses, for a starter.New with
// options of one's own. It is the SDK's own client over a Temporal in memory, which
// answers what package starter asks, TerminateWorkflow besides, and everything else with
// the error Unimplemented.
func (c *Client) Temporal() client.Client { return c.temporal }

// Keyset is the one with which tokens are sealed.
func (c *Client) Keyset() *tokens.Keyset { return c.keyset }

// Forget has Temporal forget a workflow, as it does when the namespace's retention has
// passed: its id is free again, and only tokens still take up what it was.
func (c *Client) Forget(id string) { c.frontend.forget(id) }

// Operations gives the inputs with which operations were started, in order.
func (c *Client) Operations() []perdure.OperationInput {
	return inputs[perdure.OperationInput](c.frontend)
}

// Collections gives the inputs with which collections, and single pages, were started,
// in order.
func (c *Client) Collections() []perdure.CollectionInput {
	return inputs[perdure.CollectionInput](c.frontend)
}

// Streams gives the inputs with which streams were started, in order.
func (c *Client) Streams() []perdure.StreamInput { return inputs[perdure.StreamInput](c.frontend) }

func inputs[I any](f *frontend) []I {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []I
	for _, in := range f.inputs {
		if in, ok := in.(I); ok {
			out = append(out, in)
		}
	}
	return out
}
