package perdure

import (
	"encoding/json"
	"fmt"
	"time"
)

// Defaults of streams.
const (
	// DefaultSilenceTimeout is after how long without a byte a connection is broken off.
	DefaultSilenceTimeout = 2 * time.Minute
	// DefaultMaxEventBytes bounds the data of one event.
	DefaultMaxEventBytes = 1 << 20
)

// StreamInput is the input of perdure.stream.v1: exactly one of Request and Token is
// set.
type StreamInput struct {
	// Request is the request for the stream. It is sent once, unless it is proven that it
	// never left or the service asks for another try; what breaks off is taken up again
	// in the way that the protocol knows.
	Request *Request `json:"request,omitempty"`
	// Token goes on from where a continuation token of a stream was.
	Token   string `json:"token,omitempty"`
	Service string `json:"service,omitempty"`
	// Type is the caller's name for its method, at most 256 bytes: bound into the token
	// and demanded again.
	Type string `json:"type,omitempty"`
	// Audience says for whom the stream is (a tenant, a user), at most 256 bytes: bound
	// into the token and demanded again.
	Audience string          `json:"audience,omitempty"`
	Protocol *ProtocolChoice `json:"protocol,omitempty"`
	// SilenceTimeoutSeconds is after how long without a byte a connection is broken off
	// and taken up again. Default 120.
	SilenceTimeoutSeconds float64 `json:"silenceTimeoutSeconds,omitempty"`
}

// Event is one event of a stream.
type Event struct {
	// Offset counts from 0, without gaps, and never changes.
	Offset int `json:"offset"`
	// Type is "message" where the service names none.
	Type string `json:"type"`
	// ID is the stream's last event id, as in the WHATWG's server-sent events.
	ID string `json:"id,omitempty"`
	// Data is a JSON string; any JSON with the option json, and for jsonl.
	Data json.RawMessage `json:"data"`
	// At is when the worker received it.
	At time.Time `json:"at"`
}

// Events is the answer of the query "read".
type Events struct {
	Events []Event `json:"events"`
	// Next is the offset to go on from.
	Next int `json:"next"`
	// Done is true where no event will come at or after Next.
	Done  bool          `json:"done"`
	Error *ServiceError `json:"error,omitempty"`
}

// StreamStatus is what is known of a stream: the answer of the query "status" and of
// the update "wait", and details[0] of every failure.
type StreamStatus struct {
	// State is starting (the service has not answered), running, succeeded, failed or
	// canceled.
	State    State  `json:"state"`
	Done     bool   `json:"done"`
	Service  string `json:"service,omitempty"`
	Protocol string `json:"protocol,omitempty"`
	Type     string `json:"type,omitempty"`
	// Events and Bytes count what was recorded: the bytes of a text in UTF-8, and of any
	// other JSON as it is spelled.
	Events int   `json:"events"`
	Bytes  int64 `json:"bytes"`
	// Reconnects counts how often a broken connection was taken up again.
	Reconnects  int    `json:"reconnects"`
	LastEventID string `json:"lastEventId,omitempty"`
	// Segments say which run holds the events from which offset on, the newest last.
	Segments  []StreamSegment `json:"segments,omitempty"`
	StartedAt time.Time       `json:"startedAt,omitzero"`
	EndedAt   time.Time       `json:"endedAt,omitzero"`
	// LastError is why the connection broke last, while it has not been taken up again.
	LastError *TimedError `json:"lastError,omitempty"`
	// Stale is set by readers who found no worker running: this is what was recorded
	// last.
	Stale bool `json:"stale,omitempty"`
	// ErrorType and Error say how it ended, when badly.
	ErrorType string        `json:"errorType,omitempty"`
	Error     *ServiceError `json:"error,omitempty"`
}

// StreamSegment is the part of a stream that one run of its workflow holds.
type StreamSegment struct {
	RunID       string `json:"runId"`
	FirstOffset int    `json:"firstOffset"`
}

// StreamResult is the result of perdure.stream.v1.
type StreamResult struct {
	State      State `json:"state"`
	Events     int   `json:"events"`
	Bytes      int64 `json:"bytes"`
	Reconnects int   `json:"reconnects"`
}

// ReadRequest is the argument of the query "read".
type ReadRequest struct {
	Offset int `json:"offset"`
	// Max bounds the events; 0: as many as fit into an answer of about 1 MB.
	Max int `json:"max,omitempty"`
}

// WaitEventRequest is the argument of a stream's update "wait".
type WaitEventRequest struct {
	Offset int `json:"offset"`
	// WaitSeconds bounds the wait. Nobody waits for more than a minute, also where it is
	// nil: an answer that comes before the event says to ask again.
	WaitSeconds *float64 `json:"waitSeconds,omitempty"`
}

// Check reports the first field that is wrong, as an *InputError. What only the
// worker knows (services, protocols, what a service allows) is checked there.
func (in *StreamInput) Check() error {
	if err := exactlyOne(map[string]bool{"request": in.Request != nil, "token": in.Token != ""}, "request", "token"); err != nil {
		return err
	}
	if in.Request != nil {
		if err := in.Request.check("request", in.ServiceName()); err != nil {
			return err
		}
	}
	if err := checkCaller(in.Service, in.Request, in.Type, in.Audience); err != nil {
		return err
	}
	switch {
	case in.Token != "" && in.Protocol != nil:
		return &InputError{Field: "protocol", Message: "is set beside token, which has its own"}
	case in.Token == "" && in.Protocol == nil:
		return &InputError{Field: "protocol", Message: "is missing, want sse, openai or jsonl"}
	case in.Token == "" && in.Protocol.Name == "":
		return &InputError{Field: "protocol.name", Message: "is missing, want sse, openai or jsonl"}
	}
	return checkSeconds("silenceTimeoutSeconds", in.SilenceTimeoutSeconds)
}

// ServiceName is the service that the caller named, if any.
func (in *StreamInput) ServiceName() string {
	if in.Request != nil && in.Request.Service != "" {
		return in.Request.Service
	}
	return in.Service
}

// Check reports the first field that is wrong, as an *InputError.
func (r ReadRequest) Check() error {
	if r.Max < 0 {
		return &InputError{Field: "max", Message: "is negative, want 0 for as many as fit, or more"}
	}
	return checkOffset(r.Offset)
}

// Check reports the first field that is wrong, as an *InputError.
func (r WaitEventRequest) Check() error {
	if err := checkOffset(r.Offset); err != nil {
		return err
	}
	if r.WaitSeconds != nil {
		return checkSeconds("waitSeconds", *r.WaitSeconds)
	}
	return nil
}

func checkOffset(offset int) error {
	if offset < 0 {
		return &InputError{Field: "offset", Message: fmt.Sprintf("is %d, want 0 for the first event, or more", offset)}
	}
	return nil
}
