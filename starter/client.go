package starter

import (
	"errors"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/tokens"
)

// Options of a Client. The zero value is fine for all but rehydrating.
type Options struct {
	// TaskQueue that the workers serve. Default perdure.DefaultTaskQueue.
	TaskQueue string
	// Keyset verifies continuation tokens; the workers' own. Required to rehydrate.
	Keyset *tokens.Keyset
	// TokenLifetime is how old a token may be that is rehydrated; 0: no bound here
	// (a worker has its own).
	TokenLifetime time.Duration
	// Namespace is the one that the Temporal client was made with. Default "default".
	Namespace string
	// DataConverter is the one that the Temporal client was made with. Default: the
	// SDK's.
	DataConverter converter.DataConverter
	// QueryTimeout is how long a worker is waited for before the status is answered
	// from what was recorded last. Default 5 s.
	QueryTimeout time.Duration
}

const defaultQueryTimeout = 5 * time.Second

// Client starts operations and finds them again. It is safe for concurrent use, and
// does not own the Temporal client: whoever made that closes it.
type Client struct {
	temporal client.Client
	Options
}

// New returns a Client over a Temporal client.
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
	if o.DataConverter == nil {
		o.DataConverter = converter.GetDefaultDataConverter()
	}
	if o.QueryTimeout == 0 {
		o.QueryTimeout = defaultQueryTimeout
	}
	return &Client{temporal: temporal, Options: o}, nil
}

// namespace is the Temporal client's. The SDK gives no getter, so it is an option.
func (c *Client) namespace() string { return c.Namespace }
