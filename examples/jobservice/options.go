package jobservice

import (
	"cmp"
	"errors"
	"net/http"
	"time"
)

// Options says how a [Service] behaves. The zero value is a service that asks
// for no credentials and keeps its books in memory.
type Options struct {
	// Duration is how long an operation takes whose request does not say;
	// default 5 s, negative: no time.
	Duration time.Duration
	// Steps, above 0, makes an operation whose request does not say go by
	// polls instead of by time: each poll is a step, and this many end it.
	Steps int
	// CancelDuration is how long an operation takes to be canceled; default
	// 1 s, negative: no time. One that goes by polls takes one poll.
	CancelDuration time.Duration
	// PollAfter, above 0, is what answers about a running operation ask the
	// client to wait: openai-poll-after-ms in the OpenAI style, Retry-After
	// (in seconds, rounded up) in the location style.
	PollAfter time.Duration

	// BearerToken, if set, is demanded as Authorization: Bearer.
	BearerToken string
	// APIKey, if set, is demanded in the header APIKeyHeader, default
	// X-Api-Key; beside a BearerToken both are.
	APIKey       string
	APIKeyHeader string

	// Items are what the paged lists hold.
	Items ItemOptions

	// NoIdempotency makes every POST start an operation of its own.
	NoIdempotency bool

	// BooksFile, if set, is where the books are also written: JSON lines,
	// added to, each written before the answer that it tells of, so that they
	// are there after the process was killed (see [ReadBooks]). A service that
	// is opened on the books of an earlier one goes on with its operations.
	BooksFile string
	// MaxEntries bounds the books in memory, the oldest are forgotten; default
	// 1,000,000.
	MaxEntries int
	// MaxOperations bounds the operations of each kind, the oldest are
	// forgotten; default 1,000,000.
	MaxOperations int
}

const million = 1_000_000

func (o Options) validated() (Options, error) {
	if o.Steps < 0 || o.PollAfter < 0 || o.MaxEntries < 0 || o.MaxOperations < 0 {
		return Options{}, errors.New("jobservice: Steps, PollAfter, MaxEntries and MaxOperations must not be negative")
	}
	var err error
	if o.Items, err = o.Items.validated(); err != nil {
		return Options{}, err
	}
	o.Duration = max(0, cmp.Or(o.Duration, 5*time.Second))
	o.CancelDuration = max(0, cmp.Or(o.CancelDuration, time.Second))
	o.APIKeyHeader = http.CanonicalHeaderKey(cmp.Or(o.APIKeyHeader, "X-Api-Key"))
	o.MaxEntries = cmp.Or(o.MaxEntries, million)
	o.MaxOperations = cmp.Or(o.MaxOperations, million)
	return o, nil
}
