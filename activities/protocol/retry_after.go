package protocol

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// MaxRetryAfter caps what a service asks for, so that an absurd answer does not
// stall an operation.
const MaxRetryAfter = time.Hour

// RetryAfter is the wait that a service asks for before the next question, at most
// MaxRetryAfter; 0 where it says nothing: no header, or one that is zero, negative,
// in the past or unreadable.
//
// In this order: retry-after-ms, x-ms-retry-after-ms, openai-poll-after-ms, then
// Retry-After as seconds or as any HTTP date (RFC 9110, section 10.2.3).
func RetryAfter(h http.Header, now time.Time) time.Duration {
	for _, name := range []string{"Retry-After-Ms", "X-Ms-Retry-After-Ms", "Openai-Poll-After-Ms"} {
		if wait := number(h.Get(name), time.Millisecond); wait > 0 {
			return wait
		}
	}
	value := strings.TrimSpace(h.Get("Retry-After"))
	if wait := number(value, time.Second); wait > 0 {
		return wait
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, min(at.Sub(now), MaxRetryAfter))
	}
	return 0
}

// number reads digits, perhaps with a fraction; no sign, exponent or "Inf", which
// strconv would take.
func number(value string, unit time.Duration) time.Duration {
	value = strings.TrimSpace(value)
	if strings.Trim(value, "0123456789.") != "" {
		return 0
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // out of range is infinite, and capped
		return 0
	}
	if n >= float64(MaxRetryAfter)/float64(unit) {
		return MaxRetryAfter
	}
	return time.Duration(n * float64(unit))
}
