package perdure

import (
	"encoding/json"
	"time"
)

// The shapes that the operation workflow and its activities exchange. They are in
// the histories of running operations, so they only grow; they are not for users.

// StartTask is the input of perdure.start.v1: send the start request, or take up
// the operation that a token or an adoption names.
type StartTask struct {
	Input OperationInput `json:"input"`
	// RunID is the run id as the workflow knows it, the original one: after a reset, the
	// activity sees another.
	RunID      string `json:"runId"`
	FirstRunID string `json:"firstRunId"`
	// Tries counts the requests that were sent, or tried, before this task.
	Tries int `json:"tries,omitempty"`
	// FirstSentAt is when a request may first have left.
	FirstSentAt time.Time `json:"firstSentAt,omitzero"`
	Deadline    time.Time `json:"deadline,omitzero"`
	StartedAt   time.Time `json:"startedAt,omitzero"`
	// Again: a person knows that nothing was started, whatever was sent before.
	Again bool `json:"again,omitempty"`
	// Adopt takes over an operation in place of sending the request.
	Adopt *Adoption `json:"adopt,omitempty"`
	// KnownError is the failure that the workflow shows already.
	KnownError *ServiceError `json:"knownError,omitempty"`
	// Sealed is what the answers to the start so far have left for the next request:
	// the Sealed of an Answer that is starting or ambiguous.
	Sealed string `json:"sealed,omitempty"`
}

// StartLook is the input of perdure.lookAtStart.v1: has any worker begun to send the
// start request?
type StartLook struct {
	// RunID is that of StartTask; empty where a person knows that nothing was started.
	RunID string `json:"runId,omitempty"`
}

// StartSeen is what Temporal knows of the start activity that is scheduled.
type StartSeen struct {
	// Unsent: no worker has it, and none before has said that it was about to send.
	Unsent bool `json:"unsent"`
}

// PollTask is the input of perdure.poll.v1: ask how the operation goes.
type PollTask struct {
	// State is the sealed state, which is the continuation token.
	State string `json:"state"`
	// Once asks one question now and answers with what was said. Otherwise the
	// activity watches: it goes on asking until there is something to tell.
	Once bool `json:"once,omitempty"`
	// WaitSeconds is the wait before the first question.
	WaitSeconds float64 `json:"waitSeconds,omitempty"`
	// Headers go on this question only.
	Headers map[string][]string `json:"headers,omitempty"`
	// Polling is the caller's as it is now, which may be newer than the state's.
	Polling *Polling `json:"polling,omitempty"`
	// Polls counts the questions since the polling began: the place in the backoff.
	Polls int   `json:"polls,omitempty"`
	Known Known `json:"known"`
}

// Known is what the workflow knows already, so that it is not told again.
type Known struct {
	ServiceStatus string `json:"serviceStatus,omitempty"`
	// News is the digest of status and progress, Body that of the last answer.
	News  string        `json:"news,omitempty"`
	Body  string        `json:"body,omitempty"`
	Error *ServiceError `json:"error,omitempty"`
	// ProgressAt is when progress was told last.
	ProgressAt time.Time `json:"progressAt,omitzero"`
}

// CancelTask is the input of perdure.cancel.v1: ask the service to stop.
type CancelTask struct {
	State string `json:"state"`
	// GraceSeconds is how long a service that cannot be asked, or cannot answer, is
	// asked again; 0: until the workflow says to stop.
	GraceSeconds float64 `json:"graceSeconds,omitempty"`
}

// CancelAnswer says what became of the request to stop.
type CancelAnswer struct {
	Supported bool `json:"supported"`
	// Accepted is nil where the service has neither accepted nor refused.
	Accepted *bool `json:"accepted,omitempty"`
	// Error is why the service did not accept.
	Error *ServiceError `json:"error,omitempty"`
	// Sealed is the state sealed anew, with the cookies that the service set; empty: as
	// it was.
	Sealed string `json:"sealed,omitempty"`
}

