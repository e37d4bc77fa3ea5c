// Package play is a service that gives every client the same answers, in their
// order and the last one again and again, and writes down what it was asked.
//
// May import: the standard library.
package play

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// Answer is one answer.
type Answer struct {
	Status int // 0 is 200
	Header map[string]string
	Body   string
}

// Service gives answers. It is safe for concurrent use.
type Service struct {
	answers []Answer

	mu       sync.Mutex
	requests []string
}

// New is a service with those answers, at least one.
func New(answers ...Answer) *Service { return &Service{answers: slices.Clone(answers)} }

// Requests are the requests so far: method, a space, and the escaped path.
func (s *Service) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// ServeHTTP gives the next answer.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	a := s.next(r)
	w.Header().Set("Content-Type", "application/json")
	for name, value := range a.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(max(a.Status, http.StatusOK))
	_, _ = io.WriteString(w, a.Body)
}

func (s *Service) next(r *http.Request) Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.answers[min(len(s.requests), len(s.answers)-1)]
	s.requests = append(s.requests, r.Method+" "+r.URL.EscapedPath())
	return a
}

// Listen serves on the loopback interface until the test ends, and gives the URL.
func (s *Service) Listen(tb testing.TB) string {
	tb.Helper()
	server := httptest.NewServer(s)
	tb.Cleanup(server.Close)
	return server.URL
}

// Client is answered in memory, whatever the host: for use in a synctest bubble.
func (s *Service) Client() *http.Client { return &http.Client{Transport: inMemory{s}} }

type inMemory struct{ service *Service }

// RoundTrip answers at once.
func (m inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer func() { _ = r.Body.Close() }()
	w := httptest.NewRecorder()
	m.service.ServeHTTP(w, r)
	response := w.Result()
	response.Request = r
	return response, nil
}
