package worker_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities"
	"github.com/perdure-dev/perdure/tokens"
	"github.com/perdure-dev/perdure/worker"
)

// written is a configuration in a folder of its own, beside a keyset.
func written(t *testing.T, yaml string) *worker.Config {
	t.Helper()
	dir := t.TempDir()
	_, err := tokens.Create(filepath.Join(dir, "keyset.json"))
	require.NoError(t, err)
	path := filepath.Join(dir, "perdure.yaml")
	require.NoError(t, os.WriteFile(path, []byte(yaml), 0o600))
	cfg, err := worker.Load(path)
	require.NoError(t, err)
	return cfg
}

func TestCheckEnvironment(t *testing.T) {
	const yaml = `tokens: {keysetFile: keyset.json}
services:
  a: {baseURL: "https://a.example.com", auth: {type: bearer, env: PERDURE_TEST_MISSING}}
  b: {baseURL: "https://b.example.com", auth: {type: apiKey, query: key, file: secrets/b}}
  c: {baseURL: "https://c.example.com"}
`
	cfg := written(t, yaml)
	dir := filepath.Dir(cfg.KeysetPath())
	require.NoError(t, cfg.Check())
	require.Equal(t, []string{
		filepath.Join(dir, "perdure.yaml") + ":3: services.a.auth: environment variable PERDURE_TEST_MISSING is empty or not set",
		filepath.Join(dir, "perdure.yaml") + ":4: services.b.auth: file " + filepath.Join(dir, "secrets/b") + " cannot be read",
	}, strings.Split(cfg.CheckEnvironment().Error(), "\n"))

	t.Setenv("PERDURE_TEST_MISSING", "canary-1")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "secrets"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secrets/b"), []byte("canary-2\n"), 0o600))
	require.NoError(t, cfg.CheckEnvironment())

	t.Setenv("PERDURE_TEST_MISSING", "canary-1\nx")
	require.NoError(t, os.WriteFile(cfg.KeysetPath(), []byte(`{"canary-3"}`), 0o600))
	err := cfg.CheckEnvironment()
	require.ErrorContains(t, err, "services.a.auth: environment variable PERDURE_TEST_MISSING has a control character")
	require.ErrorContains(t, err, "perdure.yaml:1: tokens.keysetFile: tokens: keyset "+cfg.KeysetPath())
	require.NotContains(t, err.Error(), "canary")

	require.NoError(t, os.Remove(cfg.KeysetPath()))
	require.ErrorContains(t, cfg.CheckEnvironment(), "; make one with: perdure keys new "+cfg.KeysetPath())
	_, err = worker.New(nil, cfg, worker.Options{})
	require.ErrorContains(t, err, "; make one with: perdure keys new "+cfg.KeysetPath())
}

// TestSecretsAreNeverQuoted plants canaries wherever somebody could put a secret by
// mistake.
func TestSecretsAreNeverQuoted(t *testing.T) {
	const canary = "sk-canary4711"
	service := func(s string) string {
		return "tokens: {keysetFile: k}\nservices:\n  a:\n    baseURL: https://a.example.com\n    " + s + "\n"
	}
	tests := []struct{ name, yaml string }{
		{"syntax", service("auth: {type: bearer, token: " + canary + "\n  oops: ]")},
		{"syntax on the line", service("auth: \"" + canary)},
		{"a string for auth", service("auth: " + canary)},
		{"an inline token", service("auth: {type: bearer, token: " + canary + "}")},
		{"an inline password", service("auth: {type: basic, password: " + canary + "}")},
		{"a type", service("auth: {type: " + canary + "}")},
		{"a variable", service("auth: {type: bearer, env: " + canary + "}")},
		{"a file of two lines", service("auth: {type: bearer, file: \"" + canary + "\\n\"}")},
		{"both sources", service("auth: {type: bearer, env: A, file: " + canary + "}")},
		{"a header's value", service("headers: {Authorization: [" + canary + "]}")},
		{"a header's bad value", service("headers: {X-A: [\"" + canary + "\\n\"]}")},
		{"a string for headers", service("headers: {X-A: " + canary + "}")},
		{"a user in an origin", service("allowedOrigins: [\"https://" + canary + "@b.example.com\"]")},
		{"a user in a trusted origin", service("credentialOrigins: [\"https://" + canary + "@b.example.com\"]")},
		{"a proxy's user", service("proxy: http://u:" + canary + "@p")},
		{"a number for text", service("auth: {type: bearer, env: 4711}\n    headers: {X: [{a: " + canary + "}]}")},
		{"a user in the base URL", "services: {a: {baseURL: \"https://u:" + canary + "@a.example.com\"}}"},
		{"a query in the base URL", "services: {a: {baseURL: \"https://a.example.com?key=" + canary + "\"}}"},
		{"a malformed base URL", "services: {a: {baseURL: \"https://a.example.com:" + canary + "\"}}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg, err := worker.Parse("f.yaml", []byte(tt.yaml))
			if err == nil {
				err = cfg.Check()
			}
			require.Error(t, err)
			require.NotContains(t, err.Error(), canary)
			require.NotContains(t, fmt.Sprintf("%+v", err), canary)
		})
	}
}

