package transport_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/transport"
)

// witness notes what it is told.
type witness struct {
	mu       sync.Mutex
	waits    map[transport.WaitReason]time.Duration
	statuses []int
	missing  int
}

func (w *witness) Waited(reason transport.WaitReason, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waits[reason] += d
}

func (w *witness) Answered(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.statuses = append(w.statuses, status)
}

func (w *witness) CredentialFailed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.missing++
}

func observed(w *witness) func(*transport.Config) {
	w.waits = map[transport.WaitReason]time.Duration{}
	return func(c *transport.Config) { c.Observer = w }
}

func TestObserverIsToldOfAnswers(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/busy", http.StatusFound)
		case "/busy":
			w.WriteHeader(http.StatusTooManyRequests)
		case "/cut":
			panic(http.ErrAbortHandler)
		}
	})
	var w witness
	jobs := newService(t, s.URL, observed(&w))
	for _, path := range []string{"/", "/moved", "/cut"} {
		_, _ = jobs.Send(t.Context(), transport.Request{Method: "GET", URL: parse(t, s.URL+path), Start: path == "/cut"})
	}
	require.Equal(t, []int{200, 302, 429, 0}, w.statuses)
}

func TestObserverIsToldOfWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w witness
		s := newService(t, "https://h", observed(&w), func(c *transport.Config) {
			c.Limits = transport.Limits{RequestsPerSecond: 4, Concurrency: 1}
		})
		s.SetRoundTripper(&busyFirst{})
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				_, err := s.Do(t.Context(), transport.Request{Method: "GET", URL: jobs})
				require.NoError(t, err)
			})
		}
		all.Wait()
		pause := w.waits[transport.WaitPause]
		require.InDelta(t, 1.05, pause.Seconds(), 0.051, "the second's, its jitter included")
		require.Equal(t, 250*time.Millisecond, w.waits[transport.WaitRate].Round(time.Millisecond), "the third's")
		require.Equal(t, 2*time.Second+pause, w.waits[transport.WaitConcurrency], "the second's for the first, and the third's for both")
	})
}

// busyFirst takes a second for its first answer, which asks all to wait for one more.
type busyFirst struct{ asked bool }

func (b *busyFirst) RoundTrip(*http.Request) (*http.Response, error) {
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody}
	if !b.asked {
		b.asked = true
		time.Sleep(time.Second)
		answer.StatusCode = http.StatusTooManyRequests
		answer.Header.Set("Retry-After", "1")
	}
	return answer, nil
}

// noCredential has none.
type noCredential struct{}

func (noCredential) Apply(context.Context, *http.Request) error {
	return &perdure.CredentialError{Message: "is not there"}
}
func (noCredential) Refresh(context.Context, *http.Request) (bool, error) { return false, nil }
func (noCredential) SecretHeaders() []string                              { return nil }

func TestObserverIsToldOfMissingCredentials(t *testing.T) {
	var w witness
	jobs := newService(t, "https://jobs.example.com", observed(&w), with(noCredential{}))
	_, err := jobs.Do(t.Context(), transport.Request{Method: "GET", URL: parse(t, "https://jobs.example.com/x")})
	_, missing := errors.AsType[*perdure.CredentialError](err)
	require.True(t, missing)
	require.Equal(t, 1, w.missing)
	require.Empty(t, w.statuses)
}

// The service is told the trace, other origins are not.
func TestTraceGoesToTheServiceAlone(t *testing.T) {
	var atOther, atService http.Header
	other := serve(t, func(_ http.ResponseWriter, r *http.Request) { atOther = r.Header })
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { atService = r.Header })
	jobs := newService(t, s.URL, func(c *transport.Config) { c.AllowedOrigins = []string{other.URL} })
	spans := tracetest.NewInMemoryExporter()
	tracers := trace.NewTracerProvider(trace.WithSyncer(spans))
	ctx, caller := tracers.Tracer("test").Start(t.Context(), "caller")
	for _, at := range []string{s.URL, other.URL} {
		_, err := jobs.Do(ctx, transport.Request{Method: "GET", URL: parse(t, at+"/path?sig=secret")})
		require.NoError(t, err)
	}
	require.Empty(t, atOther.Values("Traceparent"))
	got := spans.GetSpans()
	require.Len(t, got, 2)
	require.Equal(t, caller.SpanContext().SpanID(), got[0].Parent.SpanID())
	require.Equal(t, "00-"+caller.SpanContext().TraceID().String()+"-"+got[0].SpanContext.SpanID().String()+"-01", atService.Get("Traceparent"))
	for _, attribute := range got[0].Attributes {
		require.NotContains(t, attribute.Value.String(), "secret")
	}
}

func TestNoTraceWithoutASpan(t *testing.T) {
	var got http.Header
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	_, err := newService(t, s.URL).Do(t.Context(), transport.Request{Method: "GET", URL: parse(t, s.URL)})
	require.NoError(t, err)
	require.Empty(t, got.Values("Traceparent"))
}
