package activities

import (
	"net/http"
	"strconv"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/tokens"
)

// MetricsHandler is the SDK's.
type MetricsHandler = client.MetricsHandler

// startOutcome is what became of a start.
type startOutcome string

const (
	startAccepted  startOutcome = "accepted"
	startRejected  startOutcome = "rejected"
	startAmbiguous startOutcome = "ambiguous"
	startSentAgain startOutcome = "sent_again" // beside the outcome that it has in the end
)

// askOutcome is what became of a question, or of a page.
type askOutcome string

const (
	askAnswered askOutcome = "answered"
	askAgain    askOutcome = "again"    // nothing usable came, and it is asked again
	askRejected askOutcome = "rejected" // nothing usable came, and nothing will
)

// metrics counts what the activities do. All values of labels are known beforehand:
// the configured services, and words of ours. So every series is there before anything has
// happened, and its first increase is seen.
type metrics struct {
	services map[string]*serviceMetrics
	// unknown is of what failed before its service was known.
	unknown *serviceMetrics
	tokens  map[string]client.MetricsCounter
}

// serviceMetrics are those of one service.
type serviceMetrics struct {
	starts     map[startOutcome]client.MetricsCounter
	polls      map[askOutcome]client.MetricsCounter
	pages      map[askOutcome]client.MetricsCounter
	lateness   client.MetricsTimer
	retryAfter client.MetricsCounter
	events     client.MetricsCounter
	eventBytes client.MetricsCounter
}

func newMetrics(h MetricsHandler, services map[string]*Service) *metrics {
	if h == nil {
		h = client.MetricsNopHandler
	}
	m := &metrics{services: map[string]*serviceMetrics{}, unknown: newServiceMetrics(h, ""), tokens: map[string]client.MetricsCounter{}}
	for name := range services {
		m.services[name] = newServiceMetrics(h, name)
	}
	for _, kind := range tokens.Reasons() {
		m.tokens[kind] = counter(h, "perdure_token_errors", "kind", kind)
	}
	return m
}

func newServiceMetrics(h MetricsHandler, service string) *serviceMetrics {
	h = h.WithTags(map[string]string{"service": service})
	return &serviceMetrics{
		starts:     counters(h, "perdure_starts", "outcome", startAccepted, startRejected, startAmbiguous, startSentAgain),
		polls:      counters(h, "perdure_polls", "outcome", askAnswered, askAgain, askRejected),
		pages:      counters(h, "perdure_pages", "outcome", askAnswered, askAgain, askRejected),
		lateness:   h.Timer("perdure_poll_lateness"),
		retryAfter: zeroed(h.Counter("perdure_retry_after_obeyed")),
		events:     zeroed(h.Counter("perdure_stream_events")),
		eventBytes: zeroed(h.Counter("perdure_stream_bytes")),
	}
}

// counters are one for each value of a label.
func counters[T ~string](h MetricsHandler, name, label string, values ...T) map[T]client.MetricsCounter {
	out := make(map[T]client.MetricsCounter, len(values))
	for _, v := range values {
		out[v] = counter(h, name, label, string(v))
	}
	return out
}

func counter(h MetricsHandler, name, label, value string) client.MetricsCounter {
	return zeroed(h.WithTags(map[string]string{label: value}).Counter(name))
}

// zeroed has the counter exported, as 0, before it counts anything.
func zeroed(c client.MetricsCounter) client.MetricsCounter {
	c.Inc(0)
	return c
}

func (m *metrics) of(service string) *serviceMetrics {
	if s := m.services[service]; s != nil {
		return s
	}
	return m.unknown
}

// start counts a start by its answer. One that is still to be decided is not counted.
func (m *metrics) start(a *perdure.Answer) {
	outcome := startAccepted
	switch {
	case a.State == perdure.StateStarting:
		return
	case a.State == perdure.StateAmbiguous:
		outcome = startAmbiguous
	case a.State == perdure.StateFailed && a.ErrorType != perdure.ErrorOperationFailed:
		outcome = startRejected
	}
	m.of(a.Service).starts[outcome].Inc(1)
}

// tokenRefused counts an error that is a token's.
func (m *metrics) tokenRefused(err error) {
	if c := m.tokens[tokens.Reason(err)]; c != nil {
		c.Inc(1)
	}
}

// asked counts a question by what came of it.
func (s *serviceMetrics) asked(r reading) {
	outcome := askAnswered
	switch {
	case r.again != nil:
		outcome = askAgain
	case r.end != "":
		outcome = askRejected
	}
	s.polls[outcome].Inc(1)
}

// NewObserver counts a service's requests.
func NewObserver(h MetricsHandler, service string) transport.Observer {
	h = h.WithTags(map[string]string{"service": service})
	o := &observer{
		waits:       map[transport.WaitReason]client.MetricsTimer{},
		requests:    counters(h, "perdure_requests", "status", "1xx", "2xx", "3xx", "4xx", "429", "5xx", "none"),
		credentials: zeroed(h.Counter("perdure_credential_failures")),
	}
	for _, reason := range []transport.WaitReason{transport.WaitConcurrency, transport.WaitPause, transport.WaitRate} {
		o.waits[reason] = h.WithTags(map[string]string{"reason": string(reason)}).Timer("perdure_request_wait")
	}
	return o
}

// observer counts what package transport tells it.
type observer struct {
	waits       map[transport.WaitReason]client.MetricsTimer
	requests    map[string]client.MetricsCounter
	credentials client.MetricsCounter
}

// Waited counts a wait.
func (o *observer) Waited(reason transport.WaitReason, d time.Duration) { o.waits[reason].Record(d) }

// Answered counts an exchange.
func (o *observer) Answered(status int) { o.requests[statusClass(status)].Inc(1) }

// CredentialFailed counts a request that was not sent.
func (o *observer) CredentialFailed() { o.credentials.Inc(1) }

// statusClass is a label's value: "2xx" and so on, "429", or "none".
func statusClass(status int) string {
	switch {
	case status == http.StatusTooManyRequests:
		return "429"
	case status < 100 || status > 599:
		return "none"
	}
	return strconv.Itoa(status/100) + "xx"
}
