package telemetry

import (
	"cmp"
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
)

// SpanExporterFromEnvironment gives the exporter that OpenTelemetry's variables name: otlp,
// where OTEL_TRACES_EXPORTER says so or an OTEL_EXPORTER_OTLP_ENDPOINT is there, with
// OTEL_EXPORTER_OTLP_PROTOCOL grpc or http/protobuf. Nil: nothing is to be traced. The
// exporter's own variables are read from the process's environment; it connects later.
func SpanExporterFromEnvironment(ctx context.Context, getenv func(string) string) (trace.SpanExporter, error) {
	if getenv("OTEL_SDK_DISABLED") == "true" {
		return nil, nil
	}
	endpoint := cmp.Or(getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), getenv("OTEL_EXPORTER_OTLP_ENDPOINT"))
	switch kind := getenv("OTEL_TRACES_EXPORTER"); {
	case kind == "none", kind == "" && endpoint == "":
		return nil, nil
	case kind != "" && kind != "otlp":
		return nil, fmt.Errorf("telemetry: OTEL_TRACES_EXPORTER: is %q, want otlp or none", kind)
	}
	switch protocol := cmp.Or(getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), getenv("OTEL_EXPORTER_OTLP_PROTOCOL"), "http/protobuf"); protocol {
	case "grpc":
		return otlptracegrpc.New(ctx)
	case "http/protobuf":
		return otlptracehttp.New(ctx)
	default:
		return nil, fmt.Errorf("telemetry: OTEL_EXPORTER_OTLP_PROTOCOL: is %q, want grpc or http/protobuf", protocol)
	}
}

// describe is what is traced: the environment's word over ours.
func describe(ctx context.Context) (*resource.Resource, error) {
	return resource.New(ctx,
		resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(attribute.String("service.name", "perdure-worker")),
		resource.WithFromEnv(),
	)
}
