package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure/devserver"
)

const examples = `  perdure-devserver
  perdure-devserver --db-filename temporal.db
  perdure-devserver --headless --port 0 --output json
  perdure-devserver --dynamic-config-value 'frontend.enableCancelWorkerPollsOnShutdown=true'`

func command() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:     "perdure-devserver",
		Short:   "A Temporal server with its web UI, for development and for one machine",
		Example: examples,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := cobra.NoArgs(cmd, args); err != nil {
				return &usageError{err}
			}
			return nil
		},
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts, err := f.options(cmd.ErrOrStderr())
			if err != nil {
				return &usageError{err}
			}
			return run(cmd.Context(), opts, f.output, cmd.OutOrStdout())
		},
	}
	cmd.CompletionOptions.DisableDefaultCmd = true
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	f.register(cmd.Flags())
	return cmd
}

// run serves until ctx is done.
func run(ctx context.Context, opts devserver.Options, output string, out io.Writer) error {
	server, err := devserver.Start(ctx, opts)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return explain(err)
	}
	defer server.Stop()
	if err := announce(out, output, server, opts.Namespaces[0]); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// announce says where the server is. What it prints is read by scripts.
func announce(out io.Writer, output string, server *devserver.Server, namespace string) error {
	if output == "json" {
		return json.NewEncoder(out).Encode(struct {
			Address   string `json:"address"`
			Namespace string `json:"namespace"`
			UIURL     string `json:"uiURL,omitempty"`
		}{server.HostPort(), namespace, server.UIURL()})
	}
	_, err := fmt.Fprintf(out, "Temporal server: %s\n", server.HostPort())
	if err == nil && server.UIURL() != "" {
		_, err = fmt.Fprintf(out, "Web UI: %s\n", server.UIURL())
	}
	return err
}

// explain names the flag of a port that cannot be had.
func explain(err error) error {
	refused, ok := errors.AsType[*devserver.PortError](err)
	if !ok {
		return err
	}
	flag := map[string]string{"Port": "--port", "UIPort": "--ui-port"}[refused.Option]
	return fmt.Errorf("%s %d: %w", flag, refused.Port, refused.Err)
}

type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

func exitStatus(err error) int {
	if _, ok := errors.AsType[*usageError](err); ok {
		return 2
	}
	return 1
}
