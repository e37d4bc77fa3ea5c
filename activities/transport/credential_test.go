package transport_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/transport"
)

func with(c transport.Credential) func(*transport.Config) {
	return func(config *transport.Config) { config.Credential = c }
}

func TestCredentials(t *testing.T) {
	t.Setenv("TEST_JOBS_TOKEN", "s3cret&=+ü")
	file := filepath.Join(t.TempDir(), "token")
	write(t, file, "  from-a-file\n")
	env, fromFile := transport.Secret{Env: "TEST_JOBS_TOKEN"}, transport.Secret{File: file}
	tests := []struct {
		name             string
		credential       transport.Credential
		query            string
		wantHeader, want string // a header, and the raw query
	}{
		{"none", nil, "a=b", "", "a=b"},
		{"bearer", transport.Bearer("jobs", env), "a=b", "Authorization: Bearer s3cret&=+ü", "a=b"},
		{"bearer from a file", transport.Bearer("jobs", fromFile), "", "Authorization: Bearer from-a-file", ""},
		{"header", transport.APIKey("jobs", env, "x-api-key", ""), "", "X-Api-Key: s3cret&=+ü", ""},
		{"query", transport.APIKey("jobs", env, "", "key"), "", "", "key=s3cret%26%3D%2B%C3%BC"},
		{"query, the rest byte for byte", transport.APIKey("jobs", fromFile, "", "key"), "z=%2f&&a;b=c+d&%zz", "", "z=%2f&a;b=c+d&%zz&key=from-a-file"},
		{"query, in place of another's", transport.APIKey("jobs", fromFile, "", "the key"), "the+key=x&a=b&the%20key=y&the%20keys=z", "", "a=b&the%20keys=z&the+key=from-a-file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got *http.Request
			s := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r })
			u := parse(t, s.URL)
			u.RawQuery = tt.query
			resp, err := newService(t, s.URL, with(tt.credential)).Do(t.Context(), transport.Request{Method: "GET", URL: u})
			require.NoError(t, err)
			require.Equal(t, tt.want, got.URL.RawQuery)
			require.Equal(t, tt.query, resp.URL.RawQuery, "the answer's URL is without the credential")
			if name, value, ok := strings.Cut(tt.wantHeader, ": "); ok {
				require.Equal(t, value, got.Header.Get(name))
			} else {
				require.Empty(t, got.Header.Get("Authorization"))
			}
		})
	}
}

func TestNoCredentialToSend(t *testing.T) {
	t.Setenv("TEST_JOBS_EMPTY", "")
	t.Setenv("TEST_JOBS_BROKEN", "s3cret\r\nX-Evil: 1")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "empty"), " \n\t")
	write(t, filepath.Join(dir, "broken"), "s3cret\x00more")
	tests := []struct {
		name   string
		secret transport.Secret
		want   string
	}{
		{"an empty variable", transport.Secret{Env: "TEST_JOBS_EMPTY"}, "environment variable TEST_JOBS_EMPTY"},
		{"no variable", transport.Secret{Env: "TEST_JOBS_NONE"}, "environment variable TEST_JOBS_NONE"},
		{"a variable with a line end", transport.Secret{Env: "TEST_JOBS_BROKEN"}, "environment variable TEST_JOBS_BROKEN"},
		{"no file", transport.Secret{File: filepath.Join(dir, "none")}, "file " + filepath.Join(dir, "none")},
		{"an empty file", transport.Secret{File: filepath.Join(dir, "empty")}, "file " + filepath.Join(dir, "empty")},
		{"a file with a NUL", transport.Secret{File: filepath.Join(dir, "broken")}, "file " + filepath.Join(dir, "broken")},
		{"a directory", transport.Secret{File: dir}, "file " + dir},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, c := range []transport.Credential{transport.Bearer("jobs", tt.secret), transport.APIKey("jobs", tt.secret, "X-Key", ""), transport.APIKey("jobs", tt.secret, "", "key")} {
				s := newService(t, "http://127.0.0.1:1", with(c))
				neverDial(t, s)
				_, err := s.Do(t.Context(), transport.Request{Method: "POST", URL: parse(t, "http://127.0.0.1:1/x"), Start: true})
				var missing *perdure.CredentialError
				require.ErrorAs(t, err, &missing)
				require.Equal(t, "jobs", missing.Service)
				require.Equal(t, tt.want, missing.Source)
				require.NotContains(t, err.Error(), "s3cret")
				require.NotContains(t, err.Error(), "\n")
				require.False(t, c.Refresh(t.Context()))
			}
		})
	}
}

