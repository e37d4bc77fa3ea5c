package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	oidc      codecserver.OpenIDConnectOptions
}

// defaultTokenEnv is the variable with the codec server's token.
const defaultTokenEnv = "PERDURE_CODEC_TOKEN" //nolint:gosec // a name, not a token

func (a *app) codecServerCommand() *cobra.Command {
	var f codecServerFlags
	cmd := &cobra.Command{
		Use: "codec-server", Short: "Show payloads in Temporal's web UI",
		Long: `Serve /decode, /encode and /download for Temporal's web UI and command line, so that they
show payloads which the configuration's encryption and storage hide. Who is let in can read
every payload:

  - who has the bearer token of $PERDURE_CODEC_TOKEN, --token-env or --token-file, which is
    read for each request: the command line, and programs;
  - who has logged in to the web UI at --oidc-issuer, with a token for --oidc-audience that
    has a claim of --oidc-allow: the web UI with "pass access token".

Pages of other origins than those of --origin are refused. It speaks plain HTTP: what is not
on this machine reaches it through a proxy that speaks TLS, without which the web UI passes
no access token.`,
		Example: `  PERDURE_CODEC_TOKEN=... perdure codec-server --config perdure.yaml --origin http://localhost:8233
  temporal workflow show -w ID --codec-endpoint http://localhost:8081 --codec-auth "Bearer ..."
  perdure codec-server --config perdure.yaml --origin https://temporal.example.com \
    --oidc-issuer https://login.example.com --oidc-audience temporal-ui --oidc-allow groups=operators`,
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
	cmd.Flags().StringVar(&f.oidc.Issuer, "oidc-issuer", "", "`URL` of the OpenID Connect issuer whose users are let in, as its tokens name it")
	cmd.Flags().StringVar(&f.oidc.Audience, "oidc-audience", "", "`audience` that tokens have to be for: an API, or the web UI's client id")
	cmd.Flags().StringArrayVar(&f.oidc.Allow, "oidc-allow", nil, "`claim=value` that lets in, such as groups=operators; may be given more than once; * for all users")
	return cmd
}

func (a *app) codecServer(ctx context.Context, f codecServerFlags) (http.Handler, error) {
	guards, err := a.codecGuards(ctx, f)
	if err != nil {
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
	handler, err := codecserver.New(codecserver.Options{
		Payloads: decode, Guards: guards, Origins: f.origins, Logger: slog.New(slog.NewTextHandler(a.Stderr, nil)),
	})
	if err != nil {
		return nil, usagef("codec-server: --origin: %v", err)
	}
	return handler, nil
}

// codecGuards are the bearer token's, the issuer's, or both. The token's variable need not
// be set when there is an issuer.
func (a *app) codecGuards(ctx context.Context, f codecServerFlags) ([]codecserver.Guard, error) {
	if f.tokenEnv != "" && f.tokenFile != "" {
		return nil, usagef("codec-server: want one of --token-env and --token-file")
	}
	var guards []codecserver.Guard
	withIssuer := f.oidc.Issuer != "" || f.oidc.Audience != "" || len(f.oidc.Allow) > 0
	if !withIssuer || f.tokenEnv != "" || f.tokenFile != "" || a.getenv(defaultTokenEnv) != "" {
		token := a.codecToken(f)
		if _, err := token(); err != nil {
			return nil, err
		}
		guards = append(guards, codecserver.BearerToken(token))
	}
	if withIssuer {
		issuer, err := codecserver.NewOpenIDConnect(f.oidc)
		if err != nil {
			return nil, usagef("codec-server: --oidc-%v", err)
		}
		if err := issuer.Discover(ctx); err != nil {
			fmt.Fprintf(a.Stderr, "codec server: %s; it is asked again when a user's token comes\n", oneLine(err.Error()))
		}
		guards = append(guards, issuer.Guard)
	}
	return guards, nil
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
