package worker_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// lifeService starts jobs in the style of protocol location, and gives out tokens that
// live for an hour.
type lifeService struct {
	url  string
	down func(at time.Time) bool
	over func(at time.Time) bool
	// retryAfter is in seconds; 0: it does not say.
	retryAfter func(at time.Time) int

	mu      sync.Mutex
	now     time.Time
	starts  int
	issued  int
	expired int
	polls   []time.Time
}

func (s *lifeService) setNow(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

func (s *lifeService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/token" {
		s.issued++
		_, _ = fmt.Fprintf(w, `{"access_token":"%d","token_type":"Bearer","expires_in":3600}`, s.now.Add(time.Hour).Unix())
		return
	}
	expires, err := strconv.ParseInt(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), 10, 64)
	switch {
	case err != nil || s.now.Unix() >= expires:
		s.expired++
		w.WriteHeader(http.StatusUnauthorized)
	case r.Method == http.MethodPost:
		s.starts++
		w.Header().Set("Location", "/jobs/1")
		w.WriteHeader(http.StatusAccepted)
		_, _ = fmt.Fprint(w, `{"status":"running"}`)
	default:
		s.poll(w)
	}
}

func (s *lifeService) poll(w http.ResponseWriter) {
	s.polls = append(s.polls, s.now)
	switch {
	case s.down(s.now):
		if wait := s.retryAfter(s.now); wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(wait))
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	case s.over(s.now):
		_, _ = fmt.Fprint(w, `{"status":"done"}`)
	default:
		w.WriteHeader(http.StatusAccepted)
		_, _ = fmt.Fprint(w, `{"status":"running"}`)
	}
}