func TestNewWarnsOfMissingSecretsAndQuotesNone(t *testing.T) {
	t.Setenv("PERDURE_TEST_SECRET", "sk-canary4711")
	cfg := written(t, `tokens: {keysetFile: keyset.json}
services:
  a: {baseURL: "https://a.example.com", auth: {type: bearer, env: PERDURE_TEST_SECRET}}
  b: {baseURL: "https://b.example.com", auth: {type: bearer, env: PERDURE_TEST_MISSING}}
`)
	frontend := newFrontend(t)
	var log logged
	w, err := worker.New(frontend.client(t), cfg, worker.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	<-frontend.polled
	cancel()
	require.NoError(t, <-ended)
	require.Contains(t, log.String(), `level=WARN msg="a service has no credential" key=services.b.auth problem="environment variable PERDURE_TEST_MISSING is empty or not set"`)
	require.NotContains(t, log.String(), "services.a.auth")
	require.NotContains(t, log.String(), "canary")
}

func TestActivitiesOptions(t *testing.T) {
	t.Setenv("JOBS_TOKEN", "secret")
	cfg := written(t, string(example(t)))
	o, err := cfg.Activities()
	require.NoError(t, err)
	require.Equal(t, 30*24*time.Hour, o.TokenLifetime)
	require.Equal(t, activities.Watch{Threshold: 20 * time.Second, Window: 10 * time.Minute, HandOver: 20 * time.Second}, o.Watch)
	require.Equal(t, []string{"azure", "google", "location", "openai", "waiter"}, o.Protocols.Names())
	jobs := o.Services["jobs"]
	require.Equal(t, "jobs", jobs.Name())
	require.Equal(t, 33554432, int(jobs.Limits().MaxResponseBytes))
	require.Equal(t, time.Minute, jobs.Limits().RequestTimeout)
	require.Equal(t, activities.Idempotency{Header: "Idempotency-Key"}, jobs.Idempotency)
	require.Equal(t, []int{503}, jobs.NotStarted)
	require.Equal(t, "openai", jobs.Protocol.Name)
	require.Equal(t, 1.5, jobs.Polling.Backoff)
	u, err := jobs.Resolve("/jobs/7")
	require.NoError(t, err)
	require.NoError(t, jobs.CheckAllowed(http.MethodGet, u))
	require.Error(t, jobs.CheckAllowed(http.MethodDelete, u))
	require.Error(t, jobs.CheckHeaders("headers", map[string][]string{"x-session": {"x"}}))
}

func TestActivitiesOptionsDefaults(t *testing.T) {
	cfg := written(t, `tokens: {keysetFile: keyset.json}
services: {a: {baseURL: "https://a.example.com", idempotency: {form: repeatability, windowSeconds: 60}}}
`)
	o, err := cfg.Activities()
	require.NoError(t, err)
	require.Equal(t, worker.DefaultTokenLifetime, o.TokenLifetime)
	require.Equal(t, activities.Watch{Threshold: activities.DefaultWatchThreshold, Window: activities.DefaultWatchWindow, HandOver: worker.DefaultDrain * 2 / 3}, o.Watch)
	require.Equal(t, activities.Idempotency{Form: activities.FormRepeatability, Window: time.Minute}, o.Services["a"].Idempotency)
	require.Equal(t, 50, o.Services["a"].Limits().Concurrency)
	require.Equal(t, 65536, o.Services["a"].Limits().CaptureBytes)
}