// 401 and 403 have the credential read again first, and the request repeated once if
// it has changed; the start is no exception.
//
//rule:out 6 -
func TestRefresh(t *testing.T) {
	tests := []struct {
		name    string
		status  int
		rotates bool   // the file changes with each refusal
		accepts string // the token that is taken; "": none
		want    []string
		end     int
	}{
		{"401 and another token", 401, true, "token-1", []string{"token-0", "token-1"}, 200},
		{"403 and another token", 403, true, "token-1", []string{"token-0", "token-1"}, 200},
		{"401 and the same token", 401, false, "", []string{"token-0"}, 401},
		{"401 whatever the token: once", 401, true, "", []string{"token-0", "token-1"}, 401},
		{"404 and another token", 404, true, "token-1", []string{"token-0"}, 404},
	}
	for _, tt := range tests {
		for _, isStart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, a start %v", tt.name, isStart), func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "token")
				write(t, file, "token-0")
				var seen []string
				s := serve(t, func(w http.ResponseWriter, r *http.Request) {
					token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
					seen = append(seen, token)
					if token == tt.accepts {
						return
					}
					if tt.rotates {
						write(t, file, fmt.Sprintf("token-%d", len(seen)))
					}
					w.WriteHeader(tt.status)
				})
				service := newService(t, s.URL, with(transport.Bearer("jobs", transport.Secret{File: file})))
				resp, err := service.Do(t.Context(), transport.Request{Method: "POST", URL: parse(t, s.URL), Body: []byte("{}"), Start: isStart})
				require.NoError(t, err)
				require.Equal(t, tt.end, resp.Status)
				require.Equal(t, tt.want, seen)
			})
		}
	}
}

// TestRefreshOfManyAtOnce: several requests are refused with the old credential; the
// first that reads the new one does not leave the others without.
//
//rule:out 6
func TestRefreshOfManyAtOnce(t *testing.T) {
	const many = 4
	file := filepath.Join(t.TempDir(), "token")
	write(t, file, "old")
	var refused sync.WaitGroup
	refused.Add(many)
	var once sync.Once
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer new" {
			return
		}
		refused.Done()
		refused.Wait()
		once.Do(func() { write(t, file, "new") })
		w.WriteHeader(http.StatusUnauthorized)
	})
	service := newService(t, s.URL, with(transport.Bearer("jobs", transport.Secret{File: file})))
	var succeeded atomic.Int64
	var wg sync.WaitGroup
	for range many {
		wg.Go(func() {
			if resp, err := service.Do(t.Context(), transport.Request{Method: "GET", URL: parse(t, s.URL)}); err == nil && resp.Status == 200 {
				succeeded.Add(1)
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, many, succeeded.Load())
}

func TestAFileIsReadAgainWhenItChanges(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	var got string
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("X-Key") })
	service := newService(t, s.URL, with(transport.APIKey("jobs", transport.Secret{File: file}, "X-Key", "")))
	for _, token := range []string{"one", "two, longer", "3"} {
		write(t, file, token)
		_, err := service.Do(t.Context(), get(t, s.URL))
		require.NoError(t, err)
		require.Equal(t, token, got)
	}
}

func TestSecretHeaders(t *testing.T) {
	secret := transport.Secret{Env: "X"}
	require.Equal(t, []string{"Authorization"}, transport.Bearer("jobs", secret).SecretHeaders())
	require.Equal(t, []string{"X-Key"}, transport.APIKey("jobs", secret, "X-Key", "").SecretHeaders())
	require.Empty(t, transport.APIKey("jobs", secret, "", "key").SecretHeaders())

	s := newService(t, "https://h", with(transport.APIKey("jobs", secret, "x-key", "")), func(c *transport.Config) { c.SecretHeaders = []string{"x-session"} })
	require.NoError(t, s.CheckHeaders("request.headers", map[string][]string{"X-Other": {"a"}}))
	for _, name := range []string{"X-Key", "X-KEY", "x-session", "Set-Cookie", "Authorization", "authorization", "Cookie", "Proxy-Authorization", "Host"} {
		var bad *perdure.InputError
		err := s.CheckHeaders("request.headers", map[string][]string{name: {"s3cret"}})
		require.ErrorAs(t, err, &bad, name)
		require.Equal(t, "request.headers."+name, bad.Field)
		require.NotContains(t, err.Error(), "s3cret")
	}
}
