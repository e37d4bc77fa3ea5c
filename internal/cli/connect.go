package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	sdklog "go.temporal.io/sdk/log"

	"github.com/perdure-dev/perdure/starter"
	"github.com/perdure-dev/perdure/tokens"
)

// session is a connection to Temporal.
type session struct {
	engine    engine
	temporal  client.Client // nil in tests without a server
	namespace string
}

func (s *session) close() {
	if s.temporal != nil {
		s.temporal.Close()
	}
}

// dial connects as the environment and the flags say.
func (a *app) dial(ctx context.Context, s *settings, keyset *tokens.Keyset) (*session, error) {
	quiet := slog.New(slog.NewTextHandler(a.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	written, err := s.payloads(ctx)
	if err != nil {
		return nil, err
	}
	temporal, namespace, err := a.temporal(ctx, quiet, written.ClientOptions)
	if err != nil {
		return nil, err
	}
	c, err := starter.New(temporal, starter.Options{
		TaskQueue: s.taskQueue, Keyset: keyset, TokenLifetime: s.lifetime, Namespace: namespace,
		Payloads: written,
	})
	if err != nil {
		temporal.Close()
		return nil, err
	}
	return &session{engine: starterEngine{c}, temporal: temporal, namespace: namespace}, nil
}

// temporal gives a client that has reached its server, and its namespace. Complete adds to
// its options.
func (a *app) temporal(ctx context.Context, logger *slog.Logger, complete func(client.Options) client.Options) (client.Client, string, error) {
	o, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{
		ConfigFileProfile: a.global.profile, EnvLookup: a.Process,
	})
	if err != nil {
		return nil, "", fmt.Errorf("read Temporal's connection settings: %w", err)
	}
	if a.global.address != "" {
		o.HostPort = a.global.address
	}
	if o.HostPort == "" {
		o.HostPort = client.DefaultHostPort
	}
	if a.global.namespace != "" {
		o.Namespace = a.global.namespace
	}
	if o.Namespace == "" {
		o.Namespace = client.DefaultNamespace
	}
	o.Logger = sdklog.NewStructuredLogger(logger)
	c, err := client.DialContext(ctx, complete(o))
	if err != nil {
		return nil, "", unreachable(ctx, o.HostPort, err)
	}
	return c, o.Namespace, nil
}

// unreachable says where Temporal was looked for, and how to look elsewhere.
func unreachable(ctx context.Context, address string, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	reason := err.Error()
	if unavailable, ok := errors.AsType[*serviceerror.Unavailable](err); ok {
		reason = unavailable.Message
	}
	if i := strings.LastIndex(reason, "desc = "); i >= 0 {
		reason = reason[i+len("desc = "):]
	}
	reason = strings.TrimPrefix(strings.Trim(reason, `"`), "transport: Error while dialing: ")
	return &typedError{kind: typeUnavailable, message: fmt.Sprintf(
		"Temporal does not answer at %s: %s; set --address or TEMPORAL_ADDRESS", address, reason)}
}

// open connects for commands that need no token verified.
func (a *app) open(ctx context.Context) (*session, error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	return a.connect(ctx, s, nil)
}

// openVerified connects. A token, where there is one, is verified before anything is
// asked; where there is no keyset here, the worker does that.
func (a *app) openVerified(ctx context.Context, token string, want tokens.Expect) (*session, error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	var keyset *tokens.Keyset
	if token != "" {
		if keyset, err = s.verify(token, want); err != nil {
			return nil, err
		}
	}
	return a.connect(ctx, s, keyset)
}

// verify verifies a token and gives the keyset that did; nil: there is none.
func (s *settings) verify(text string, want tokens.Expect) (*tokens.Keyset, error) {
	token, err := tokens.Parse(text)
	if err != nil || s.keysetFile == "" {
		return nil, err
	}
	keyset, err := s.keyset()
	if err != nil {
		return nil, err
	}
	want.Lifetime, want.Now = s.lifetime, time.Now()
	_, err = keyset.Open(token, want)
	return keyset, err
}
