package worker_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// lifeService starts jobs in the style of protocol location, and has a list of pages.
type lifeService struct {
	issuer
	url  string
	down func(at time.Time) bool
	over func(at time.Time) bool
	// retryAfter is in seconds; 0: it does not say.
	retryAfter func(at time.Time) int
	// pages is how many the list has, served how often each was.
	pages  int
	served map[int]int

	mu     sync.Mutex
	now    time.Time
	starts int
	polls  []time.Time
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
	switch {
	case r.URL.Path == "/token":
		s.issue(w, s.now)
	case !s.admits(w, r, s.now):
	case r.Method == http.MethodPost:
		s.starts++
		w.Header().Set("Location", "/jobs/1")
		w.WriteHeader(http.StatusAccepted)
		_, _ = fmt.Fprint(w, `{"status":"running"}`)
	case r.URL.Path == "/items":
		s.page(w, r)
	default:
		s.poll(w)
	}
}

func (s *lifeService) poll(w http.ResponseWriter) {
	s.polls = append(s.polls, s.now)
	switch {
	case s.away(w):
	case s.over(s.now):
		_, _ = fmt.Fprint(w, `{"status":"done"}`)
	default:
		w.WriteHeader(http.StatusAccepted)
		_, _ = fmt.Fprint(w, `{"status":"running"}`)
	}
}

// page serves the page that the query names, whose only item is its number.
func (s *lifeService) page(w http.ResponseWriter, r *http.Request) {
	if s.away(w) {
		return
	}
	n, _ := strconv.Atoi(r.URL.Query().Get("page"))
	if s.served == nil {
		s.served = map[int]int{}
	}
	s.served[n]++
	next := ""
	if n+1 < s.pages {
		next = strconv.Itoa(n + 1)
	}
	_, _ = fmt.Fprintf(w, `{"items":[%d],"next":%q}`, n, next)
}

// away answers where the service is down.
func (s *lifeService) away(w http.ResponseWriter) bool {
	if !s.down(s.now) {
		return false
	}
	if wait := s.retryAfter(s.now); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(wait))
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	return true
}

// issuer gives out credentials that live for an hour.
type issuer struct {
	issued  int
	expired int // of those that came
}

func (i *issuer) issue(w http.ResponseWriter, now time.Time) {
	i.issued++
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"access_token":"%d","token_type":"Bearer","expires_in":3600}`, now.Add(time.Hour).Unix())
}

// admits answers who comes without a credential that lives.
func (i *issuer) admits(w http.ResponseWriter, r *http.Request, now time.Time) bool {
	expires, err := strconv.ParseInt(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), 10, 64)
	if err == nil && now.Unix() < expires {
		return true
	}
	i.expired++
	w.WriteHeader(http.StatusUnauthorized)
	return false
}
