package transport_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/auth"
	"github.com/perdure-dev/perdure/activities/transport"
)

func with(c auth.Credential) func(*transport.Config) {
	return func(config *transport.Config) { config.Credential = c }
}

func TestCredentials(t *testing.T) {
	t.Setenv("TEST_JOBS_TOKEN", "s3cret&=+ü")
	file := filepath.Join(t.TempDir(), "token")
	write(t, file, "  from-a-file\n")
	env, fromFile := auth.Secret{Env: "TEST_JOBS_TOKEN"}, auth.Secret{File: file}
	tests := []struct {
		name             string
		credential       auth.Credential
		query            string
		wantHeader, want string // a header, and the raw query
	}{
		{"none", nil, "a=b", "", "a=b"},
		{"bearer", auth.Bearer("jobs", env), "a=b", "Authorization: Bearer s3cret&=+ü", "a=b"},
		{"bearer from a file", auth.Bearer("jobs", fromFile), "", "Authorization: Bearer from-a-file", ""},
		{"header", auth.APIKey("jobs", env, "x-api-key", ""), "", "X-Api-Key: s3cret&=+ü", ""},
		{"query", auth.APIKey("jobs", env, "", "key"), "", "", "key=s3cret%26%3D%2B%C3%BC"},
		{"query, the rest byte for byte", auth.APIKey("jobs", fromFile, "", "key"), "z=%2f&&a;b=c+d&%zz", "", "z=%2f&a;b=c+d&%zz&key=from-a-file"},
		{"query, in place of another's", auth.APIKey("jobs", fromFile, "", "the key"), "the+key=x&a=b&the%20key=y&the%20keys=z", "", "a=b&the%20keys=z&the+key=from-a-file"},
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
		secret auth.Secret
		want   string
	}{
		{"an empty variable", auth.Secret{Env: "TEST_JOBS_EMPTY"}, "environment variable TEST_JOBS_EMPTY"},
		{"no variable", auth.Secret{Env: "TEST_JOBS_NONE"}, "environment variable TEST_JOBS_NONE"},
		{"a variable with a line end", auth.Secret{Env: "TEST_JOBS_BROKEN"}, "environment variable TEST_JOBS_BROKEN"},
		{"no file", auth.Secret{File: filepath.Join(dir, "none")}, "file " + filepath.Join(dir, "none")},
		{"an empty file", auth.Secret{File: filepath.Join(dir, "empty")}, "file " + filepath.Join(dir, "empty")},
		{"a file with a NUL", auth.Secret{File: filepath.Join(dir, "broken")}, "file " + filepath.Join(dir, "broken")},
		{"a directory", auth.Secret{File: dir}, "file " + dir},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, c := range []auth.Credential{auth.Bearer("jobs", tt.secret), auth.APIKey("jobs", tt.secret, "X-Key", ""), auth.APIKey("jobs", tt.secret, "", "key")} {
				s := newService(t, "http://127.0.0.1:1", with(c))
				neverDial(t, s)
				_, err := s.Do(t.Context(), transport.Request{Method: "POST", URL: parse(t, "http://127.0.0.1:1/x"), Start: true})
				var missing *perdure.CredentialError
				require.ErrorAs(t, err, &missing)
				require.Equal(t, "jobs", missing.Service)
				require.Equal(t, tt.want, missing.Source)
				require.NotContains(t, err.Error(), "s3cret")
				require.NotContains(t, err.Error(), "\n")
				changed, err := c.Refresh(t.Context(), httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
				require.ErrorAs(t, err, &missing)
				require.False(t, changed)
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
				service := newService(t, s.URL, with(auth.Bearer("jobs", auth.Secret{File: file})))
				resp, err := service.Do(t.Context(), transport.Request{Method: "POST", URL: parse(t, s.URL), Body: []byte("{}"), Start: isStart})
				require.NoError(t, err)
				require.Equal(t, tt.end, resp.Status)
				require.Equal(t, tt.want, seen)
			})
		}
	}
}

// scripted is a credential whose source fails as told.
type scripted struct{ apply, refresh error }

func (c *scripted) Apply(_ context.Context, r *http.Request) error {
	r.Header.Set("Authorization", "Bearer one")
	return c.apply
}

func (c *scripted) Refresh(context.Context, *http.Request) (bool, error) {
	return c.refresh == nil, c.refresh
}

