package script

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// Service is the service, an http.Handler. It is safe for concurrent use.
type Service struct {
	mux http.ServeMux

	mu      sync.Mutex
	batches map[string]*batch
}

// New gives a service that knows of no operation.
func New() *Service {
	s := &Service{batches: map[string]*batch{}}
	s.mux.HandleFunc("POST /operations", s.start)
	s.mux.HandleFunc("GET /operations/{batch}/{name}", s.poll)
	s.mux.HandleFunc("POST /batches/{batch}/finish", s.control(func(b *batch, _ *http.Request) any {
		b.finished = true
		return struct{}{}
	}))
	s.mux.HandleFunc("POST /batches/{batch}/pace", s.control(func(b *batch, r *http.Request) any {
		b.pace = r.URL.Query().Get("seconds")
		return struct{}{}
	}))
	s.mux.HandleFunc("POST /batches/{batch}/count", s.control(func(b *batch, _ *http.Request) any {
		return b.take(time.Now())
	}))
	s.mux.HandleFunc("GET /batches/{batch}/done", s.control(func(b *batch, _ *http.Request) any {
		done := map[string]time.Time{}
		for name, u := range b.operations {
			if !u.doneAt.IsZero() {
				done[name] = u.doneAt
			}
		}
		return done
	}))
	return s
}

// ServeHTTP answers a request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Service) start(w http.ResponseWriter, r *http.Request) {
	u := &underway{lastAsked: time.Now()}
	if err := json.NewDecoder(r.Body).Decode(&u.Operation); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	b := s.batch(u.Batch)
	if old := b.operations[u.Name]; old != nil { // a start that was sent again
		u = old
	}
	b.operations[u.Name] = u
	now := u.status(b.finished)
	done := u.done(b.finished)
	if done && u.doneAt.IsZero() {
		u.doneAt = time.Now()
	}
	s.mu.Unlock()
	if done {
		answer(w, http.StatusOK, now)
		return
	}
	w.Header().Set("Operation-Location", "http://"+r.Host+u.id())
	answer(w, http.StatusAccepted, now)
}

func (s *Service) poll(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	b := s.batch(r.PathValue("batch"))
	u := b.operations[r.PathValue("name")]
	if u == nil {
		s.mu.Unlock()
		http.NotFound(w, r)
		return
	}
	b.asked(u, time.Now())
	now, pace := u.status(b.finished), b.pace
	s.mu.Unlock()
	if pace != "" {
		w.Header().Set("Retry-After", pace)
	}
	answer(w, http.StatusOK, now)
}

// batch of a name, a new one where there is none. The caller holds the lock.
func (s *Service) batch(name string) *batch {
	b := s.batches[name]
	if b == nil {
		b = newBatch(time.Now())
		s.batches[name] = b
	}
	return b
}

// control answers a question about a batch.
func (s *Service) control(do func(*batch, *http.Request) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		said := do(s.batch(r.PathValue("batch")), r)
		s.mu.Unlock()
		answer(w, http.StatusOK, said)
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client has gone
}
