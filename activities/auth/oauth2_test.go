package auth_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
)

const canary = "s3cret-canary"

// fakeIssuer gives out token-1, token-2 and so on to a client that knows its secret.
type fakeIssuer struct {
	*httptest.Server
	issued  atomic.Int64
	asked   atomic.Int64
	status  atomic.Int64 // instead, where not 0
	seconds atomic.Int64 // that a token lasts
	secret  atomic.Value
	form    atomic.Value // of the last request
}

func newFakeIssuer(t *testing.T) *fakeIssuer {
	t.Helper()
	i := &fakeIssuer{}
	i.seconds.Store(3600)
	i.secret.Store(canary)
	i.Server = httptest.NewServer(http.HandlerFunc(i.serve))
	t.Cleanup(i.Close)
	return i
}

func (i *fakeIssuer) serve(w http.ResponseWriter, r *http.Request) {
	i.asked.Add(1)
	_ = r.ParseForm()
	i.form.Store(r.PostForm)
	_, secret, basic := r.BasicAuth()
	if !basic {
		secret = r.PostForm.Get("client_secret")
	}
	w.Header().Set("Content-Type", "application/json")
	switch status := int(i.status.Load()); {
	case status != 0:
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"error":"invalid_grant","error_description":%q}`, secret)
	case secret != i.secret.Load():
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"error":"invalid_client","error_description":%q}`, secret)
	default:
		_, _ = fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"Bearer","expires_in":%d}`, i.issued.Add(1), i.seconds.Load())
	}
}

func (i *fakeIssuer) credential(t *testing.T, change ...func(*auth.OAuth2Options)) auth.Credential {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	write(t, file, canary+"\n")
	o := auth.OAuth2Options{Service: "jobs", Client: i.Client(), TokenURL: i.URL + "/token?p=" + canary, ClientID: "worker", Secret: auth.Secret{File: file}}
	for _, f := range change {
		f(&o)
	}
	return auth.OAuth2(o)
}

func write(t *testing.T, file, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
}

// applied is a request with the credential on it.
func applied(t *testing.T, c auth.Credential) (*http.Request, error) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://jobs.example.com/", nil)
	return r, c.Apply(t.Context(), r)
}

// sent is the Authorization that the credential puts on.
func sent(t *testing.T, c auth.Credential) string {
	t.Helper()
	r, err := applied(t, c)
	require.NoError(t, err)
	return r.Header.Get("Authorization")
}

func TestOAuth2(t *testing.T) {
	tests := []struct {
		name   string
		change func(*auth.OAuth2Options)
		form   map[string][]string
	}{
		{"in the header", func(*auth.OAuth2Options) {}, map[string][]string{"grant_type": {"client_credentials"}}},
		{"in the body", func(o *auth.OAuth2Options) { o.SecretInBody = true }, map[string][]string{
			"grant_type": {"client_credentials"}, "client_id": {"worker"}, "client_secret": {canary},
		}},
		{"scopes and audience", func(o *auth.OAuth2Options) { o.Scopes, o.Audience = []string{"a", "b"}, "https://api" }, map[string][]string{
			"grant_type": {"client_credentials"}, "scope": {"a b"}, "audience": {"https://api"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			issuer := newFakeIssuer(t)
			c := issuer.credential(t, tt.change)
			for range 3 {
				require.Equal(t, "Bearer token-1", sent(t, c))
			}
			require.EqualValues(t, 1, issuer.asked.Load())
			require.Equal(t, url.Values(tt.form), issuer.form.Load())
		})
	}
}

func TestOAuth2AfterARefusal(t *testing.T) {
	issuer := newFakeIssuer(t)
	c := issuer.credential(t)
	first, err := applied(t, c)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if changed, err := c.Refresh(t.Context(), first); !changed || err != nil {
				t.Errorf("changed %v, %v", changed, err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, "Bearer token-2", sent(t, c))
	require.EqualValues(t, 2, issuer.asked.Load(), "one refresh for all")
}

func TestOAuth2ThatExpires(t *testing.T) {
	issuer := newFakeIssuer(t)
	issuer.seconds.Store(-1)
	c := issuer.credential(t)
	require.Equal(t, "Bearer token-1", sent(t, c))
	issuer.seconds.Store(3600)
	require.Equal(t, "Bearer token-2", sent(t, c))
	require.Equal(t, "Bearer token-2", sent(t, c))
}

func TestOAuth2SecretThatChanges(t *testing.T) {
	issuer := newFakeIssuer(t)
	issuer.secret.Store("another")
	file := filepath.Join(t.TempDir(), "secret")
	write(t, file, canary)
	c := issuer.credential(t, func(o *auth.OAuth2Options) { o.Secret = auth.Secret{File: file} })
	_, err := applied(t, c)
	require.ErrorAs(t, err, new(*perdure.CredentialError))
	write(t, file, "another")
	require.Eventually(t, func() bool { // a refusal holds for a second
		r, err := applied(t, c)
		return err == nil && r.Header.Get("Authorization") == "Bearer token-1"
	}, waiting, tick)
}

func TestOAuth2Failures(t *testing.T) {
	endpoint := func(i *fakeIssuer) string { return "token endpoint " + i.URL + "/token" }
	tests := []struct {
		name   string
		status int
		ends   bool // the operation
		want   string
	}{
		{"the secret is refused", 401, true, "answered with HTTP 401, invalid_grant"},
		{"the request is refused", 400, true, "answered with HTTP 400, invalid_grant"},
		{"it is nowhere", 404, true, "answered with HTTP 404"},
		{"it goes elsewhere", 307, true, "answered with HTTP 307"},
		{"too many requests", 429, false, "answered with HTTP 429"},
		{"it fails", 500, false, "answered with HTTP 500"},
		{"it is down", 503, false, "answered with HTTP 503"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			issuer := newFakeIssuer(t)
			issuer.status.Store(int64(tt.status))
			_, err := applied(t, issuer.credential(t))
			require.ErrorContains(t, err, endpoint(issuer))
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), canary)
			require.NotContains(t, err.Error(), base64.StdEncoding.EncodeToString([]byte("worker:"+canary)))
			require.Equal(t, tt.ends, isCredentialError(err))
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		issuer := newFakeIssuer(t)
		c := issuer.credential(t)
		issuer.Close()
		_, err := applied(t, c)
		require.ErrorContains(t, err, endpoint(issuer)+" cannot be reached: dial tcp")
		require.NotContains(t, err.Error(), canary)
		require.False(t, isCredentialError(err))
	})
	t.Run("no JSON", func(t *testing.T) {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>" + canary)) }))
		t.Cleanup(s.Close)
		i := &fakeIssuer{Server: s}
		_, err := applied(t, i.credential(t))
		require.EqualError(t, err, endpoint(i)+" gave an answer that cannot be read (HTTP 200)")
		require.False(t, isCredentialError(err))
	})
	t.Run("no secret", func(t *testing.T) {
		issuer := newFakeIssuer(t)
		_, err := applied(t, issuer.credential(t, func(o *auth.OAuth2Options) { o.Secret = auth.Secret{Env: "TEST_NOT_SET_ANYWHERE"} }))
		require.EqualError(t, err, "perdure: credential of service jobs from environment variable TEST_NOT_SET_ANYWHERE: is empty or not set")
		require.Zero(t, issuer.asked.Load())
	})
	t.Run("a token that no header can have", func(t *testing.T) {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"access_token":"` + canary + `\n","expires_in":60}`))
		}))
		t.Cleanup(s.Close)
		_, err := applied(t, (&fakeIssuer{Server: s}).credential(t))
		require.True(t, isCredentialError(err))
		require.NotContains(t, err.Error(), canary)
	})
}
