// Package telemetry is how "perdure worker" is watched: metrics for Prometheus, the SDK's
// and Perdure's own, and OpenTelemetry traces, from the caller to the service. It is apart
// from package worker so that only those who want OpenTelemetry's SDK link it.
// What is counted is in docs/operations.md.
//
// May import: OpenTelemetry, Prometheus's client and Temporal's SDK; nothing of Perdure's.
package telemetry
