package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const (
	readyTimeout = 3 * time.Second
	maxReadyText = 256
)

func (a *app) readyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "ready", Short: "Say whether the worker here is ready",
		Long: `Ask the worker that runs here, at worker.listen of its configuration, whether it serves its
task queue. Exit status 0 if it does and 1 if not: for the health check of a container that
has no other program.`,
		Example: "  perdure ready --config perdure.yaml",
		Args:    args(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.settings()
			if err != nil {
				return err
			}
			if s.config == nil || s.config.Worker.Listen == "" {
				return usagef("ready: want --config FILE, or PERDURE_CONFIG, with worker.listen")
			}
			return a.ready(cmd.Context(), s.config.Worker.Listen)
		},
	}
}

func (a *app) ready(ctx context.Context, listen string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return usagef("worker.listen: is %q, want host:port", listen)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy of the environment
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("the worker does not answer: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, maxReadyText))
	said := strings.TrimSpace(string(text))
	if answer.StatusCode != http.StatusOK {
		return errors.New("the worker is not ready: " + said)
	}
	if a.json() {
		return a.printJSON(struct {
			Ready bool `json:"ready"`
		}{true})
	}
	_, err = fmt.Fprintln(a.Stdout, said)
	return err
}
