package telemetry_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"google.golang.org/grpc"

	"github.com/perdure-dev/perdure/worker/telemetry"
)

func scrape(t *telemetry.Telemetry) string {
	w := httptest.NewRecorder()
	t.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

func TestMetricsAreScraped(t *testing.T) {
	t.Parallel()
	watched, err := telemetry.New(t.Context(), telemetry.Options{})
	require.NoError(t, err)
	h := watched.MetricsHandler().WithTags(map[string]string{"service": "jobs"})
	h.Counter("perdure_polls").Inc(3)
	h.Gauge("perdure_open_operations").Update(2)
	h.Timer("perdure_poll_lateness").Record(7 * time.Second)
	got := scrape(watched)
	require.Contains(t, got, "# TYPE perdure_polls_total counter\nperdure_polls_total{service=\"jobs\"} 3\n")
	require.Contains(t, got, "perdure_open_operations{service=\"jobs\"} 2\n")
	require.Contains(t, got, "perdure_poll_lateness_seconds_bucket{service=\"jobs\",le=\"5\"} 0\n")
	require.Contains(t, got, "perdure_poll_lateness_seconds_bucket{service=\"jobs\",le=\"10\"} 1\n")
	require.Contains(t, got, "go_goroutines ")
	require.NotContains(t, got, "otel_scope")
	require.NoError(t, watched.Close(t.Context()))
}

// drive takes everything.
type drive struct{ converter.StorageDriver }

func (drive) Store(_ converter.StorageDriverStoreContext, payloads []*commonpb.Payload) ([]converter.StorageDriverClaim, error) {
	return make([]converter.StorageDriverClaim, len(payloads)), nil
}

func TestStoredBytesAreCounted(t *testing.T) {
	t.Parallel()
	watched, err := telemetry.New(t.Context(), telemetry.Options{})
	require.NoError(t, err)
	given := client.Options{ExternalStorage: converter.ExternalStorage{Drivers: []converter.StorageDriver{drive{}}}}
	o := watched.ClientOptions(given)
	require.Contains(t, scrape(watched), "perdure_stored_bytes_total 0\n")
	_, err = o.ExternalStorage.Drivers[0].Store(converter.StorageDriverStoreContext{}, []*commonpb.Payload{{Data: []byte("12345678")}})
	require.NoError(t, err)
	require.Contains(t, scrape(watched), "perdure_stored_bytes_total 10\n", "the payload's own two bytes of framing are stored too")
	require.Equal(t, drive{}, given.ExternalStorage.Drivers[0], "the caller's options are left alone")
}

func TestTracingIsForWhoAsksForIt(t *testing.T) {
	t.Parallel()
	off, err := telemetry.New(t.Context(), telemetry.Options{})
	require.NoError(t, err)
	require.Empty(t, off.ClientOptions(client.Options{}).Interceptors)
	on, err := telemetry.New(t.Context(), telemetry.Options{SpanExporter: tracetest.NewInMemoryExporter()})
	require.NoError(t, err)
	require.Len(t, on.ClientOptions(client.Options{}).Interceptors, 1)
	require.NoError(t, on.Close(t.Context()))
}

// What a service says may be for those alone who read payloads.
// Headers are not encrypted: what goes there is who traces whom, and nobody's baggage.
func TestBaggageStaysHere(t *testing.T) {
	t.Parallel()
	watched, err := telemetry.New(t.Context(), telemetry.Options{SpanExporter: tracetest.NewNoopExporter()})
	require.NoError(t, err)
	var header *commonpb.Header
	temporal, err := client.NewLazyClient(watched.ClientOptions(client.Options{ConnectionOptions: client.ConnectionOptions{
		DialOptions: []grpc.DialOption{grpc.WithUnaryInterceptor(func(_ context.Context, _ string, request, _ any, _ *grpc.ClientConn, _ grpc.UnaryInvoker, _ ...grpc.CallOption) error {
			if start, ok := request.(*workflowservice.StartWorkflowExecutionRequest); ok {
				header = start.GetHeader()
			}
			return nil
		})},
	}}))
	require.NoError(t, err)
	t.Cleanup(temporal.Close)
	member, err := baggage.NewMember("user", "canary")
	require.NoError(t, err)
	all, err := baggage.New(member)
	require.NoError(t, err)
	caller := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}}))
	_, err = temporal.ExecuteWorkflow(baggage.ContextWithBaggage(caller, all), client.StartWorkflowOptions{TaskQueue: "q"}, "w")
	require.NoError(t, err)
	require.Contains(t, header.String(), "traceparent", "it is what was sent")
	require.NotContains(t, header.String(), "canary")
}

func TestSpansHaveNoWordsOfErrors(t *testing.T) {
	t.Parallel()
	exporter := tracetest.NewInMemoryExporter()
	watched, err := telemetry.New(t.Context(), telemetry.Options{SpanExporter: flushed{exporter}})
	require.NoError(t, err)
	tracing, ok := watched.ClientOptions(client.Options{}).Interceptors[0].(interceptor.WorkerInterceptor)
	require.True(t, ok)
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{tracing}})
	fails := func(context.Context) error {
		return temporal.NewApplicationError("canary", "OperationFailed", "canary")
	}
	env.RegisterActivityWithOptions(fails, activity.RegisterOptions{Name: "fails"})
	_, err = env.ExecuteActivity("fails")
	require.ErrorContains(t, err, "canary")
	require.NoError(t, watched.Close(t.Context()))
	spans := exporter.GetSpans()
	require.Len(t, spans, 1)
	require.Equal(t, codes.Error, spans[0].Status.Code)
	require.Contains(t, spans[0].Attributes, attribute.String("error.type", "OperationFailed"))
	require.NotContains(t, fmt.Sprintf("%+v", spans), "canary")
}

// flushed keeps its spans when it is shut down.
type flushed struct{ *tracetest.InMemoryExporter }

func (flushed) Shutdown(context.Context) error { return nil }

func TestSpanExporterFromEnvironment(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		env   map[string]string
		want  bool
		error string
	}{
		{name: "nothing", want: false},
		{name: "an endpoint", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}, want: true},
		{name: "an endpoint for traces", env: map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://localhost:4318"}, want: true},
		{name: "by name", env: map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, want: true},
		{name: "none", env: map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318"}},
		{name: "disabled", env: map[string]string{"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"}},
		{name: "another exporter", env: map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, error: `OTEL_TRACES_EXPORTER: is "zipkin", want otlp or none`},
		{name: "another protocol", env: map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, error: `OTEL_EXPORTER_OTLP_PROTOCOL: is "http/json", want grpc or http/protobuf`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			exporter, err := telemetry.SpanExporterFromEnvironment(t.Context(), func(name string) string { return test.env[name] })
			if test.error != "" {
				require.EqualError(t, err, "telemetry: "+test.error)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, exporter != nil)
			if exporter != nil {
				require.NoError(t, exporter.Shutdown(context.WithoutCancel(t.Context())))
			}
		})
	}
}