// Answer is the verdict of an activity on one or more exchanges with the service.
// The workflow takes it over without looking into anything of the service's.
type Answer struct {
	// State is starting (nothing was started, try again), running, ambiguous,
	// succeeded, failed or canceled; empty when the question itself ended badly
	// (ErrorType says how) or the service said nothing about the operation.
	State         State           `json:"state,omitempty"`
	Service       string          `json:"service,omitempty"`
	Protocol      string          `json:"protocol,omitempty"`
	RemoteID      string          `json:"remoteId,omitempty"`
	ServiceStatus string          `json:"serviceStatus,omitempty"`
	Percent       *float64        `json:"percent,omitempty"`
	Progress      json.RawMessage `json:"progress,omitempty"`
	News          string          `json:"news,omitempty"`
	BodyDigest    string          `json:"bodyDigest,omitempty"`

	// Sealed is the state sealed anew; empty: as it was. While the start is not
	// answered it is for the next StartTask, and no token.
	Sealed string `json:"sealed,omitempty"`
	// Response is nil where it says nothing new. SameBody: its body is the one
	// that was recorded last, and is left out here.
	Response *Response `json:"response,omitempty"`
	SameBody bool      `json:"sameBody,omitempty"`

	Value     json.RawMessage `json:"value,omitempty"`
	ValueBody *Body           `json:"valueBody,omitempty"`
	ErrorType string          `json:"errorType,omitempty"`
	Error     *ServiceError   `json:"error,omitempty"`
	// Gone: the monitor, which a cancel deletes, is not there any more. It goes with
	// ErrorPollRejected.
	Gone bool `json:"gone,omitempty"`

	// Polls counts the questions asked, Tries the start requests.
	Polls int `json:"polls,omitempty"`
	Tries int `json:"tries,omitempty"`
	// LastPolledAt is by the worker's clock.
	LastPolledAt time.Time `json:"lastPolledAt,omitzero"`
	FirstSentAt  time.Time `json:"firstSentAt,omitzero"`
	// AsOf is when the service said what is written here.
	AsOf      time.Time   `json:"asOf,omitzero"`
	LastError *TimedError `json:"lastError,omitempty"`

	// WaitSeconds is the wait before the next question; Durable: too long to wait
	// in process. ServiceWaitSeconds is what the service asked for, if it did.
	WaitSeconds        float64 `json:"waitSeconds,omitempty"`
	Durable            bool    `json:"durable,omitempty"`
	ServiceWaitSeconds float64 `json:"serviceWaitSeconds,omitempty"`

	// Resumed is what a token or an adoption brought along.
	Resumed *Resumed `json:"resumed,omitempty"`
	// Interval is the interval in force where the caller gives none.
	Interval float64 `json:"interval,omitempty"`
	// SearchAttributes are those that the namespace has.
	SearchAttributes []string `json:"searchAttributes,omitempty"`
}

// Resumed are the settings that an operation carries in its token.
type Resumed struct {
	Polling   *Polling        `json:"polling,omitempty"`
	Cancel    *CancelSettings `json:"cancel,omitempty"`
	Deadline  time.Time       `json:"deadline,omitzero"`
	StartedAt time.Time       `json:"startedAt,omitzero"`
}

// Heartbeat is details[0] of the start's and the poll's heartbeats. What is not
// sealed is for readers of Temporal's description of the pending activity.
type Heartbeat struct {
	// Phase is "sending" before a start request leaves, "unsent" when it is proven
	// that it did not or that nothing was started, "watching" while polling.
	Phase   string `json:"phase"`
	Attempt int32  `json:"attempt,omitempty"`
	// Sealed is the state sealed anew since the task was given; empty: as it was.
	Sealed       string      `json:"sealed,omitempty"`
	Polls        int         `json:"polls,omitempty"`
	Tries        int         `json:"tries,omitempty"`
	FirstSentAt  time.Time   `json:"firstSentAt,omitzero"`
	LastPolledAt time.Time   `json:"lastPolledAt,omitzero"`
	NextPollAt   time.Time   `json:"nextPollAt,omitzero"`
	LastError    *TimedError `json:"lastError,omitempty"`
}

// Phases of a heartbeat.
const (
	PhaseSending  = "sending"
	PhaseUnsent   = "unsent"
	PhaseWatching = "watching"
)
