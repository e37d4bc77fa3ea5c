package transport_test

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/transport"
)

var jobs = &url.URL{Scheme: "https", Host: "h", Path: "/jobs"}

// slow is a service that answers after a second, and sees how many ask at once.
type slow struct {
	mu      sync.Mutex
	now     int
	most    int
	arrived []time.Time
}

func (s *slow) RoundTrip(*http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.now++
	s.most = max(s.most, s.now)
	s.arrived = append(s.arrived, time.Now())
	s.mu.Unlock()
	time.Sleep(time.Second)
	s.mu.Lock()
	s.now--
	s.mu.Unlock()
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}, nil
}

func TestDefaults(t *testing.T) {
	require.Equal(t, transport.Limits{
		Concurrency: transport.DefaultConcurrency, RequestTimeout: transport.DefaultRequestTimeout,
		MaxResponseBytes: transport.DefaultMaxResponseBytes, CaptureBytes: transport.DefaultCaptureBytes,
	}, newService(t, "https://h").Limits())
}

func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var remote slow
		s := newService(t, "https://h", func(c *transport.Config) { c.Limits.Concurrency = 3 })
		s.SetRoundTripper(&remote)
		begin := time.Now()
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				_, err := s.Do(t.Context(), transport.Request{Method: "GET", URL: jobs})
				require.NoError(t, err)
			})
		}
		wg.Wait()
		require.Equal(t, 3, remote.most)
		require.Equal(t, 4*time.Second, time.Since(begin))
	})
}

func TestAFullServiceIsNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var remote slow
		s := newService(t, "https://h", func(c *transport.Config) { c.Limits.Concurrency = 1 })
		s.SetRoundTripper(&remote)
		go func() { _, _ = s.Do(t.Context(), transport.Request{Method: "GET", URL: jobs}) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := s.Do(ctx, transport.Request{Method: "POST", URL: jobs, Start: true})
		var failure *transport.SendError
		require.ErrorAs(t, err, &failure)
		require.True(t, failure.Unsent)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, remote.arrived, 1)
		time.Sleep(2 * time.Second)
		_, err = s.Do(t.Context(), transport.Request{Method: "GET", URL: jobs})
		require.NoError(t, err, "the slot was given back")
	})
}

func TestTheTimeoutDoesNotCountTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var remote slow
		s := newService(t, "https://h", func(c *transport.Config) {
			c.Limits.Concurrency, c.Limits.RequestTimeout = 1, 1500*time.Millisecond
		})
		s.SetRoundTripper(&remote)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				_, err := s.Do(t.Context(), transport.Request{Method: "GET", URL: jobs})
				require.NoError(t, err)
			})
		}
		wg.Wait()
		require.Equal(t, 1, remote.most)
	})
}

func TestRate(t *testing.T) {
	tests := []struct {
		name string
		rate float64
		want []time.Duration // when the requests leave
	}{
		{"no limit", 0, []time.Duration{0, 0, 0, 0}},
		{"two a second", 2, []time.Duration{0, 500 * time.Millisecond, time.Second, 1500 * time.Millisecond}},
		{"one in four seconds", 0.25, []time.Duration{0, 4 * time.Second, 8 * time.Second, 12 * time.Second}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var remote slow
				s := newService(t, "https://h", func(c *transport.Config) { c.Limits.RequestsPerSecond = tt.rate })
				s.SetRoundTripper(&remote)
				begin := time.Now()
				var wg sync.WaitGroup
				for range tt.want {
					wg.Go(func() {
						_, err := s.Do(t.Context(), transport.Request{Method: "GET", URL: jobs})
						require.NoError(t, err)
					})
				}
				wg.Wait()
				var left []time.Duration
				for _, at := range remote.arrived {
					left = append(left, at.Sub(begin).Round(time.Millisecond))
				}
				require.Equal(t, tt.want, left)
			})
		})
	}
}

func TestARateThatComesTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var remote slow
		s := newService(t, "https://h", func(c *transport.Config) { c.Limits.RequestsPerSecond = 0.1 })
		s.SetRoundTripper(&remote)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := s.Do(ctx, transport.Request{Method: "GET", URL: jobs})
		require.NoError(t, err)
		_, err = s.Do(ctx, transport.Request{Method: "POST", URL: jobs, Start: true})
		var failure *transport.SendError
		require.ErrorAs(t, err, &failure)
		require.True(t, failure.Unsent)
		require.Len(t, remote.arrived, 1)
	})
}

// Turns are not saved up for later: not while the service is slow, and not in a pause.
func TestTurnsDoNotGather(t *testing.T) {
	for _, tt := range []struct {
		name   string
		first  time.Duration // how long the service takes for the first two, of two at once
		status int
	}{
		{"before a slow service", 30 * time.Second, http.StatusOK},
		{"in a pause", time.Second, http.StatusTooManyRequests},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newService(t, "https://h", func(c *transport.Config) {
					c.Limits.RequestsPerSecond, c.Limits.Concurrency = 2, 2
				})
				remote := &stalling{first: tt.first, status: tt.status}
				s.SetRoundTripper(remote)
				var wg sync.WaitGroup
				for range 20 {
					wg.Go(func() {
						_, err := s.Do(t.Context(), transport.Request{Method: "GET", URL: jobs})
						require.NoError(t, err)
					})
				}
				wg.Wait()
				require.Len(t, remote.arrived, 20)
				for i := range remote.arrived[1:] {
					require.GreaterOrEqual(t, remote.arrived[i+1].Sub(remote.arrived[i]), 499*time.Millisecond, "request %d", i+2)
				}
			})
		})
	}
}

// stalling is a service that takes long for its first two requests, and then has the
// others wait half a minute where it answers with 429.
type stalling struct {
	first   time.Duration
	status  int
	mu      sync.Mutex
	arrived []time.Time
}

func (s *stalling) RoundTrip(*http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.arrived = append(s.arrived, time.Now())
	early := len(s.arrived) <= 2
	s.mu.Unlock()
	if !early {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}, nil
	}
	time.Sleep(s.first)
	return &http.Response{StatusCode: s.status, Header: http.Header{"Retry-After": {"30"}}, Body: http.NoBody}, nil
}

// A request that follows another in its turn is one more.
func TestRedirectsCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t, "https://h", func(c *transport.Config) { c.Limits.RequestsPerSecond = 1 })
		s.SetRoundTripper(twoHops{})
		begin := time.Now()
		for range 2 {
			_, err := s.Do(t.Context(), transport.Request{Method: "GET", URL: jobs})
			require.NoError(t, err)
		}
		require.Equal(t, 3*time.Second, time.Since(begin), "the first was three")
	})
}

// twoHops redirects /jobs twice.
type twoHops struct{}

func (twoHops) RoundTrip(r *http.Request) (*http.Response, error) {
	next := map[string]string{"/jobs": "/one", "/one": "/two"}[r.URL.Path]
	if next == "" {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}, nil
	}
	return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {next}}, Body: http.NoBody}, nil
}
