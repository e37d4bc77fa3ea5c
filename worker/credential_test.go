package worker_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/auth/aws"
	"github.com/perdure-dev/perdure/activities/auth/azure"
	"github.com/perdure-dev/perdure/activities/auth/google"
	"github.com/perdure-dev/perdure/activities/transport"
	"github.com/perdure-dev/perdure/worker"
)

// vault is a credential of a program's own.
type vault struct{}

func (vault) Apply(_ context.Context, r *http.Request) error {
	r.Header.Set("X-Vault", "from the vault")
	return nil
}

func (vault) Refresh(context.Context, *http.Request) (bool, error) { return false, nil }

func (vault) SecretHeaders() []string { return []string{"X-Vault"} }

// sentWith is the header of a request of the service a with this auth.
func sentWith(t *testing.T, settings string, o worker.Options) (http.Header, error) {
	t.Helper()
	got := make(chan http.Header, 1)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.Header }))
	t.Cleanup(s.Close)
	cfg := written(t, "tokens: {keysetFile: keyset.json}\nservices:\n  a:\n    baseURL: "+s.URL+"\n    allowPrivateNetwork: true\n    "+settings+"\n")
	require.NoError(t, cfg.Check())
	made, err := cfg.ActivitiesWith(o)
	if err != nil {
		return nil, err
	}
	u, err := made.Services["a"].Resolve("/")
	require.NoError(t, err)
	if _, err := made.Services["a"].Do(t.Context(), transport.Request{Method: http.MethodGet, URL: u}); err != nil {
		return nil, err
	}
	return <-got, nil
}

func TestCredentialsOfTheConfiguration(t *testing.T) {
	t.Setenv("TEST_A", "p")
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = r.ParseForm()
		_, _ = w.Write([]byte(`{"access_token":"` + r.PostForm.Get("client_id") + r.PostForm.Get("client_secret") + r.PostForm.Get("audience") + `"}`))
	}))
	t.Cleanup(issuer.Close)
	tests := []struct{ name, auth, header, want string }{
		{"bearer", "auth: {type: bearer, env: TEST_A}", "Authorization", "Bearer p"},
		{"apiKey", "auth: {type: apiKey, header: X-Key, env: TEST_A}", "X-Key", "p"},
		{"basic", "auth: {type: basic, username: u, env: TEST_A}", "Authorization", "Basic dTpw"},
		{"oauth2", "auth: {type: oauth2, tokenURL: '" + issuer.URL + "', clientId: c, clientAuth: body, audience: x, env: TEST_A}", "Authorization", "Bearer cpx"},
		{"custom", "auth: {type: custom, name: vault}", "X-Vault", "from the vault"},
		{"a kind", "auth: {type: azure, scopes: [https://r/.default]}", "X-Kind", "a [https://r/.default]"},
		{"a kind with a place", "auth: {type: aws, region: eu-central-1, service: s3}", "X-Kind", "a [] eu-central-1s3"},
	}
	kind := func(s auth.Settings) (auth.Credential, error) {
		require.NotNil(t, s.Client)
		return marked{s}, nil
	}
	o := worker.Options{Credentials: map[string]auth.Credential{"vault": vault{}}, CredentialKinds: map[string]auth.Kind{"azure": kind, "aws": kind}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := sentWith(t, tt.auth, o)
			require.NoError(t, err)
			require.Equal(t, tt.want, got.Get(tt.header))
		})
	}
}

// marked sends what it was made of.
type marked struct{ auth.Settings }

func (m marked) Apply(_ context.Context, r *http.Request) error {
	r.Header.Set("X-Kind", fmt.Sprint(m.Service, " ", m.Scopes, " ", m.Region, m.SigningName))
	return nil
}

func (marked) Refresh(context.Context, *http.Request) (bool, error) { return false, nil }

func (marked) SecretHeaders() []string { return nil }

func TestCredentialsThatTheProgramDoesNotHave(t *testing.T) {
	kinds := map[string]auth.Kind{"azure": azure.New, "google": google.New, "aws": aws.New}
	tests := []struct {
		name, auth string
		o          worker.Options
		want       string
	}{
		{"azure", "auth: {type: azure, scopes: [x]}", worker.Options{}, "services.a: auth.type: this program is built without azure"},
		{"google", "auth: {type: google}", worker.Options{}, "services.a: auth.type: this program is built without google"},
		{"custom", "auth: {type: custom, name: vault}", worker.Options{CredentialKinds: kinds}, `services.a: auth.name: this program has no credential "vault"`},
		{"refused by its kind", "auth: {type: google}", worker.Options{CredentialKinds: map[string]auth.Kind{
			"google": func(auth.Settings) (auth.Credential, error) { return nil, errors.New("file: is no account") },
		}}, "services.a: auth.file: is no account"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := sentWith(t, tt.auth, tt.o)
			require.ErrorContains(t, err, tt.want)
		})
	}
	for _, settings := range []string{"auth: {type: azure, scopes: [x]}", "auth: {type: google}", "auth: {type: aws, region: eu-central-1, service: bedrock}"} {
		cfg := written(t, "tokens: {keysetFile: keyset.json}\nservices: {a: {baseURL: 'https://a.example.com', "+settings+"}}\n")
		require.NoError(t, cfg.CheckEnvironment())
		_, err := cfg.ActivitiesWith(worker.Options{CredentialKinds: kinds})
		require.NoError(t, err, "nothing is asked for before it is needed")
	}
}

func TestMissingFilesOfCredentials(t *testing.T) {
	cfg := written(t, `tokens: {keysetFile: keyset.json}
services:
  a: {baseURL: "https://a.example.com", auth: {type: oauth2, tokenURL: "https://i.example.com", clientId: c, file: none-1}}
  b: {baseURL: "https://b.example.com", auth: {type: google, file: none-2}}
  c: {baseURL: "https://c.example.com", tls: {caFile: none-3}}
  d: {baseURL: "https://d.example.com", auth: {type: basic, env: PERDURE_TEST_COLONLESS}}
`)
	t.Setenv("PERDURE_TEST_COLONLESS", "canary")
	dir := filepath.Dir(cfg.KeysetPath())
	err := cfg.CheckEnvironment()
	for _, want := range []string{
		"services.a.auth: file " + filepath.Join(dir, "none-1") + " cannot be read",
		"services.b.auth: file " + filepath.Join(dir, "none-2") + " cannot be read",
		"services.c.tls: file " + filepath.Join(dir, "none-3") + " cannot be read",
		"services.d.auth: environment variable PERDURE_TEST_COLONLESS has no colon, want USER:PASSWORD",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "canary")
}
