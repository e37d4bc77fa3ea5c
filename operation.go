package perdure

import (
	"encoding/json"
	"time"
)

// OperationInput is the input of perdure.operation.v1: exactly one of Request,
// Token and Adopt is set.
type OperationInput struct {
	Request *Request `json:"request,omitempty"`
	// Token takes up an operation of ours from its continuation token.
	Token string `json:"token,omitempty"`
	// Adopt takes over an operation that others started.
	Adopt   *Adoption `json:"adopt,omitempty"`
	Service string    `json:"service,omitempty"` // with Adopt
	// Type is the caller's name for its method, at most 256 bytes: bound into the
	// token and demanded again.
	Type string `json:"type,omitempty"`
	// Audience says for whom the operation runs (a tenant, a user), at most 256
	// bytes: bound into the token and demanded again.
	Audience string          `json:"audience,omitempty"`
	Protocol *ProtocolChoice `json:"protocol,omitempty"`
	Polling  *Polling        `json:"polling,omitempty"`
	// TimeoutSeconds bounds the whole operation; 0: no bound.
	TimeoutSeconds float64 `json:"timeoutSeconds,omitempty"`
	// IdempotencyKey by default is derived from the workflow id and first run id.
	IdempotencyKey string          `json:"idempotencyKey,omitempty"`
	Cancel         *CancelSettings `json:"cancel,omitempty"`
	// Report has a child workflow tell its parent how it goes; nil: it does not.
	Report *ReportSettings `json:"report,omitempty"`
}

// Adoption names an operation that others started, in one of three ways.
type Adoption struct {
	// Azcore is a resume token of the Azure SDK for Go.
	Azcore string `json:"azcore,omitempty"`
	// Operation is the remote id or name; Collection the URL that its start went
	// to, where the protocol derives the monitor from it.
	Operation  string `json:"operation,omitempty"`
	Collection string `json:"collection,omitempty"`
	// StatusURL is the status monitor; Method and Resource are the start's.
	StatusURL string `json:"statusURL,omitempty"`
	Method    string `json:"method,omitempty"`
	Resource  string `json:"resource,omitempty"`
}

// ProtocolChoice names the protocol that an operation follows.
type ProtocolChoice struct {
	// Name is a built-in protocol's, such as azure, google, openai or auto, or one's own.
	// Default: that of the service's configuration, else auto; a stream has to name one.
	Name string `json:"name,omitempty"`
	// Options are a JSON object; an option that the protocol does not know is refused.
	// docs/protocols.md lists them.
	Options json.RawMessage `json:"options,omitempty"`
}

// Polling says how often the service is asked. Zero fields take the service's
// configured value, and then the default.
type Polling struct {
	// IntervalSeconds is the wait between questions when the service asks for
	// none, and a floor under what it asks for. Default 30.
	IntervalSeconds float64 `json:"intervalSeconds,omitempty"`
	// MaxIntervalSeconds bounds the backoff, not the service. Default: the interval,
	// or 5 minutes where Backoff is above 1.
	MaxIntervalSeconds float64 `json:"maxIntervalSeconds,omitempty"`
	// Backoff multiplies the interval after each question; at least 1. Default 1.
	Backoff float64 `json:"backoff,omitempty"`
	// IgnoreRetryAfter disregards the wait that the service asks for.
	IgnoreRetryAfter *bool `json:"ignoreRetryAfter,omitempty"`
	// NotFoundGraceSeconds is how long a 404 means "not there yet". Default 60.
	NotFoundGraceSeconds *float64 `json:"notFoundGraceSeconds,omitempty"`
}

// CancelSettings say what canceling does.
type CancelSettings struct {
	// GraceSeconds is how long the service is asked, after cancel was requested,
	// for the operation's end. Default 600.
	GraceSeconds *float64 `json:"graceSeconds,omitempty"`
	// OnTimeout cancels the remote operation when TimeoutSeconds have passed.
	OnTimeout bool `json:"onTimeout,omitempty"`
}

// OperationResult is the result of perdure.operation.v1.
type OperationResult struct {
	State         State  `json:"state"`
	ServiceStatus string `json:"serviceStatus,omitempty"`
	// Value is null when there is none, and when ValueBody is set.
	Value json.RawMessage `json:"value"`
	// ValueBody is the result where it is not JSON, whole whatever its size.
	ValueBody *Body     `json:"valueBody,omitempty"`
	Response  *Response `json:"response,omitempty"`
}

// Status is what is known of an operation: the answer of the query "status" and
// of the updates, and details[0] of every failure.
type Status struct {
	State State `json:"state"`
	// Done is true once nothing more will be asked and the outcome is decided.
	Done     bool   `json:"done"`
	Service  string `json:"service,omitempty"`
	Protocol string `json:"protocol,omitempty"`
	Type     string `json:"type,omitempty"`
	RemoteID string `json:"remoteId,omitempty"`
	// ServiceStatus is the service's own word, untouched.
	ServiceStatus string `json:"serviceStatus,omitempty"`
	// PercentComplete is nil when the service does not say.
	PercentComplete *float64 `json:"percentComplete,omitempty"`
	// Progress is the service's own progress object.
	Progress json.RawMessage `json:"progress,omitempty"`
	// Polls counts the questions that were asked.
	Polls int `json:"polls"`

	StartedAt    time.Time `json:"startedAt,omitzero"`
	LastPolledAt time.Time `json:"lastPolledAt,omitzero"`
	NextPollAt   time.Time `json:"nextPollAt,omitzero"`
	EndedAt      time.Time `json:"endedAt,omitzero"`
	// AsOf is when the service last said what is written here.
	AsOf time.Time `json:"asOf,omitzero"`

	Cancel *CancelStatus `json:"cancel,omitempty"`
	// LastError is the last question that failed while none has succeeded since.
	LastError *TimedError `json:"lastError,omitempty"`
	// Stale is set by readers who found no worker running: this is what was recorded
	// last, and the service may have said more since.
	Stale bool `json:"stale,omitempty"`
	// ErrorType and Error say how it ended, when badly.
	ErrorType string        `json:"errorType,omitempty"`
	Error     *ServiceError `json:"error,omitempty"`
}

// CancelStatus says what became of a cancel request.
type CancelStatus struct {
	RequestedAt time.Time `json:"requestedAt"`
	Reason      string    `json:"reason,omitempty"`
	// Supported is nil until it is known whether the service can cancel.
	Supported *bool `json:"supported,omitempty"`
	// Accepted is nil until the service has answered the request.
	Accepted *bool `json:"accepted,omitempty"`
	// Confirmed: the service says that the operation is canceled.
	Confirmed bool `json:"confirmed"`
}

// TimedError is an error with its time.
type TimedError struct {
	At    time.Time    `json:"at"`
	Error ServiceError `json:"error"`
}

// CancelSignal is the payload of the signal "cancel".
type CancelSignal struct {
	Reason string `json:"reason,omitempty"`
}

// Resolve is the argument of the update "resolve", by which a person settles an
// ambiguous start: exactly one of its fields is set.
type Resolve struct {
	// Retry sends the start again: the service is known not to have started anything.
	Retry bool `json:"retry,omitempty"`
	// Adopt takes over the operation that a person found at the service.
	Adopt *Adoption `json:"adopt,omitempty"`
	// Fail gives up, for this reason.
	Fail string `json:"fail,omitempty"`
}

// UpdateStatusRequest is the argument of the update "updateStatus".
type UpdateStatusRequest struct {
	// Headers are sent with this question only.
	Headers map[string][]string `json:"headers,omitempty"`
}
