package starter

import (
	"errors"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/payloads"
	"github.com/perdure-dev/perdure/tokens"
)

// Options of New. The zero value is fine.
type Options struct {
	// TaskQueue that the workers serve. Default perdure.DefaultTaskQueue.
	TaskQueue string
	// Keyset verifies continuation tokens, and is the one that the workers have. Default:
	// none; a worker verifies what is rehydrated, at the price of one more workflow.
	Keyset *tokens.Keyset
	// TokenLifetime is how old a token may be that is rehydrated; 0: no bound here
	// (a worker has its own).
	TokenLifetime time.Duration
	// Namespace is the one that the Temporal client was made with: it has no method that
	// tells. Default "default".
	Namespace string
	// Payloads that the Temporal client was made with. Default: payloads are neither
	// encrypted nor stored outside.
	Payloads *payloads.Payloads
	// DataConverter that the Temporal client was made with. Default: that of Payloads.
	DataConverter converter.DataConverter
	// QueryTimeout is how long a worker is waited for before the status is answered
	// from what was recorded last. Default 5 s.
	QueryTimeout time.Duration
}

const defaultQueryTimeout = 5 * time.Second

// Client starts operations and finds them again. It is safe for concurrent use, and
// does not own the Temporal client: whoever made that closes it. The zero value is not
// usable: [New] gives one.
type Client struct {
	temporal client.Client
	options  Options // without zero values
}

// New gives a Client over a Temporal client. It does not touch the network.
func New(temporal client.Client, o Options) (*Client, error) {
	if temporal == nil {
		return nil, errors.New("starter: the Temporal client is nil")
	}
	if o.TaskQueue == "" {
		o.TaskQueue = perdure.DefaultTaskQueue
	}
	if o.Namespace == "" {
		o.Namespace = client.DefaultNamespace
	}
	if o.Payloads == nil {
		o.Payloads = payloads.New(payloads.Options{})
	}
	if o.DataConverter == nil {
		o.DataConverter = o.Payloads.DataConverter()
	}
	if o.QueryTimeout == 0 {
		o.QueryTimeout = defaultQueryTimeout
	}
	return &Client{temporal: temporal, options: o}, nil
}

// takes refuses a request that is too large for Temporal to record, unless payloads are
// stored outside.
func (c *Client) takes(r *perdure.Request) error {
	if c.options.Payloads.Stored() {
		return nil
	}
	return r.CheckRecorded()
}
