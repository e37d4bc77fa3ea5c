package activities

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/tokens"
)

// Idempotency says how a service recognises a repeated start: at most one of
// Header, Query, Body and Form is set. The zero value: it does not.
type Idempotency struct {
	Header, Query string
	Body          string // a top-level field of the JSON body
	Form          IdempotencyForm
	// Window is how long the service remembers a key, counted from the first sending;
	// past it a repeat is not safe. Default: 24 hours, 5 minutes for repeatability.
	Window time.Duration
}

// IdempotencyForm is a form with headers of its own.
type IdempotencyForm string

// The forms.
const (
	// FormRepeatability is OASIS Repeatable Requests 1.0: Repeatability-Request-ID
	// and Repeatability-First-Sent.
	FormRepeatability IdempotencyForm = "repeatability"
	// FormOperationID is the header Operation-Id of the Azure REST API guidelines.
	FormOperationID IdempotencyForm = "operationId"
)

// Default windows.
const (
	DefaultKeyWindow           = 24 * time.Hour
	DefaultRepeatabilityWindow = 5 * time.Minute
)

// keySpace is the UUID name space of derived keys.
var keySpace = uuid.MustParse("5f0d3c3e-7d0b-5b4e-9c1a-0e8f6f1a2b77")

// deriveKey makes an idempotency key of the workflow's identity, never of the attempt.
func deriveKey(workflowID, firstRunID string) string {
	return uuid.NewSHA1(keySpace, []byte(workflowID+"\x00"+firstRunID)).String()
}

func (i Idempotency) configured() bool {
	return i.Header != "" || i.Query != "" || i.Body != "" || i.Form != ""
}

// live reports whether a key that was sent first at firstSent still counts.
func (i Idempotency) live(firstSent, now time.Time) bool {
	window := i.Window
	switch {
	case !i.configured():
		return false
	case window > 0:
	case i.Form == FormRepeatability:
		window = DefaultRepeatabilityWindow
	default:
		window = DefaultKeyWindow
	}
	return within(window, firstSent, now)
}

// within reports whether less than the window has passed since a key was first sent. It is
// false for one that was sent in the future: some clock is wrong, and nobody can tell.
func within(window time.Duration, firstSent, now time.Time) bool {
	age := now.Sub(firstSent)
	return firstSent.IsZero() || age < window && age > -tokens.MaxSkew
}

// put writes the key where the service looks for it.
func (i Idempotency) put(key string, firstSent time.Time, target *url.URL, header http.Header, body []byte) ([]byte, error) {
	switch {
	case i.Header != "":
		header.Set(i.Header, key)
	case i.Query != "":
		target.RawQuery = auth.SetInQuery(target.RawQuery, i.Query, key)
	case i.Body != "":
		return withField(body, i.Body, key)
	case i.Form == FormRepeatability:
		header.Set("Repeatability-Request-Id", key)
		header.Set("Repeatability-First-Sent", firstSent.UTC().Format(http.TimeFormat))
	case i.Form == FormOperationID:
		header.Set("Operation-Id", key)
	}
	return body, nil
}

// withField sets a top-level field of a JSON object, and leaves all else as it is.
func withField(body []byte, name, value string) ([]byte, error) {
	var o map[string]json.RawMessage
	if len(bytes.TrimSpace(body)) == 0 {
		o = map[string]json.RawMessage{}
	} else if err := json.Unmarshal(body, &o); err != nil || o == nil {
		return nil, &perdure.InputError{Field: "request.body", Message: "is no JSON object, and the service's idempotency key goes into the body's field " + name}
	}
	quoted, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	o[name] = quoted
	return json.Marshal(o)
}
