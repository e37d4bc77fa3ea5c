package transport

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// tracerName is the scope of our spans.
const tracerName = "github.com/perdure-dev/perdure/activities/transport"

// startSpan begins the span of one request, by the tracer of the span that ctx is in:
// where there is none, nothing is traced. It has no URL, which may hold a secret.
func (s *Service) startSpan(ctx context.Context, req Request) (context.Context, trace.Span) {
	tracer := trace.SpanFromContext(ctx).TracerProvider().Tracer(tracerName)
	return tracer.Start(ctx, req.Method, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("http.request.method", req.Method),
		attribute.String("server.address", req.URL.Hostname()),
		attribute.String("perdure.service", s.name),
	))
}

// endSpan ends it with the status of the answer; 0: there was none.
func endSpan(span trace.Span, status int) {
	if status > 0 {
		span.SetAttributes(attribute.Int("http.response.status_code", status))
	}
	if status == 0 || status >= http.StatusBadRequest {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// putTrace tells the service in which trace it is asked, in the headers of W3C Trace
// Context. Baggage, which may be anything, stays here.
func putTrace(ctx context.Context, h http.Header) {
	propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(h))
}
