package cli

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/auth/aws"
	"github.com/perdure-dev/perdure/activities/auth/azure"
	"github.com/perdure-dev/perdure/activities/auth/google"
	"github.com/perdure-dev/perdure/storage/s3"
	"github.com/perdure-dev/perdure/worker"
)

// credentialKinds are those whose libraries are heavy: this program has them all.
var credentialKinds = map[string]auth.Kind{"azure": azure.New, "google": google.New, "aws": aws.New}

// What the log's flags can be.
var (
	logLevels  = []string{"debug", "info", "warn", "error"}
	logFormats = []string{"auto", "text", "json"}
)

func (a *app) workerCommand() *cobra.Command {
	var o workerFlags
	cmd := &cobra.Command{
		Use: "worker", Short: "Run the worker in the foreground",
		Long: `Run the worker in the foreground: it sends the requests, asks how the operations go, and
holds the services' credentials. SIGTERM and SIGINT drain it: it takes no new work, and
hands over what is under way. A second signal ends it at once. It logs to standard error.

Where the configuration has worker.listen, it answers /healthz, /readyz and /metrics there.
It sends traces where OpenTelemetry's variables say so: OTEL_EXPORTER_OTLP_ENDPOINT.`,
		Example: "  perdure worker --config perdure.yaml --log-level debug",
		Args:    args(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger, err := a.logger(o.logLevel, o.logFormat)
			if err != nil {
				return err
			}
			return a.work(cmd.Context(), logger, o.pprof)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.logLevel, "log-level", "info", "least level that is logged: debug, info, warn or error")
	f.StringVar(&o.logFormat, "log-format", "auto", "text, json, or auto: text on a terminal, else json")
	f.BoolVar(&o.pprof, "pprof", false, "serve Go's profiles below /debug/pprof/ of worker.listen")
	complete(cmd, "log-level", logLevels...)
	complete(cmd, "log-format", logFormats...)
	return cmd
}

// workerFlags are those of the worker alone.
type workerFlags struct {
	logLevel, logFormat string
	pprof               bool
}

func (a *app) logger(level, format string) (*slog.Logger, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, usagef("--log-level: is %q, want debug, info, warn or error", level)
	}
	o := &slog.HandlerOptions{Level: least}
	switch {
	case format == "text", format == "auto" && isTerminal(a.Stderr):
		return slog.New(slog.NewTextHandler(a.Stderr, o)), nil
	case format == "json", format == "auto":
		return slog.New(slog.NewJSONHandler(a.Stderr, o)), nil
	}
	return nil, usagef("--log-format: is %q, want auto, text or json", format)
}

func (a *app) work(ctx context.Context, logger *slog.Logger, profiles bool) error {
	cfg, err := a.workerConfig()
	if err != nil {
		return err
	}
	written, err := cfg.Payloads(ctx, s3.Open)
	if err != nil {
		return err
	}
	watched, err := a.telemetry(ctx)
	if err != nil {
		return err
	}
	defer closeTelemetry(ctx, watched, logger)
	temporal, namespace, err := a.temporal(ctx, logger, func(o client.Options) client.Options {
		return watched.ClientOptions(written.ClientOptions(o))
	})
	if err != nil {
		return err
	}
	defer temporal.Close()
	w, err := worker.New(temporal, cfg, worker.Options{
		Namespace: namespace, Logger: logger, Payloads: written, CredentialKinds: credentialKinds,
		MetricsHandler: watched.MetricsHandler(), Handlers: handlers(watched, profiles),
	})
	if err != nil {
		return err
	}
	return w.Run(ctx)
}

// workerConfig is the file's, the flags over it, and checked, before anything is
// connected to.
func (a *app) workerConfig() (*worker.Config, error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	if s.config == nil {
		return nil, usagef("worker: want --config FILE or PERDURE_CONFIG")
	}
	s.config.TaskQueue = s.taskQueue
	if a.global.keyset != "" {
		if s.config.Tokens.KeysetFile, err = absolute(a.global.keyset); err != nil {
			return nil, err
		}
	}
	return s.config, s.config.Check()
}
