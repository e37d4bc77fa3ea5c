package e2e_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"

	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/worker"
	"github.com/perdure-dev/perdure/worker/telemetry"
)

// lastingSpans outlive their tracers.
type lastingSpans struct{ *tracetest.InMemoryExporter }

func (lastingSpans) Shutdown(context.Context) error { return nil }

// One trace leads from the caller through workflow and activities to the service.
func TestOneTraceFromCallerToService(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var parents []string
	w := newWorld(t, settings{front: func(service http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			mu.Lock()
			parents = append(parents, r.Header.Get("Traceparent"))
			mu.Unlock()
			service.ServeHTTP(rw, r)
		})
	}})
	ctx := patient(t)
	spans := tracetest.NewInMemoryExporter()
	watched, err := telemetry.New(ctx, telemetry.Options{SpanExporter: lastingSpans{spans}})
	require.NoError(t, err)
	temporal, err := client.DialContext(ctx, watched.ClientOptions(w.payloads.ClientOptions(client.Options{HostPort: w.server.HostPort(), ConnectionOptions: unhurried})))
	require.NoError(t, err)
	defer temporal.Close()
	cfg, err := worker.Load(w.config)
	require.NoError(t, err)
	served, err := worker.New(temporal, cfg, worker.Options{Payloads: w.payloads, MetricsHandler: watched.MetricsHandler()})
	require.NoError(t, err)
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- served.Run(running) }()

	// The caller is another program: its tracer, and its client, are its own.
	callers := tracetest.NewInMemoryExporter()
	tracers := trace.NewTracerProvider(trace.WithSyncer(callers))
	tracing, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{Tracer: tracers.Tracer("caller")})
	require.NoError(t, err)
	own, err := client.DialContext(ctx, client.Options{
		HostPort: w.server.HostPort(), Interceptors: []interceptor.ClientInterceptor{tracing}, ConnectionOptions: unhurried,
	})
	require.NoError(t, err)
	defer own.Close()
	c, err := starter.New(own, starter.Options{TaskQueue: w.queue, Keyset: w.keyset})
	require.NoError(t, err)
	calling, caller := tracers.Tracer("caller").Start(ctx, "nightly")
	_, _, err = starter.Run[store](calling, c, vectorStore(500*time.Millisecond), nil)
	require.NoError(t, err)
	caller.End()
	stop()
	require.NoError(t, <-ended)

	id := caller.SpanContext().TraceID()
	mu.Lock()
	defer mu.Unlock()
	require.GreaterOrEqual(t, len(parents), 2, "a start and a poll")
	for _, parent := range parents {
		require.True(t, strings.HasPrefix(parent, "00-"+id.String()+"-"), "%s is of trace %s", parent, id)
	}
	require.NoError(t, watched.Close(ctx))
	var names []string
	for _, span := range spans.GetSpans() {
		require.Equal(t, id, span.SpanContext.TraceID(), span.Name)
		names = append(names, span.Name)
	}
	for _, name := range []string{"RunWorkflow:perdure.operation.v1", "StartActivity:perdure.start.v1", "RunActivity:perdure.start.v1", "POST", "RunActivity:perdure.poll.v1", "GET"} {
		require.Contains(t, names, name)
	}
}
