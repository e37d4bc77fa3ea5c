package telemetry_test

import (
	"context"
	"log"
	"net/http"

	"go.opentelemetry.io/otel"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"

	"github.com/perdure-dev/perdure/worker"
	"github.com/perdure-dev/perdure/worker/telemetry"
)

// A worker of one's own, watched as "perdure worker" is.
func Example() {
	ctx := context.Background()
	watched, err := telemetry.New(ctx, telemetry.Options{})
	if err != nil {
		log.Panic(err)
	}
	defer func() { _ = watched.Close(context.WithoutCancel(ctx)) }()
	temporal, err := client.Dial(watched.ClientOptions(client.Options{}))
	if err != nil {
		log.Panic(err)
	}
	defer temporal.Close()
	config, err := worker.Load("perdure.yaml")
	if err != nil {
		log.Panic(err)
	}
	w, err := worker.New(temporal, config, worker.Options{
		MetricsHandler: watched.MetricsHandler(),
		Handlers:       map[string]http.Handler{"GET /metrics": watched.Handler()},
	})
	if err != nil {
		log.Panic(err)
	}
	if err := w.Run(ctx); err != nil {
		log.Panic(err)
	}
}

// A caller begins the traces that its operations are in.
func Example_caller() {
	temporal, err := dial()
	if err != nil {
		log.Fatal(err)
	}
	defer temporal.Close()
}

func dial() (client.Client, error) {
	tracing, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{Tracer: otel.Tracer("nightly")})
	if err != nil {
		return nil, err
	}
	return client.Dial(client.Options{Interceptors: []interceptor.ClientInterceptor{tracing}})
}
