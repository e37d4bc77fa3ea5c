package activities

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/transport"
)

// Bounds of what goes into a history, below Temporal's 2 MiB a payload.
const (
	maxAnswerBytes = 1_900_000
	maxWordBytes   = 255
)

// answer begins the verdict on an operation.
func (o *operation) answer() *perdure.Answer {
	return &perdure.Answer{Service: o.service.Name(), Protocol: o.state.Protocol, RemoteID: protocol.Cut(o.state.RemoteID, 1024)}
}

// tell writes what a step says, its value included where it ends the operation.
func (o *operation) tell(a *perdure.Answer, step protocol.Step) {
	a.State = step.Outcome.State()
	if step.Fetch {
		a.State = perdure.StateRunning
	}
	a.ServiceStatus = protocol.Cut(step.ServiceStatus, maxWordBytes)
	if o.state.Fetching && o.state.ServiceStatus != "" {
		a.ServiceStatus = protocol.Cut(o.state.ServiceStatus, maxWordBytes)
	}
	a.Percent = step.Percent
	a.Progress = o.service.capped(step.Progress)
	a.News = news(step)
	if step.Error != nil {
		a.Error = o.service.cappedError(step.Error)
	}
	if !step.Ended() {
		return
	}
	switch {
	case step.Outcome == protocol.Failed:
		a.ErrorType = perdure.ErrorOperationFailed
		if a.Error == nil {
			a.Error = &perdure.ServiceError{Code: a.ServiceStatus}
		}
		if a.Error.Details == nil && step.HasValue {
			a.Error.Details = o.service.capped(step.Value)
		}
	case step.Outcome == protocol.Canceled && step.HasValue:
		a.Error = &perdure.ServiceError{Code: a.ServiceStatus, Details: o.service.capped(step.Value)}
	case step.HasValue:
		body := transport.BodyOf(step.Value)
		if body != nil && body.JSON != nil {
			a.Value = body.JSON
		} else {
			a.ValueBody = body
		}
	}
}

// tellEnd writes that the question, and with it the operation, ended badly.
func (o *operation) tellEnd(a *perdure.Answer, errorType string, why *perdure.ServiceError) {
	a.ErrorType, a.Error = errorType, o.service.cappedError(why)
	a.State = ""
	if o.state.Fetching {
		a.State = perdure.StateSucceeded // the service's word; what is missing is the value
		a.ServiceStatus = o.state.ServiceStatus
	}
}

// tellResponse captures an answer; a body that the workflow has already is left out.
func (o *operation) tellResponse(a *perdure.Answer, r *transport.Response, known string) {
	if r == nil {
		return
	}
	a.Response = o.service.Capture(r)
	a.BodyDigest = digest(strconv.Itoa(r.Status), string(r.Body))
	if a.BodyDigest == known {
		a.SameBody, a.Response.Body = true, nil
	}
}

// finish seals, and keeps the answer within what Temporal takes. Known is the
// sealed state that the workflow has.
func (o *operation) finish(ctx context.Context, a *perdure.Answer, known string) (*perdure.Answer, error) {
	if _, err := o.seal(ctx); err != nil {
		return nil, err
	}
	if o.sealed != known {
		a.Sealed = o.sealed
	}
	if o.a.Stored {
		return a, nil
	}
	return fit(a)
}

// fit replaces a value that Temporal would not take by an error that says so.
func fit(a *perdure.Answer) (*perdure.Answer, error) {
	raw, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("write the answer: %w", err)
	}
	if len(raw) <= maxAnswerBytes {
		return a, nil
	}
	a.Value, a.ValueBody = nil, nil
	a.ErrorType = perdure.ErrorResponseTooLarge
	a.Error = &perdure.ServiceError{
		Code:    perdure.ErrorResponseTooLarge,
		Message: fmt.Sprintf("the value makes a payload of %d bytes, above the %d that fit into a workflow; %s", len(raw), maxAnswerBytes, setStorage),
	}
	return a, nil
}

// setStorage is what to do about a value that is too large.
const setStorage = "set storage.url in the worker's configuration"

// news is the digest of what a person would want to see.
func news(s protocol.Step) string {
	percent := ""
	if s.Percent != nil {
		percent = strconv.FormatFloat(*s.Percent, 'g', -1, 64)
	}
	return digest(s.ServiceStatus, percent, string(s.Progress))
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12])
}
