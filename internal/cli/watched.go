package cli

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/perdure-dev/perdure/worker/telemetry"
)

// lastSpansWithin is how long a worker that has stopped hands over its last spans.
const lastSpansWithin = 5 * time.Second

// telemetry is what a worker is watched with, traces as the environment says.
func (a *app) telemetry(ctx context.Context) (*telemetry.Telemetry, error) {
	exporter, err := telemetry.SpanExporterFromEnvironment(ctx, a.getenv)
	if err != nil {
		return nil, err
	}
	return telemetry.New(ctx, telemetry.Options{SpanExporter: exporter})
}

func closeTelemetry(ctx context.Context, t *telemetry.Telemetry, logger *slog.Logger) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastSpansWithin)
	defer cancel()
	if err := t.Close(ctx); err != nil {
		logger.Warn("the last spans were not handed over", "error", err)
	}
}

// handlers are what the worker's address serves beside its health.
func handlers(t *telemetry.Telemetry, profiles bool) map[string]http.Handler {
	out := map[string]http.Handler{"GET /metrics": t.Handler()}
	if profiles {
		out["GET /debug/pprof/"] = http.HandlerFunc(pprof.Index)
		out["GET /debug/pprof/cmdline"] = http.HandlerFunc(pprof.Cmdline)
		out["GET /debug/pprof/profile"] = patient(pprof.Profile)
		out["GET /debug/pprof/symbol"] = http.HandlerFunc(pprof.Symbol)
		out["GET /debug/pprof/trace"] = patient(pprof.Trace)
	}
	return out
}

// patient lifts the time within which a request has to be read, which would end what
// takes longer to answer.
func patient(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).SetReadDeadline(time.Time{}); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		h(w, r)
	})
}
