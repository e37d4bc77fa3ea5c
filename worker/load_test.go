package worker_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/worker"
)

// example is the configuration that the documentation shows.
func example(tb testing.TB) []byte {
	tb.Helper()
	doc, err := os.ReadFile("../docs/configuration.md")
	require.NoError(tb, err)
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(doc)
	require.Len(tb, block, 2)
	return block[1]
}

func TestParseExample(t *testing.T) {
	cfg, err := worker.Parse("perdure.yaml", example(t))
	require.NoError(t, err)
	require.NoError(t, cfg.Check())
	require.Equal(t, "perdure", cfg.TaskQueue)
	require.Equal(t, worker.Tokens{KeysetFile: "keyset.json", LifetimeSeconds: 2592000}, cfg.Tokens)
	require.Equal(t, worker.Process{
		Listen: "127.0.0.1:9464", DrainSeconds: new(30.0), ConcurrentActivities: 20000,
		Watch: worker.Watch{ThresholdSeconds: 20, WindowSeconds: 600},
	}, cfg.Worker)
	require.Equal(t, map[string]worker.Service{"jobs": {
		BaseURL: "https://jobs.example.com/v1", Allow: []string{"POST /jobs", "GET /jobs/*"},
		Auth: &worker.Auth{Type: "bearer", Env: "JOBS_TOKEN"}, Protocol: &perdure.ProtocolChoice{Name: "openai"},
		Headers: map[string][]string{"X-Beta": {"jobs=v2"}}, SecretHeaders: []string{"X-Session"},
		Idempotency: &worker.Idempotency{Header: "Idempotency-Key"}, NotStarted: []int{503},
		Polling:        &perdure.Polling{IntervalSeconds: 2, MaxIntervalSeconds: 30, Backoff: 1.5},
		Limits:         worker.Limits{RequestsPerSecond: 10, Concurrency: 50, RequestTimeoutSeconds: 60, MaxResponseBytes: 33554432, CaptureBytes: 65536},
		AllowedOrigins: []string{"https://files.example.com", "https://*.example.net"}, CredentialOrigins: []string{},
	}}, cfg.Services)
}

func TestParseRoundTrip(t *testing.T) {
	cfg, err := worker.Parse("perdure.yaml", example(t))
	require.NoError(t, err)
	first, err := json.Marshal(cfg)
	require.NoError(t, err)
	again, err := worker.Parse("perdure.json", first)
	require.NoError(t, err)
	require.NoError(t, again.Check())
	second, err := json.Marshal(again)
	require.NoError(t, err)
	require.JSONEq(t, string(first), string(second))
}

func TestParseYAML(t *testing.T) {
	const services = "services:\n  a: {baseURL: \"https://a.example.com\"}\n"
	tests := []struct {
		name, yaml string
		want       func(*require.Assertions, *worker.Config)
	}{
		{"null is absent", "taskQueue:\nworker: null\n" + services, func(is *require.Assertions, c *worker.Config) {
			is.Empty(c.TaskQueue)
		}},
		{"a drain of nothing is not the default", "worker: {drainSeconds: 0}\n" + services, func(is *require.Assertions, c *worker.Config) {
			is.Equal(new(0.0), c.Worker.DrainSeconds)
		}},
		{"a block of text", "taskQueue: |-\n  q\n" + services, func(is *require.Assertions, c *worker.Config) {
			is.Equal("q", c.TaskQueue)
		}},
		{"a whole number with a fraction of nothing", "worker: {concurrentActivities: 5.0}\n" + services, func(is *require.Assertions, c *worker.Config) {
			is.Equal(5, c.Worker.ConcurrentActivities)
		}},
		{"anchors, aliases and merges", `
services:
  a: &a
    baseURL: https://a.example.com
    limits: &limits {concurrency: 3}
    auth: {type: bearer, env: A}
  b:
    <<: *a
    baseURL: https://b.example.com
    limits:
      <<: [*limits, {captureBytes: 7, concurrency: 9}]
      requestsPerSecond: 2
`, func(is *require.Assertions, c *worker.Config) {
			b := c.Services["b"]
			is.Equal("https://b.example.com", b.BaseURL)
			is.Equal("A", b.Auth.Env)
			is.Equal(worker.Limits{RequestsPerSecond: 2, Concurrency: 3, CaptureBytes: 7}, b.Limits)
		}},
		{"options pass through", `
services:
  a:
    baseURL: https://a.example.com
    protocol:
      name: x
      options: {n: 12345678901234567890.10, i: 123456789012345678901234567890, hex: 0x10, s: "1", l: [1, null, true], o: {}, t: ~}
`, func(is *require.Assertions, c *worker.Config) {
			is.Equal(`{"n":12345678901234567890.10,"i":123456789012345678901234567890,"hex":16,"s":"1","l":[1,null,true],"o":{},"t":null}`, string(c.Services["a"].Protocol.Options))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg, err := worker.Parse("perdure.yaml", []byte(tt.yaml))
			require.NoError(t, err)
			tt.want(require.New(t), cfg)
		})
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "perdure.yaml")
	_, err := worker.Load(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, path)

	require.NoError(t, os.WriteFile(path, example(t), 0o600))
	cfg, err := worker.Load(path)
	require.NoError(t, err)
	require.NoError(t, cfg.Check())

	require.NoError(t, os.WriteFile(path, make([]byte, 5<<20), 0o600))
	_, err = worker.Load(path)
	require.ErrorContains(t, err, "want at most 4194304")
}

func FuzzParse(f *testing.F) {
	f.Add(example(f))
	f.Add([]byte("a: &a {b: *a}\n"))
	f.Add([]byte("services: {a: {protocol: {options: &o {o: *o}}}}\n"))
	f.Add([]byte("services: &s\n  <<: *s\n  ? [x]\n  : !!str y\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		cfg, err := worker.Parse("f.yaml", content)
		if err != nil {
			require.Nil(t, cfg)
			return
		}
		_ = cfg.Check()
	})
}
