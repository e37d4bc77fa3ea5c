package cli

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure/worker"
)

var logLevels = []string{"debug", "info", "warn", "error"}

func (a *app) workerCommand() *cobra.Command {
	var level string
	cmd := &cobra.Command{
		Use: "worker", Short: "Run the worker in the foreground",
		Long: `Run the worker in the foreground: it sends the requests, asks how the operations go, and
holds the services' credentials. SIGTERM and SIGINT drain it: it takes no new work, and
hands over what is under way. A second signal ends it at once. It logs to standard error,
as text on a terminal and as JSON otherwise.`,
		Example: "  perdure worker --config perdure.yaml --log-level debug",
		Args:    args(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			logger, err := a.logger(level)
			if err != nil {
				return err
			}
			return a.work(cmd.Context(), logger)
		},
	}
	cmd.Flags().StringVar(&level, "log-level", "info", "least level that is logged: debug, info, warn or error")
	complete(cmd, "log-level", logLevels...)
	return cmd
}

func (a *app) logger(level string) (*slog.Logger, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, usagef("--log-level: is %q, want debug, info, warn or error", level)
	}
	o := &slog.HandlerOptions{Level: least}
	if isTerminal(a.Stderr) {
		return slog.New(slog.NewTextHandler(a.Stderr, o)), nil
	}
	return slog.New(slog.NewJSONHandler(a.Stderr, o)), nil
}

func (a *app) work(ctx context.Context, logger *slog.Logger) error {
	cfg, err := a.workerConfig()
	if err != nil {
		return err
	}
	temporal, namespace, err := a.temporal(ctx, logger)
	if err != nil {
		return err
	}
	defer temporal.Close()
	w, err := worker.New(temporal, cfg, worker.Options{Namespace: namespace, Logger: logger})
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
