package telemetry

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/temporal"
)

// wordless is a span that records of an error only that there was one, and its type. The
// message may quote a service, and those who read traces need not be allowed to read that.
type wordless struct{ trace.Span }

func startWordless(ctx context.Context, t trace.Tracer, name string, o ...trace.SpanStartOption) trace.Span {
	_, span := t.Start(ctx, name, o...)
	return wordless{span}
}

// RecordError says the type of the error, where Temporal knows one.
func (s wordless) RecordError(err error, _ ...trace.EventOption) {
	if application, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		s.SetAttributes(attribute.String("error.type", application.Type()))
	}
}

// SetStatus leaves the description out.
func (s wordless) SetStatus(code codes.Code, _ string) { s.Span.SetStatus(code, "") }
