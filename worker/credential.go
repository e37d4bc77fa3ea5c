package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/transport"
)

// credential is what a service is authenticated to with; nil: nothing. An error names
// the key under services.NAME that it is about.
func (o Options) credential(c *Config, service string, t transport.Config, a *Auth) (auth.Credential, error) {
	switch {
	case a == nil:
		return nil, nil //nolint:nilnil // as in transport.Config
	case a.Type == authCustom:
		own, ok := o.Credentials[a.Name]
		if !ok {
			return nil, fmt.Errorf("auth.name: this program has no credential %q", a.Name)
		}
		return own, nil
	case c.static(service, a) != nil:
		return c.static(service, a), nil
	}
	client, err := transport.IssuerClient(t)
	if err != nil {
		return nil, err
	}
	if a.Type == authOAuth2 {
		return auth.OAuth2(auth.OAuth2Options{
			Service: service, Client: client, TokenURL: a.TokenURL, ClientID: a.ClientID, Secret: c.secret(a),
			SecretInBody: a.ClientAuth == clientAuthBody, Scopes: a.Scopes, Audience: a.Audience,
		}), nil
	}
	kind, ok := o.CredentialKinds[a.Type]
	if !ok {
		return nil, fmt.Errorf("auth.type: this program is built without %s", a.Type)
	}
	made, err := kind(auth.Settings{
		Service: service, Client: client, Scopes: a.Scopes, File: c.source.path(a.File), Region: a.Region, SigningName: a.Service,
	})
	if err != nil {
		return nil, fmt.Errorf("auth.%w", err)
	}
	return made, nil
}

// static is a credential that is sent as it is; nil: the type has none.
func (c *Config) static(service string, a *Auth) auth.Credential {
	switch a.Type {
	case authBearer:
		return auth.Bearer(service, c.secret(a))
	case authAPIKey:
		return auth.APIKey(service, c.secret(a), a.Header, a.Query)
	case authBasic:
		return auth.Basic(service, a.Username, c.secret(a))
	}
	return nil
}

func (c *Config) secret(a *Auth) auth.Secret {
	return auth.Secret{Env: a.Env, File: c.source.path(a.File)}
}

// missingSecret says what is wrong with the source of a service's secret, as far as
// that can be known without a request.
func (c *Config) missingSecret(service string, a *Auth) error {
	switch {
	case a == nil:
		return nil
	case a.Type == authOAuth2:
		return c.secret(a).Check(service)
	case a.Type == authGoogle && a.File != "":
		if _, err := os.ReadFile(c.source.path(a.File)); err != nil {
			return &perdure.CredentialError{Service: service, Source: "file " + c.source.path(a.File), Message: "cannot be read"}
		}
		return nil
	}
	static := c.static(service, a)
	if static == nil {
		return nil
	}
	// Applied to a request that is sent nowhere.
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "https://service.invalid", nil)
	if err != nil {
		return nil //nolint:nilerr // cannot be
	}
	return static.Apply(r.Context(), r)
}

// missingSecrets lists what services have no credential to send, or no certificate.
func (c *Config) missingSecrets() []*KeyError {
	var out []*KeyError
	for _, name := range slices.Sorted(maps.Keys(c.Services)) {
		s := c.Services[name]
		for key, err := range map[string]error{"auth": c.missingSecret(name, s.Auth), "tls": c.tls(&s).Check(name)} {
			if missing, ok := errors.AsType[*perdure.CredentialError](err); ok {
				out = append(out, c.source.problem(below(below("services", name), key), missing.Source+" "+missing.Message))
			}
		}
	}
	return out
}

func (c *Config) tls(s *Service) transport.TLS {
	if s.TLS == nil {
		return transport.TLS{}
	}
	return transport.TLS{CAFile: c.source.path(s.TLS.CAFile), CertFile: c.source.path(s.TLS.CertFile), KeyFile: c.source.path(s.TLS.KeyFile)}
}
