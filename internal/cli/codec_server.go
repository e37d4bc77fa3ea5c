package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/perdure-dev/perdure/internal/codecserver"
)

// codecServerFlags say who may ask a codec server, and where.
type codecServerFlags struct {
	listen    string
	origins   []string
	tokenEnv  string
	tokenFile string
}

// defaultTokenEnv is the variable with the codec server's token.
const defaultTokenEnv = "PERDURE_CODEC_TOKEN" //nolint:gosec // a name, not a token

func (a *app) codecServerCommand() *cobra.Command {
	var f codecServerFlags
	cmd := &cobra.Command{
		Use: "codec-server", Short: "Show payloads in Temporal's web UI",
		Long: `Serve /decode, /encode and /download for Temporal's web UI and command line, so that they
show payloads which the configuration's encryption and storage hide. Whoever has the bearer
token can read every payload: it comes from $PERDURE_CODEC_TOKEN or a file, which is read for
each request. Pages of other origins than those of --origin are refused. It speaks plain
HTTP: what is not on this machine reaches it through a proxy that speaks TLS.`,
		Example: `  PERDURE_CODEC_TOKEN=... perdure codec-server --config perdure.yaml --origin http://localhost:8233
  temporal workflow show -w ID --codec-endpoint http://localhost:8081 --codec-auth "Bearer ..."`,
		Args: args(0, 0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			handler, err := a.codecServer(cmd.Context(), f)
			if err != nil {
				return err
			}
			return a.serve(cmd.Context(), f.listen, handler)
		},
	}
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8081", "`host:port` that is served")
	cmd.Flags().StringArrayVar(&f.origins, "origin", nil, "`origin` of a web UI, such as http://localhost:8233; may be given more than once")
	cmd.Flags().StringVar(&f.tokenEnv, "token-env", "", "environment variable `name` with the bearer token (default "+defaultTokenEnv+")")
	cmd.Flags().StringVar(&f.tokenFile, "token-file", "", "`file` with the bearer token")
	return cmd
}

func (a *app) codecServer(ctx context.Context, f codecServerFlags) (http.Handler, error) {
	if f.tokenEnv != "" && f.tokenFile != "" {
		return nil, usagef("codec-server: want one of --token-env and --token-file")
	}
	token := a.codecToken(f)
	if _, err := token(); err != nil {
		return nil, err
	}
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	written, err := s.payloads(ctx)
	if err != nil {
		return nil, err
	}
	if !written.Encrypted() && !written.Stored() {
		return nil, usagef("codec-server: want --config FILE or PERDURE_CONFIG with encryption or storage")
	}
	decode, err := written.Handler()
	if err != nil {
		return nil, err
	}
	handler, err := codecserver.New(codecserver.Options{Payloads: decode, Token: token, Origins: f.origins})
	if err != nil {
		return nil, usagef("codec-server: --origin: %v", err)
	}
	return handler, nil
}

// codecToken reads the token, whose errors quote nothing of it.
func (a *app) codecToken(f codecServerFlags) func() (string, error) {
	if f.tokenFile == "" {
		name := cmp.Or(f.tokenEnv, defaultTokenEnv)
		return func() (string, error) {
			return nonEmpty(a.getenv(name), "environment variable "+name)
		}
	}
	return func() (string, error) {
		content, err := os.ReadFile(f.tokenFile)
		if err != nil {
			return "", err // names the path
		}
		return nonEmpty(strings.TrimSpace(string(content)), f.tokenFile)
	}
}

func nonEmpty(token, source string) (string, error) {
	if token == "" {
		return "", fmt.Errorf("codec-server: the bearer token is missing: %s is empty or not set", source)
	}
	return token, nil
}

// serve serves until ctx ends, and lets what is under way end.
func (a *app) serve(ctx context.Context, address string, handler http.Handler) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute}
	stopped := make(chan error, 1)
	context.AfterFunc(ctx, func() {
		patient, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		stopped <- server.Shutdown(patient)
	})
	fmt.Fprintf(a.Stderr, "codec server at http://%s\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
