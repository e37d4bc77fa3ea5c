package starter

import (
	"time"

	"github.com/perdure-dev/perdure"
)

// CallOptions are what the caller of a typed client may say of an operation that is
// started. The zero value takes every default.
type CallOptions struct {
	// ID is the workflow id, and the caller's deduplication: the same id is the same
	// operation, as long as the namespace keeps it. Default: a new one.
	ID string
	// Summary is shown in Temporal's web UI. Default: the method's type.
	Summary string
	// Audience says for whom the operation runs (a tenant, a user), at most 256 bytes:
	// bound into the token and demanded again.
	Audience string
	// Headers replace those of the client that have the same name. Credentials are the
	// worker's and refused here.
	Headers map[string][]string
	// Polling says how often the service is asked; nil: as the workers' configuration
	// has it.
	Polling *perdure.Polling
	// Timeout bounds the whole operation; 0: no bound.
	Timeout time.Duration
	// IdempotencyKey by default is derived from the workflow's ids.
	IdempotencyKey string
	// Cancel says what canceling does; nil: the defaults.
	Cancel *perdure.CancelSettings
}

// ReadOptions are what the caller of a typed client may say of a collection or a stream
// that is read. The zero value takes every default.
type ReadOptions struct {
	// ID is the workflow id: the same id is the same collection or stream, which the
	// service is asked for once, as long as the namespace keeps it. Default: a new one.
	ID string
	// Summary is shown in Temporal's web UI. Default: the method's type.
	Summary string
	// Audience says for whom it is (a tenant, a user), at most 256 bytes: bound into the
	// tokens and demanded again.
	Audience string
	// Headers replace those of the client that have the same name. Credentials are the
	// worker's and refused here.
	Headers map[string][]string
}

// TokenOptions are what goes with a continuation token that a typed client takes. Its
// type and its service are the method's.
type TokenOptions struct {
	// Audience is the one that the token was made for; "": none.
	Audience string
}

// orDefault is what options point to, or their zero value.
func orDefault[O any](options *O) O {
	if options == nil {
		var zero O
		return zero
	}
	return *options
}
