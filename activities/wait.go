package activities

import (
	"cmp"
	"math"
	"math/rand/v2"
	"time"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// Defaults of polling.
const (
	defaultInterval      = 30 * time.Second
	defaultMaxInterval   = 5 * time.Minute
	defaultNotFoundGrace = time.Minute
	notFoundMaxWait      = 5 * time.Second
	retryMinWait         = time.Second
	retryMaxWait         = 30 * time.Second
	maxJitter            = 0.1
)

// pace says when to ask again: the caller's polling over the service's, field by
// field, over the defaults.
type pace struct {
	caller, service *perdure.Polling
	pacer           protocol.Pacer // nil: the protocol has no delay rule of its own
}

// afterAnswer is the wait after the n-th question that was answered, n from 1; asked
// is what the service asked for, 0 for nothing. The protocol's own rule comes first,
// then the service's word, then the interval with its backoff; an interval that the
// caller gave is a floor, and up to a tenth of jitter comes on top.
func (p pace) afterAnswer(n int, asked time.Duration) time.Duration {
	var wait time.Duration
	switch {
	case p.pacer != nil:
		wait = max(p.pacer.Pace(n, rand.Float64()), p.floor()) //nolint:gosec // jitter
	case p.obeys(asked):
		wait = max(asked, p.floor())
	default:
		wait = p.interval(n)
	}
	return jittered(wait)
}

// obeys reports whether what the service asks for, 0 for nothing, decides the wait after
// an answer.
func (p pace) obeys(asked time.Duration) bool {
	return asked > 0 && p.pacer == nil && !p.ignoresService()
}

// afterFailure is the wait after the n-th question in a row without a usable answer.
func (p pace) afterFailure(n int, asked time.Duration) time.Duration {
	if asked > 0 {
		return jittered(max(asked, p.floor()))
	}
	return jittered(backoff(retryMinWait, 2, n, retryMaxWait))
}

// afterNotFound is the wait while a 404 means "not there yet".
func (p pace) afterNotFound(asked time.Duration) time.Duration {
	if p.obeys(asked) {
		return jittered(max(asked, p.floor()))
	}
	return jittered(min(p.interval(1), notFoundMaxWait))
}

func (p pace) floor() time.Duration {
	if p.caller == nil {
		return 0
	}
	return seconds(p.caller.IntervalSeconds)
}

// configured is the interval where the caller gives none.
func (p pace) configured() time.Duration { return pace{service: p.service}.interval(1) }

func (p pace) interval(n int) time.Duration {
	base := cmp.Or(p.floor(), seconds(field(p.service, func(s *perdure.Polling) float64 { return s.IntervalSeconds })), defaultInterval)
	factor := cmp.Or(field(p.caller, func(s *perdure.Polling) float64 { return s.Backoff }), field(p.service, func(s *perdure.Polling) float64 { return s.Backoff }), 1)
	if factor <= 1 {
		return base
	}
	limit := cmp.Or(
		seconds(field(p.caller, func(s *perdure.Polling) float64 { return s.MaxIntervalSeconds })),
		seconds(field(p.service, func(s *perdure.Polling) float64 { return s.MaxIntervalSeconds })), defaultMaxInterval)
	return backoff(base, factor, n, max(base, limit))
}

func (p pace) ignoresService() bool {
	for _, s := range []*perdure.Polling{p.caller, p.service} {
		if s != nil && s.IgnoreRetryAfter != nil {
			return *s.IgnoreRetryAfter
		}
	}
	return false
}

func (p pace) notFoundGrace() time.Duration {
	for _, s := range []*perdure.Polling{p.caller, p.service} {
		if s != nil && s.NotFoundGraceSeconds != nil {
			return seconds(*s.NotFoundGraceSeconds)
		}
	}
	return defaultNotFoundGrace
}

// failuresBefore is how many failures in a row lead to a wait that is longer than
// threshold; 0: none do.
func failuresBefore(threshold time.Duration) int {
	if threshold >= retryMaxWait {
		return 0
	}
	n := 1
	for backoff(retryMinWait, 2, n, retryMaxWait) <= threshold {
		n++
	}
	return n
}

// backoff is base·factor^(n−1), at most limit.
func backoff(base time.Duration, factor float64, n int, limit time.Duration) time.Duration {
	grown := float64(base) * math.Pow(factor, float64(max(n, 1)-1))
	if grown >= float64(limit) {
		return limit
	}
	return time.Duration(grown)
}

func jittered(d time.Duration) time.Duration {
	return d + time.Duration(rand.Float64()*maxJitter*float64(d)) //nolint:gosec // jitter
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func field(p *perdure.Polling, get func(*perdure.Polling) float64) float64 {
	if p == nil {
		return 0
	}
	return get(p)
}
