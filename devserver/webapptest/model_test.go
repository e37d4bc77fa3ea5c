package webapptest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// model is a service with chat completions that says a word when the test lets it.
type model struct {
	*httptest.Server
	// ids are given by one whose stream can be taken up.
	ids bool

	mu       sync.Mutex
	grown    chan struct{} // closed and made anew when there is more
	words    int
	over     bool
	requests []string // the Last-Event-ID of each request
}

func newModel(t *testing.T, ids bool) *model {
	t.Helper()
	m := &model{ids: ids, grown: make(chan struct{})}
	m.Server = httptest.NewServer(m)
	t.Cleanup(func() { m.CloseClientConnections(); m.Close() })
	return m
}

// ServeHTTP says the words after the last event id, and waits for more.
func (m *model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil { // who has not read it does not hear that the client has gone
		return
	}
	last := r.Header.Get("Last-Event-ID")
	m.mu.Lock()
	m.requests = append(m.requests, last)
	m.mu.Unlock()
	next := 0
	if n, err := strconv.Atoi(last); err == nil {
		next = n + 1
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for {
		m.mu.Lock()
		words, over, grown := m.words, m.over, m.grown
		m.mu.Unlock()
		for ; next < words; next++ {
			if m.ids {
				_, _ = fmt.Fprintf(w, "id: %d\n", next)
			}
			_, _ = fmt.Fprintf(w, "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%q}}]}\n\n", word(next))
		}
		if over {
			_, _ = fmt.Fprint(w, "data: [DONE]\n\n")
			return
		}
		if http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-grown:
		case <-r.Context().Done():
			return
		}
	}
}

func word(n int) string { return fmt.Sprintf("wörd %d\n", n) }

// said is what the model has said after so many words.
func said(words int) string {
	var text strings.Builder
	for n := range words {
		text.WriteString(word(n))
	}
	return text.String()
}

// say lets it say more words, as many as there are then in all.
func (m *model) say(words int) { m.change(func() { m.words = words }) }

func (m *model) end() { m.change(func() { m.over = true }) }

func (m *model) change(what func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	what()
	close(m.grown)
	m.grown = make(chan struct{})
}

func (m *model) asked() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.requests...)
}
