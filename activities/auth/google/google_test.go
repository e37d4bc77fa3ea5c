package google_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/auth/google"
)

// fakeGoogle is a token endpoint and a metadata server.
type fakeGoogle struct {
	*httptest.Server
	asked, status atomic.Int64
	seconds       atomic.Int64 // that a token lasts
	grant         atomic.Value
}

func newFakeGoogle(t *testing.T) *fakeGoogle {
	t.Helper()
	g := &fakeGoogle{}
	g.seconds.Store(3600)
	g.Server = httptest.NewServer(http.HandlerFunc(g.serve))
	t.Cleanup(g.Close)
	return g
}

func (g *fakeGoogle) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Metadata-Flavor", "Google")
	if !strings.HasSuffix(r.URL.Path, "/token") {
		return
	}
	n := g.asked.Add(1)
	_ = r.ParseForm()
	g.grant.Store(r.Form.Get("grant_type") + r.Form.Get("scopes"))
	w.Header().Set("Content-Type", "application/json")
	if status := int(g.status.Load()); status != 0 {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"error":"invalid_grant","error_description":%q}`, r.Form.Get("assertion"))
		return
	}
	_, _ = fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"Bearer","expires_in":%d}`, n, g.seconds.Load())
}

// serviceAccount writes the file of one, whose tokens g issues.
func (g *fakeGoogle) serviceAccount(t *testing.T, file string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	content, err := json.Marshal(map[string]string{
		"type": "service_account", "client_email": "worker@example.iam.gserviceaccount.com", "token_uri": g.URL + "/token",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, content, 0o600))
}

// onMachine is an environment with a metadata server alone.
func (g *fakeGoogle) onMachine(t *testing.T) {
	t.Helper()
	t.Setenv("GCE_METADATA_HOST", strings.TrimPrefix(g.URL, "http://"))
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
	t.Setenv("HOME", t.TempDir())
}

func made(t *testing.T, s auth.Settings) auth.Credential {
	t.Helper()
	s.Service, s.Client = "jobs", &http.Client{Transport: &http.Transport{}}
	c, err := google.New(s)
	require.NoError(t, err)
	return c
}

func applied(t *testing.T, c auth.Credential) (*http.Request, error) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://jobs.example.com/", nil)
	return r, c.Apply(t.Context(), r)
}

func sent(t *testing.T, c auth.Credential) string {
	t.Helper()
	r, err := applied(t, c)
	require.NoError(t, err)
	return r.Header.Get("Authorization")
}

func TestServiceAccount(t *testing.T) {
	tests := []struct {
		name     string
		settings func(file string) auth.Settings
	}{
		{"of the configuration", func(file string) auth.Settings { return auth.Settings{File: file} }},
		{"of the environment", func(file string) auth.Settings {
			t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", file)
			return auth.Settings{}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newFakeGoogle(t)
			file := filepath.Join(t.TempDir(), "account.json")
			g.serviceAccount(t, file)
			c := made(t, tt.settings(file))
			require.Equal(t, "Bearer token-1", sent(t, c))
			require.Equal(t, "Bearer token-1", sent(t, c))
			require.Equal(t, "urn:ietf:params:oauth:grant-type:jwt-bearer", g.grant.Load())

			// Another account, of another issuer, in the same file.
			other := newFakeGoogle(t)
			other.asked.Store(7)
			other.serviceAccount(t, file)
			refused, err := applied(t, c)
			require.NoError(t, err)
			changed, err := c.Refresh(t.Context(), refused)
			require.NoError(t, err)
			require.True(t, changed)
			require.Equal(t, "Bearer token-8", sent(t, c))
			require.EqualValues(t, 1, g.asked.Load())
		})
	}
}

func TestATokenThatExpires(t *testing.T) {
	tests := []struct {
		name     string
		settings func(g *fakeGoogle) auth.Settings
	}{
		{"of a service account", func(g *fakeGoogle) auth.Settings {
			file := filepath.Join(t.TempDir(), "account.json")
			g.serviceAccount(t, file)
			return auth.Settings{File: file}
		}},
		{"of the metadata server", func(g *fakeGoogle) auth.Settings {
			g.onMachine(t)
			return auth.Settings{}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newFakeGoogle(t)
			g.seconds.Store(2)
			c := made(t, tt.settings(g))
			require.Equal(t, "Bearer token-1", sent(t, c))
			g.seconds.Store(3600)
			require.Eventually(t, func() bool {
				r, err := applied(t, c)
				return err == nil && r.Header.Get("Authorization") == "Bearer token-2"
			}, time.Minute, 50*time.Millisecond)
			require.EqualValues(t, 2, g.asked.Load())
		})
	}
}

func TestFailures(t *testing.T) {
	tests := []struct {
		name   string
		status int
		ends   bool
		want   string
	}{
		{"refused", 400, true, "answered with HTTP 400, invalid_grant"},
		{"down", 503, false, "answered with HTTP 503"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newFakeGoogle(t)
			g.status.Store(int64(tt.status))
			file := filepath.Join(t.TempDir(), "account.json")
			g.serviceAccount(t, file)
			_, err := applied(t, made(t, auth.Settings{File: file}))
			require.ErrorContains(t, err, "file "+file)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "eyJ", "the start of a signed token")
			require.Equal(t, tt.ends, isCredentialError(err))
		})
	}
}

func TestNoFileToUse(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"no JSON": "s3cret", "no type": `{"private_key":"s3cret"}`, "no key": `{"type":"service_account","private_key":"s3cret","token_uri":"https://issuer.invalid"}`,
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, name)
			require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
			_, err := applied(t, made(t, auth.Settings{File: file}))
			require.EqualError(t, err, "perdure: credential of service jobs from file "+file+": is not there or cannot be used")
		})
	}
	_, err := applied(t, made(t, auth.Settings{File: filepath.Join(dir, "none")}))
	require.True(t, isCredentialError(err))
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(dir, "none"))
	_, err = applied(t, made(t, auth.Settings{}))
	require.EqualError(t, err, "perdure: credential of service jobs from Google's application default credentials: is not there or cannot be used")
}

func TestMetadataServer(t *testing.T) {
	g := newFakeGoogle(t)
	g.onMachine(t)
	c := made(t, auth.Settings{Scopes: []string{"https://www.googleapis.com/auth/devstorage.read_only"}})
	require.Equal(t, "Bearer token-1", sent(t, c))
	require.Equal(t, "https://www.googleapis.com/auth/devstorage.read_only", g.grant.Load())
	refused, err := applied(t, c)
	require.NoError(t, err)
	changed, err := c.Refresh(t.Context(), refused)
	require.NoError(t, err)
	require.True(t, changed)
	require.Equal(t, "Bearer token-2", sent(t, c))

	g.status.Store(http.StatusForbidden)
	_, err = applied(t, made(t, auth.Settings{}))
	require.True(t, isCredentialError(err))
	require.ErrorContains(t, err, "the metadata server answered with HTTP 403")
}

func isCredentialError(err error) bool {
	_, ok := errors.AsType[*perdure.CredentialError](err)
	return ok
}
