// Package telemetry is how "perdure worker" is watched: metrics for Prometheus, the SDK's
// and Perdure's own, and OpenTelemetry traces, from the caller to the service. It is apart
// from package worker so that only who wants OpenTelemetry's SDK links it.
//
//	t, err := telemetry.New(ctx, telemetry.Options{})
//	defer t.Close(ctx)
//	temporal, err := client.Dial(t.ClientOptions(p.ClientOptions(client.Options{})))
//	w, err := worker.New(temporal, cfg, worker.Options{
//		Payloads: p, MetricsHandler: t.MetricsHandler(),
//		Handlers: map[string]http.Handler{"GET /metrics": t.Handler()},
//	})
//
// A caller's client joins the traces with the same interceptor: docs/operations.md shows it.
//
// May import: OpenTelemetry, Prometheus's client and Temporal's SDK; nothing of Perdure's.
package telemetry
