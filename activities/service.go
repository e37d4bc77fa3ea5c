package activities

import (
	"encoding/json"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/transport"
)

// Service is a configured service and what belongs to it.
type Service struct {
	*transport.Service
	Protocol    *perdure.ProtocolChoice // nil: auto
	Polling     *perdure.Polling
	Idempotency Idempotency
	// NotStarted are the statuses by which the service says for sure that a start
	// request started nothing.
	NotStarted []int
	// Lookup finds a start whose answer was lost; nil: it cannot be found.
	Lookup *Lookup
}

// startedNothing: the service says for sure that the request started nothing.
func (s *Service) startedNothing(e protocol.Exchange) bool {
	switch e.Status {
	case http.StatusTooManyRequests:
		return true
	case http.StatusServiceUnavailable:
		if e.Header.Get("Retry-After") != "" || protocol.RetryAfter(e.Header, e.At) > 0 {
			return true
		}
	}
	return slices.Contains(s.NotStarted, e.Status)
}

// capped keeps JSON from the service that is small enough to be shown, without the
// signatures in it.
func (s *Service) capped(raw json.RawMessage) json.RawMessage {
	if len(raw) > s.Limits().CaptureBytes || !json.Valid(raw) || !utf8.Valid(raw) {
		return nil
	}
	return s.HideSecrets(raw)
}

// cappedError is an error of the service as it is shown.
func (s *Service) cappedError(e *perdure.ServiceError) *perdure.ServiceError {
	if e == nil {
		return nil
	}
	c := *e
	c.Message = string(s.HideSecrets([]byte(e.Message)))
	c.Details = s.capped(e.Details)
	return &c
}
