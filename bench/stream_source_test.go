package bench_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/starter"
)

// newStreamFarm is a service that sends streams, and a worker.
func newStreamFarm(b *testing.B) *farm {
	b.Helper()
	listener := httptest.NewServer(&source{})
	b.Cleanup(func() { listener.CloseClientConnections(); listener.Close() })
	f := &farm{url: listener.URL, raw: dial(b)}
	queue := "bench-streams-" + filepath.Base(listener.URL)
	var err error
	f.c, err = starter.New(f.raw, starter.Options{TaskQueue: queue})
	require.NoError(b, err)
	serve(b, f.raw, queue, listener.URL)
	return f
}

func (f *farm) stream(b *testing.B, path string) *starter.Stream[string] {
	b.Helper()
	s, err := starter.StartStream[string](b.Context(), f.c, perdure.StreamInput{
		Request:  &perdure.Request{Service: "jobs", Method: http.MethodGet, URL: path},
		Protocol: &perdure.ProtocolChoice{Name: "openai"},
	}, nil)
	require.NoError(b, err)
	return s
}

// source sends events.
type source struct {
	mu   sync.Mutex
	here int           // requests that wait for others
	all  chan struct{} // closed when they are there
}

// ServeHTTP sends so many events of some 100 bytes, so many a second where rate is given,
// each flushed as it is due; with together, once so many requests are there. Asked to hold
// the connection it keeps it open after them.
func (s *source) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	flush := func() { _ = http.NewResponseController(w).Flush() }
	flush()
	if n, _ := strconv.Atoi(r.FormValue("together")); n > 0 {
		s.together(r.Context(), n)
	}
	events, _ := strconv.Atoi(r.FormValue("events"))
	rate, _ := strconv.Atoi(r.FormValue("rate"))
	begin, padding := time.Now(), strings.Repeat("x", 60)
	for i := range events {
		if rate > 0 {
			time.Sleep(time.Until(begin.Add(time.Duration(i) * time.Second / time.Duration(rate))))
		}
		if _, err := fmt.Fprintf(w, "data: %d %s\n\n", time.Now().UnixNano(), padding); err != nil {
			return
		}
		if rate > 0 {
			flush()
		}
	}
	if r.FormValue("hold") != "" {
		flush()
		<-r.Context().Done()
		return
	}
	_, _ = fmt.Fprint(w, "data: [DONE]\n\n")
}

// together returns when n requests are there.
func (s *source) together(ctx context.Context, n int) {
	s.mu.Lock()
	if s.all == nil {
		s.all = make(chan struct{})
	}
	all := s.all
	if s.here++; s.here == n {
		close(all)
		s.here, s.all = 0, nil
	}
	s.mu.Unlock()
	select {
	case <-all:
	case <-ctx.Done():
	}
}

// recorded reports what the logs of streams have in their histories, in all their runs.
func (f *farm) recorded(b *testing.B, events int, streams ...*starter.Stream[string]) {
	b.Helper()
	var bytes, length int64
	runs := 0
	for _, s := range streams {
		status, err := s.Status(b.Context())
		require.NoError(b, err)
		require.False(b, status.Stale, "no worker answers")
		runs += len(status.Segments)
		for _, segment := range status.Segments {
			d, err := f.raw.DescribeWorkflowExecution(b.Context(), s.ID(), segment.RunID)
			require.NoError(b, err)
			bytes += d.GetWorkflowExecutionInfo().GetHistorySizeBytes()
			length += d.GetWorkflowExecutionInfo().GetHistoryLength()
		}
	}
	b.ReportMetric(float64(bytes)/float64(events), "history-B/event")
	b.ReportMetric(float64(length)/float64(events), "history-events/event")
	b.ReportMetric(float64(runs)/float64(len(streams)), "runs")
}
