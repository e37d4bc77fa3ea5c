package perdure

import (
	"encoding/json"
	"time"
)

// The shapes that the workflows of streams and their activity exchange. They are in
// histories, so they only grow; they are not for users.

// WorkflowStreamReader is the type of the workflow that holds a stream's connection, a
// child of perdure.stream.v1, whose runs it outlives.
const WorkflowStreamReader = "perdure.streamReader.v1"

// SignalRecord carries a Batch from the activity to the stream's log.
const SignalRecord = "perdure.record"

// SignalThere is sent to see whether the reader still runs: sending fails where there is
// none, and the reader ignores it.
const SignalThere = "perdure.there"

// QueryPosition gives the activity the LogPosition from which to go on.
const QueryPosition = "perdure.position"

// ReaderInput is the input of perdure.streamReader.v1, and of perdure.readStream.v1.
type ReaderInput struct {
	// Log is the workflow id of the stream.
	Log   string      `json:"log"`
	Input StreamInput `json:"input"`
	// FirstRunID is the log's first run, of which the idempotency key is made.
	FirstRunID string `json:"firstRunId"`
}

// LogPosition is how far the log has come.
type LogPosition struct {
	// Next is the offset of the next event.
	Next int `json:"next"`
	// Sealed is the sealed state after the last event, which is the continuation token;
	// empty: the service has not answered.
	Sealed string `json:"sealed,omitempty"`
	// Writer is the highest of the writers that have recorded.
	Writer      int64       `json:"writer"`
	Reconnects  int         `json:"reconnects"`
	LastEventID string      `json:"lastEventId,omitempty"`
	LastError   *TimedError `json:"lastError,omitempty"`
	// FirstRunID is the log's first run: another log may have had the id before.
	FirstRunID string `json:"firstRunId,omitempty"`
	// Done: nothing more is recorded.
	Done bool `json:"done"`
}

// Batch is a number of events that follow one another, and what is known beside them.
type Batch struct {
	// Writer grows with each activity attempt; what an earlier one sends after a later
	// one has begun is dropped.
	Writer int64 `json:"writer"`
	// FirstRunID is the first run of the log that the batch is for. One that has the id
	// after it drops the batch.
	FirstRunID string `json:"firstRunId,omitempty"`
	// First is the offset of the first event. What the log has already is dropped.
	First  int             `json:"first"`
	Events []RecordedEvent `json:"events,omitempty"`
	// LastEventID is the stream's after the last event.
	LastEventID string `json:"lastEventId,omitempty"`
	// Sealed is the sealed state after the last event; empty: as it was.
	Sealed     string `json:"sealed,omitempty"`
	Reconnects int    `json:"reconnects,omitempty"`

	Service  string `json:"service,omitempty"`
	Protocol string `json:"protocol,omitempty"`
	// Response is the head of the service's answer, where it is new.
	Response *Response `json:"response,omitempty"`
	// LastError is why the connection broke last, while it has not been taken up again.
	LastError *TimedError `json:"lastError,omitempty"`
	// SearchAttributes are those that the namespace has.
	SearchAttributes []string `json:"searchAttributes,omitempty"`

	// End says how the stream ended; nil: it has not.
	End *StreamEnd `json:"end,omitempty"`
}

// RecordedEvent is an event without its offset, which is its place.
type RecordedEvent struct {
	Type string          `json:"type"`
	ID   string          `json:"id,omitempty"`
	Data json.RawMessage `json:"data"`
	At   time.Time       `json:"at"`
}

// StreamEnd says how a stream ended: well where ErrorType is empty.
type StreamEnd struct {
	ErrorType string        `json:"errorType,omitempty"`
	Error     *ServiceError `json:"error,omitempty"`
}

// StreamHeartbeat is details[0] of the heartbeats of perdure.readStream.v1, for the next
// attempt and for readers of Temporal's description of the pending activity.
type StreamHeartbeat struct {
	// Phase is "sending" before the stream's first request leaves, where it may not be
	// sent twice, and until the log has the answer; "unsent" when it is proven that it did
	// not, or that nothing was started; else "reading".
	Phase       string    `json:"phase"`
	Attempt     int32     `json:"attempt,omitempty"`
	Tries       int       `json:"tries,omitempty"`
	FirstSentAt time.Time `json:"firstSentAt,omitzero"`
	// Offset is that of the next event that the log gets.
	Offset      int    `json:"offset"`
	LastEventID string `json:"lastEventId,omitempty"`
	Reconnects  int    `json:"reconnects,omitempty"`
	// LastError is why the connection broke last, while it has not been taken up again.
	LastError *TimedError `json:"lastError,omitempty"`
}

// PhaseReading is the phase of a StreamHeartbeat beside PhaseSending and PhaseUnsent.
const PhaseReading = "reading"
