package telemetry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	otelprometheus "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
)

// Options of New.
type Options struct {
	// SpanExporter takes the spans of traces; [SpanExporterFromEnvironment] gives the one
	// that OTEL_* variables name. Default: nothing is traced.
	SpanExporter trace.SpanExporter
}

// Telemetry is what a worker and its client are watched with. Safe for concurrent use.
type Telemetry struct {
	registry *prometheus.Registry
	metrics  client.MetricsHandler
	meters   *metric.MeterProvider
	tracers  *trace.TracerProvider // nil: nothing is traced
	tracing  interceptor.Interceptor
}

// buckets of durations, in seconds: from a request within a machine to a poll that is an
// hour late.
var buckets = []float64{0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600}

// New touches no network. Resource and sampler are those of OTEL_SERVICE_NAME,
// OTEL_RESOURCE_ATTRIBUTES and OTEL_TRACES_SAMPLER.
func New(ctx context.Context, o Options) (*Telemetry, error) {
	t := &Telemetry{registry: prometheus.NewRegistry()}
	t.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	reader, err := otelprometheus.New(
		otelprometheus.WithRegisterer(t.registry), otelprometheus.WithoutScopeInfo(), otelprometheus.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	t.meters = metric.NewMeterProvider(metric.WithReader(reader), metric.WithView(metric.NewView(
		metric.Instrument{Kind: metric.InstrumentKindHistogram},
		metric.Stream{Aggregation: metric.AggregationExplicitBucketHistogram{Boundaries: buckets}},
	)))
	t.metrics = opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{
		Meter: t.meters.Meter("perdure"), UseMonotonicCounters: true,
		OnError: func(error) {}, // the metric is missing, the worker goes on
	})
	if o.SpanExporter == nil {
		return t, nil
	}
	return t, t.trace(ctx, o.SpanExporter)
}

func (t *Telemetry) trace(ctx context.Context, exporter trace.SpanExporter) error {
	described, err := describe(ctx)
	if err != nil {
		return fmt.Errorf("telemetry: %w", err)
	}
	t.tracers = trace.NewTracerProvider(trace.WithBatcher(exporter), trace.WithResource(described))
	t.tracing, err = opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{
		Tracer: t.tracers.Tracer("temporal-sdk-go"), AllowInvalidParentSpans: true,
		SpanStarter: startWordless,
		// Baggage may be anything, and Temporal keeps headers in clear.
		DisableBaggage: true,
		// Queries ask for a status: there are many, and nothing follows from one.
		DisableQueryTracing: true,
	})
	return err
}

// MetricsHandler counts, for the SDK and for [worker.Options].
func (t *Telemetry) MetricsHandler() client.MetricsHandler { return t.metrics }

// Handler answers with all metrics, in the formats of Prometheus. Those of the process and
// of Go's runtime are among them.
func (t *Telemetry) Handler() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{})
}

// ClientOptions is o with metrics, tracing where there is an exporter, and a count of what
// its external storage stores. Workers of the client are traced with it.
func (t *Telemetry) ClientOptions(o client.Options) client.Options {
	o.MetricsHandler = t.metrics
	if t.tracing != nil {
		o.Interceptors = append(slices.Clip(o.Interceptors), t.tracing)
	}
	o.ExternalStorage = t.counted(o.ExternalStorage)
	return o
}

// Close hands over the spans that are left.
func (t *Telemetry) Close(ctx context.Context) error {
	var err error
	if t.tracers != nil {
		err = t.tracers.Shutdown(ctx)
	}
	return errors.Join(err, t.meters.Shutdown(ctx))
}
