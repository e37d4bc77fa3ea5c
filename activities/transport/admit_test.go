package transport_test

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/transport"
)

// first answers the first request with a status and a Retry-After, and all others
// with 200 at once. It notes when they arrive.
type first struct {
	mu         sync.Mutex
	status     int
	retryAfter string
	arrived    []time.Time
}

func (f *first) RoundTrip(*http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.arrived = append(f.arrived, time.Now())
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}
	if len(f.arrived) == 1 {
		answer.StatusCode = f.status
		answer.Header.Set("Retry-After", f.retryAfter)
	}
	return answer, nil
}

// A 429, and a 503 that says for how long, has all requests of the worker to that
// service wait, and not only the one that got it: as long as was asked, 1 s where a
// 429 says nothing, never more than a minute.
//
//rule:wait 9 RFC 6585 section 4; RFC 9110 section 15.6.4; - for the bounds
func TestAPauseIsEverybodys(t *testing.T) {
	tests := []struct {
		name       string
		status     int
		retryAfter string
		want       time.Duration
	}{
		{"429", 429, "", time.Second},
		{"429 that says for how long", 429, "20", 20 * time.Second},
		{"429 that says too much", 429, "3600", time.Minute},
		{"503 that says for how long", 503, "20", 20 * time.Second},
		{"503", 503, "", 0},
		{"500 that says for how long", 500, "20", 0},
		{"200 that says for how long", 200, "20", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				remote := first{status: tt.status, retryAfter: tt.retryAfter}
				s := newService(t, "https://h")
				s.SetRoundTripper(&remote)
				begin := time.Now()
				_, err := s.Do(t.Context(), transport.Request{Method: "GET", URL: jobs})
				require.NoError(t, err)
				var others sync.WaitGroup
				for _, start := range []bool{true, false, false} {
					others.Go(func() {
						_, err := s.Do(t.Context(), transport.Request{Method: "POST", URL: jobs, Start: start})
						require.NoError(t, err)
					})
				}
				others.Wait()
				require.Len(t, remote.arrived, 4)
				for _, at := range remote.arrived[1:] {
					require.GreaterOrEqual(t, at.Sub(begin), tt.want)
					require.LessOrEqual(t, at.Sub(begin), tt.want+tt.want/10)
				}
			})
		})
	}
}

// A clock that is set back while the service is left alone must not prolong that for all
// operations: a time with Go's monotonic reading does not follow it.
func TestAPauseDoesNotFollowTheWallClock(t *testing.T) {
	remote := first{status: http.StatusTooManyRequests}
	s := newService(t, "https://h")
	s.SetRoundTripper(&remote)
	_, err := s.Do(t.Context(), transport.Request{Method: "GET", URL: jobs})
	require.NoError(t, err)
	require.Contains(t, s.PausedUntil().String(), "m=+")
}
