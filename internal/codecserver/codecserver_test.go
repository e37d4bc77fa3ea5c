package codecserver_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/internal/codecserver"
)

const ui = "https://temporal.example.com"

func newServer(t *testing.T, token func() (string, error)) http.Handler {
	t.Helper()
	s, err := codecserver.New(codecserver.Options{
		Payloads: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(w, r.Body); err != nil {
				http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
			}
		}),
		Guards: []codecserver.Guard{codecserver.BearerToken(token)}, Origins: []string{ui}, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return s
}

func secret() (string, error) { return "secret", nil }

func TestWhoMayAsk(t *testing.T) {
	tests := []struct {
		name, method, origin, authorization string
		token                               func() (string, error)
		want                                int
	}{
		{"the command line", "POST", "", "Bearer secret", secret, 200},
		{"the web UI", "POST", ui, "Bearer secret", secret, 200},
		{"in other case", "POST", ui, "bearer secret", secret, 200},
		{"no token", "POST", ui, "", secret, 401},
		{"another token", "POST", ui, "Bearer secreT", secret, 401},
		{"a longer token", "POST", ui, "Bearer secrets", secret, 401},
		{"another scheme", "POST", ui, "Basic secret", secret, 401},
		{"another origin", "POST", "https://evil.example.com", "Bearer secret", secret, 403},
		{"an origin that begins alike", "POST", ui + ".evil.example.com", "Bearer secret", secret, 403},
		{"an origin of another scheme", "POST", "http://temporal.example.com", "Bearer secret", secret, 403},
		{"no origin at all", "POST", "null", "Bearer secret", secret, 403},
		{"preflight", "OPTIONS", ui, "", secret, 204},
		{"preflight of another origin", "OPTIONS", "https://evil.example.com", "", secret, 403},
		{"an empty token", "POST", ui, "Bearer ", func() (string, error) { return "", nil }, 503},
		{"a token that cannot be read", "POST", ui, "Bearer secret", func() (string, error) { return "", errors.New("canary") }, 503},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "/decode", strings.NewReader("payloads"))
			if tt.origin != "" {
				r.Header.Set("Origin", tt.origin)
			}
			if tt.authorization != "" {
				r.Header.Set("Authorization", tt.authorization)
			}
			w := httptest.NewRecorder()
			newServer(t, tt.token).ServeHTTP(w, r)
			require.Equal(t, tt.want, w.Code)
			require.Equal(t, tt.want == 200, w.Body.String() == "payloads")
			require.NotContains(t, w.Body.String(), "canary")
			allowed := w.Header().Get("Access-Control-Allow-Origin")
			if tt.origin == ui {
				require.Equal(t, ui, allowed, "an error must be readable too")
				require.Contains(t, w.Header().Get("Access-Control-Allow-Headers"), "X-Namespace")
			} else {
				require.Empty(t, allowed)
			}
		})
	}
}

func TestRequestsAreBounded(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/decode", strings.NewReader(strings.Repeat("x", 33<<20)))
	r.Header.Set("Authorization", "Bearer secret")
	w := httptest.NewRecorder()
	newServer(t, secret).ServeHTTP(w, r)
	require.Contains(t, w.Body.String(), "too large")
}

func TestOriginsAreExact(t *testing.T) {
	for _, origin := range []string{"", "*", "null", "temporal.example.com", "https://t/", "https://t/ui", "https://T", "ftp://t", "https://u@t"} {
		_, err := codecserver.New(codecserver.Options{Origins: []string{origin}})
		require.ErrorContains(t, err, "want scheme, host and port alone", origin)
	}
	_, err := codecserver.New(codecserver.Options{Origins: []string{"http://localhost:8233", "https://t"}})
	require.NoError(t, err)
}
