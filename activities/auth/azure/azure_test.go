package azure_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/auth/azure"
)

const (
	canary = "s3cret-canary"
	tenant = "11111111-1111-1111-1111-111111111111"
	scope  = "https://management.azure.com/.default"
)

// fakeEntra is Microsoft Entra ID and the machine's metadata service, whatever the
// address that is asked.
type fakeEntra struct {
	asked, status atomic.Int64
	seconds       atomic.Int64 // that a token lasts
	last          atomic.Value // the path, and the scope or resource
	assertion     atomic.Value // that came with it
}

func newFakeEntra() *fakeEntra {
	e := &fakeEntra{}
	e.seconds.Store(3600)
	return e
}

func (e *fakeEntra) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	e.serve(w, r)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

func (e *fakeEntra) serve(w http.ResponseWriter, r *http.Request) {
	base := "https://login.microsoftonline.com/" + tenant
	switch {
	case strings.Contains(r.URL.Path, "/discovery/instance"):
		answer(w, map[string]any{"tenant_discovery_endpoint": base + "/v2.0/.well-known/openid-configuration", "metadata": []any{}})
	case strings.Contains(r.URL.Path, "openid-configuration"):
		answer(w, map[string]any{"authorization_endpoint": base + "/authorize", "token_endpoint": base + "/oauth2/v2.0/token", "issuer": base + "/v2.0"})
	case strings.HasSuffix(r.URL.Path, "/token"):
		e.token(w, r)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (e *fakeEntra) token(w http.ResponseWriter, r *http.Request) {
	if r.Host == "169.254.169.254" && r.Header.Get("Metadata") == "" { // azidentity looks whether there is one
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	_ = r.ParseForm()
	e.last.Store(r.URL.Path + " " + r.Form.Get("scope") + r.Form.Get("resource"))
	e.assertion.Store(r.Form.Get("client_assertion"))
	n := e.asked.Add(1)
	if status := int(e.status.Load()); status != 0 {
		w.WriteHeader(status)
		answer(w, map[string]any{"error": "invalid_client", "error_description": "AADSTS7000215: " + r.Form.Get("client_secret")})
		return
	}
	answer(w, map[string]any{
		"access_token": fmt.Sprintf("token-%d", n), "token_type": "Bearer", "expires_in": e.seconds.Load(),
		"expires_on": strconv.FormatInt(time.Now().Unix()+e.seconds.Load(), 10), "resource": r.Form.Get("resource"),
	})
}

func answer(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func made(t *testing.T, e http.RoundTripper) auth.Credential {
	t.Helper()
	c, err := azure.New(auth.Settings{Service: "jobs", Client: &http.Client{Transport: e}, Scopes: []string{scope}})
	require.NoError(t, err)
	return c
}

func applied(ctx context.Context, c auth.Credential) (*http.Request, error) {
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "https://jobs.example.com/", nil)
	return r, c.Apply(ctx, r)
}

// asClient is an environment with a client's secret.
func asClient(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{
		"AZURE_TENANT_ID": tenant, "AZURE_CLIENT_ID": "22222222-2222-2222-2222-222222222222", "AZURE_CLIENT_SECRET": canary,
		"AZURE_TOKEN_CREDENTIALS": "prod", "AZURE_FEDERATED_TOKEN_FILE": "",
	} {
		t.Setenv(name, value)
	}
}

func TestClientSecretOfTheEnvironment(t *testing.T) {
	asClient(t)
	e := newFakeEntra()
	c := made(t, e)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if r, err := applied(t.Context(), c); err != nil || r.Header.Get("Authorization") != "Bearer token-1" {
				t.Errorf("%v, %v", r.Header, err)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 1, e.asked.Load())
	require.Contains(t, e.last.Load(), "/oauth2/v2.0/token "+scope)

	refused, err := applied(t.Context(), c)
	require.NoError(t, err)
	changed, err := c.Refresh(t.Context(), refused)
	require.NoError(t, err)
	require.True(t, changed)
	again, err := applied(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, "Bearer token-2", again.Header.Get("Authorization"))
}

func TestATokenThatExpires(t *testing.T) {
	asClient(t)
	e := newFakeEntra()
	e.seconds.Store(2)
	c := made(t, e)
	r, err := applied(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, "Bearer token-1", r.Header.Get("Authorization"))
	e.seconds.Store(3600)
	require.Eventually(t, func() bool {
		r, err := applied(t.Context(), c)
		return err == nil && r.Header.Get("Authorization") == "Bearer token-2"
	}, time.Minute, 50*time.Millisecond)
}

// The file is the cluster's to write anew, before what is in it expires.
func TestWorkloadIdentity(t *testing.T) {
	asClient(t)
	file := filepath.Join(t.TempDir(), "token")
	t.Setenv("AZURE_TOKEN_CREDENTIALS", "WorkloadIdentityCredential")
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file)
	e := newFakeEntra()
	e.seconds.Store(2)
	c := made(t, e)

	require.NoError(t, os.WriteFile(file, []byte("of the cluster"), 0o600))
	r, err := applied(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, "Bearer token-1", r.Header.Get("Authorization"))
	require.Equal(t, "of the cluster", e.assertion.Load())
	require.Contains(t, e.last.Load(), "/oauth2/v2.0/token "+scope)

	e.seconds.Store(3600)
	require.NoError(t, os.WriteFile(file, []byte("of the cluster, later"), 0o600))
	require.Eventually(t, func() bool {
		r, err := applied(t.Context(), c)
		return err == nil && r.Header.Get("Authorization") == "Bearer token-2"
	}, time.Minute, 50*time.Millisecond)
	require.Equal(t, "of the cluster, later", e.assertion.Load())
	require.EqualValues(t, 2, e.asked.Load())
}

func TestManagedIdentity(t *testing.T) {
	t.Setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
	for _, name := range []string{"AZURE_CLIENT_ID", "IDENTITY_ENDPOINT", "MSI_ENDPOINT", "IMDS_ENDPOINT"} {
		t.Setenv(name, "")
		require.NoError(t, os.Unsetenv(name)) // one that is empty is not one that is not set
	}
	e := newFakeEntra()
	r, err := applied(t.Context(), made(t, e))
	require.NoError(t, err)
	require.Equal(t, "Bearer token-1", r.Header.Get("Authorization"))
	require.Equal(t, "/metadata/identity/oauth2/token https://management.azure.com", e.last.Load())
}

func TestARefusalEndsTheOperation(t *testing.T) {
	asClient(t)
	e := newFakeEntra()
	e.status.Store(http.StatusUnauthorized)
	_, err := applied(t.Context(), made(t, e))
	require.EqualError(t, err, "perdure: credential of service jobs from Azure's default credentials: answered with HTTP 401")
	require.True(t, isCredentialError(err))
}

func TestNoSource(t *testing.T) {
	t.Setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
	t.Setenv("AZURE_CLIENT_SECRET", "")
	t.Setenv("AZURE_TENANT_ID", "")
	_, err := applied(t.Context(), made(t, newFakeEntra()))
	require.EqualError(t, err, "perdure: credential of service jobs from Azure's default credentials: is not there or cannot be used")
}

func TestEntraThatIsDown(t *testing.T) {
	asClient(t)
	e := newFakeEntra()
	e.status.Store(http.StatusServiceUnavailable)
	c := made(t, e)
	_, err := applied(t.Context(), c) // azidentity asks four times
	require.EqualError(t, err, "Azure's default credentials answered with HTTP 503")
	require.False(t, isCredentialError(err))
	e.status.Store(0)
	require.Eventually(t, func() bool { _, err := applied(t.Context(), c); return err == nil }, time.Minute, 50*time.Millisecond)
}

func TestScopesAreRequired(t *testing.T) {
	_, err := azure.New(auth.Settings{Service: "jobs"})
	require.ErrorContains(t, err, "scopes: is missing")
}

func isCredentialError(err error) bool {
	_, ok := errors.AsType[*perdure.CredentialError](err)
	return ok
}
