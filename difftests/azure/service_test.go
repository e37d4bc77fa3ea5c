package azure_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// reply is one answer. $ in its headers and its body stands for the service's URL.
type reply struct {
	status int
	header map[string]string
	body   string
}

// script is what a service answers: by method and path, one after the other, the last
// again and again.
type script map[string][]reply

// service plays scripts, each to each of its players from the beginning.
type service struct {
	*httptest.Server

	mu    sync.Mutex
	plays map[string]*performance // by the first segment of the path
}

type performance struct {
	script   script
	played   map[string]int
	requests []string
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{plays: map[string]*performance{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// stage puts a script on under a name, and gives the URL where it is played.
func (s *service) stage(name string, sc script) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plays[name] = &performance{script: sc, played: map[string]int{}}
	return s.URL + "/" + name
}

// requests are those that came, without the stage's name.
func (s *service) requests(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.plays[name].requests
}

// ServeHTTP gives the next answer.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	stage, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	line := r.Method + " /" + path
	next := s.next(stage, line, r.URL.RawQuery)
	if next.status == dropped {
		panic(http.ErrAbortHandler)
	}
	base := s.URL + "/" + stage
	w.Header()["Content-Type"] = nil
	for name, value := range next.header {
		w.Header().Set(name, strings.ReplaceAll(value, "$", base))
	}
	w.WriteHeader(next.status)
	_, _ = w.Write([]byte(strings.ReplaceAll(next.body, "$", base)))
}

// dropped is the status of an answer that does not come.
const dropped = -1

func (s *service) next(stage, line, query string) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.plays[stage]
	if p == nil {
		return reply{status: http.StatusTeapot}
	}
	full := line
	if query != "" {
		full += "?" + query
	}
	p.requests = append(p.requests, full)
	replies := p.script[line]
	if len(replies) == 0 {
		return reply{status: http.StatusGone}
	}
	n := p.played[line]
	p.played[line]++
	return replies[min(n, len(replies)-1)]
}