func (*scripted) SecretHeaders() []string { return nil }

// A source that cannot be asked now ends nothing: the request was not sent, or was
// refused, and may be sent when there is a credential. One that has none does.
//
//rule:out 6
func TestACredentialThatCannotBeHad(t *testing.T) {
	down, gone := errors.New("issuer: HTTP 503"), &perdure.CredentialError{Service: "jobs", Source: "file x", Message: "cannot be read"}
	tests := []struct {
		name           string
		apply, refresh error
		requests       int
	}{
		{"down", down, nil, 0},
		{"gone", gone, nil, 0},
		{"down after a refusal", nil, down, 1},
		{"gone after a refusal", nil, gone, 1},
	}
	for _, tt := range tests {
		for _, isStart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, a start %v", tt.name, isStart), func(t *testing.T) {
				requests := 0
				s := serve(t, func(w http.ResponseWriter, _ *http.Request) { requests++; w.WriteHeader(http.StatusUnauthorized) })
				service := newService(t, s.URL, with(&scripted{tt.apply, tt.refresh}))
				_, err := service.Do(t.Context(), transport.Request{Method: "POST", URL: parse(t, s.URL), Start: isStart})
				require.Equal(t, tt.requests, requests)
				if failure := cmp.Or(tt.apply, tt.refresh); errors.Is(failure, gone) {
					require.Equal(t, failure, err)
					return
				}
				var failure *transport.SendError
				require.ErrorAs(t, err, &failure)
				require.True(t, failure.Unsent)
				require.EqualError(t, err, "not sent: no credential: issuer: HTTP 503")
			})
		}
	}
}

// A start is sent again for a new credential only where the service refused the one
// before, and only once.
//
//rule:out 6
func TestAStartIsNotRepeatedForACredential(t *testing.T) {
	for _, status := range []int{200, 202, 307, 400, 404, 407, 409, 419, 429, 440, 498, 499, 500, 502, 503, 504} {
		requests := 0
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) { requests++; w.WriteHeader(status) })
		service := newService(t, s.URL, with(&scripted{}))
		resp, err := service.Do(t.Context(), transport.Request{Method: "POST", URL: parse(t, s.URL), Start: true})
		require.NoError(t, err)
		require.Equal(t, status, resp.Status)
		require.Equal(t, 1, requests, status)
	}
	requests := 0
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { requests++; w.WriteHeader(http.StatusUnauthorized) })
	resp, err := newService(t, s.URL, with(&scripted{})).Do(t.Context(), transport.Request{Method: "POST", URL: parse(t, s.URL), Start: true})
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, resp.Status)
	require.Equal(t, 2, requests)
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
	service := newService(t, s.URL, with(auth.Bearer("jobs", auth.Secret{File: file})))
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
	service := newService(t, s.URL, with(auth.APIKey("jobs", auth.Secret{File: file}, "X-Key", "")))
	for _, token := range []string{"one", "two, longer", "3"} {
		write(t, file, token)
		_, err := service.Do(t.Context(), get(t, s.URL))
		require.NoError(t, err)
		require.Equal(t, token, got)
	}
}

func TestSecretHeaders(t *testing.T) {
	secret := auth.Secret{Env: "X"}
	require.Equal(t, []string{"Authorization"}, auth.Bearer("jobs", secret).SecretHeaders())
	require.Equal(t, []string{"X-Key"}, auth.APIKey("jobs", secret, "X-Key", "").SecretHeaders())
	require.Empty(t, auth.APIKey("jobs", secret, "", "key").SecretHeaders())

	s := newService(t, "https://h", with(auth.APIKey("jobs", secret, "x-key", "")), func(c *transport.Config) { c.SecretHeaders = []string{"x-session"} })
	require.NoError(t, s.CheckHeaders("request.headers", map[string][]string{"X-Other": {"a"}}))
	for _, name := range []string{"X-Key", "X-KEY", "x-session", "Set-Cookie", "Authorization", "authorization", "Cookie", "Proxy-Authorization", "Host"} {
		var bad *perdure.InputError
		err := s.CheckHeaders("request.headers", map[string][]string{name: {"s3cret"}})
		require.ErrorAs(t, err, &bad, name)
		require.Equal(t, "request.headers."+name, bad.Field)
		require.NotContains(t, err.Error(), "s3cret")
	}
}
