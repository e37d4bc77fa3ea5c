package worker_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/tokens"
	"github.com/perdure-dev/perdure/worker"
)

// examine gives each problem of a configuration as a line, the folder left out.
func examine(t *testing.T, dir, yaml string, o *worker.ExamineOptions) []string {
	t.Helper()
	path := filepath.Join(dir, "f.yaml")
	require.NoError(t, os.WriteFile(path, []byte(yaml), 0o600))
	problems, err := worker.Examine(path, o)
	require.NoError(t, err)
	lines := []string{}
	for _, p := range problems {
		lines = append(lines, strings.ReplaceAll(p.Error(), dir+string(filepath.Separator), ""))
	}
	return lines
}

// Whatever is wrong is told in one go: what cannot be read, what makes no sense, and what
// this environment does not have; and none of it twice.
func TestExamineTellsAllAtOnce(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	require.Equal(t, []string{
		`f.yaml:1: tokens.keysetFile: tokens: keyset: open none.json: no such file or directory; make one with: perdure keys new none.json`,
		`f.yaml:2: taskqueue: unknown key, did you mean "taskQueue"?`,
		`f.yaml:3: worker.drainSeconds: is a string, want a number of seconds`,
		`f.yaml:3: worker.listen: want HOST:PORT, such as 127.0.0.1:9464; without a host, all interfaces`,
		`f.yaml:6: services.a.baseURL: want an absolute http or https URL`,
		`f.yaml:7: services.a.auth.envv: unknown key, did you mean "env"?`,
		`f.yaml:8: services.a.polling.maxIntervalSeconds: is 1, below intervalSeconds 30`,
		`f.yaml:9: services.a.limits.concurrency: is 0, want 1 to 10000`,
		`f.yaml:12: services.b.auth: environment variable PERDURE_TEST_MISSING is empty or not set`,
		`f.yaml:13: services.b.allow[1]: "jobs" is no rule, want "METHOD /path" with * for one segment and ** for any`,
		`f.yaml:16: services.c.auth: file folder cannot be read`,
		`f.yaml:17: services.c.protocol.name: "nope" is unknown, want auto or azure, google, location, openai, waiter`,
	}, examine(t, dir, `tokens: {keysetFile: none.json}
taskqueue: typo
worker: {drainSeconds: soon, listen: nowhere}
services:
  a:
    baseURL: ftp://a.example.com
    auth: {type: bearer, envv: A_TOKEN}
    polling: {intervalSeconds: 30, maxIntervalSeconds: 1}
    limits: {concurrency: 0}
  b:
    baseURL: https://b.example.com
    auth: {type: bearer, env: PERDURE_TEST_MISSING}
    allow: ["GET /jobs", jobs]
  c:
    baseURL: https://c.example.com
    auth: {type: bearer, file: folder}
    protocol: {name: nope}
`, nil))
}

func TestExamineKeysets(t *testing.T) {
	const yaml = "tokens: {keysetFile: keyset.json}\nservices: {a: {baseURL: \"https://a.example.com\"}}\n"
	vectors, err := os.ReadFile("../tokens/testdata/vectors.json")
	require.NoError(t, err)
	tests := []struct {
		name string
		make func(t *testing.T, path string)
		want string // "" for nothing
	}{
		{"missing", func(*testing.T, string) {}, "no such file or directory; make one with: perdure keys new keyset.json"},
		{"good", func(*testing.T, string) {}, ""},
		{"a folder", func(t *testing.T, path string) { t.Helper(); require.NoError(t, os.Mkdir(path, 0o700)) }, "is a directory"},
		{"empty", func(t *testing.T, path string) { t.Helper(); require.NoError(t, os.WriteFile(path, nil, 0o600)) }, "keyset keyset.json: empty"},
		{"something else", func(t *testing.T, path string) { t.Helper(); require.NoError(t, os.WriteFile(path, vectors, 0o600)) }, "not a cleartext Tink keyset"},
		{
			"readable by all", func(t *testing.T, path string) { t.Helper(); require.NoError(t, os.Chmod(path, 0o644)) },
			"f.yaml:1: tokens.keysetFile: warning: everybody on this machine may read keyset.json (mode 0644), want 0600",
		},
		{
			"writable by all", func(t *testing.T, path string) { t.Helper(); require.NoError(t, os.Chmod(path, 0o622)) },
			"f.yaml:1: tokens.keysetFile: everybody on this machine may write keyset.json (mode 0622), want 0600",
		},
		{"keys that are no secret", func(t *testing.T, path string) {
			t.Helper()
			weak := `{"primaryKeyId":1,"key":[{"keyData":{"typeUrl":"type.googleapis.com/google.crypto.tink.XChaCha20Poly1305Key",` +
				`"value":"GiAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==","keyMaterialType":"SYMMETRIC"},"status":"ENABLED","keyId":1,"outputPrefixType":"TINK"}]}`
			require.NoError(t, os.WriteFile(path, []byte(weak), 0o600))
		}, "key 1 is weak: its bytes are not random"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "keyset.json")
			if tt.name == "good" || strings.Contains(tt.name, "by all") {
				_, err := tokens.Create(path)
				require.NoError(t, err)
			}
			tt.make(t, path)
			lines := examine(t, dir, yaml, nil)
			require.Empty(t, examine(t, dir, yaml, &worker.ExamineOptions{SkipEnvironment: true}))
			if tt.want == "" {
				require.Empty(t, lines)
				return
			}
			require.Len(t, lines, 1)
			require.Contains(t, lines[0], tt.want)
		})
	}
}

// What is allowed and probably not meant does not keep a worker from starting.
func TestExamineWarns(t *testing.T) {
	tests := []struct {
		name, rest string
		want       []string
	}{
		{"two services of one origin", `
services:
  b: {baseURL: "https://API.example.com:443/two"}
  a: {baseURL: "https://api.example.com/one"}
`, []string{`f.yaml:4: services.b.baseURL: warning: has the origin of services.a.baseURL: who asks for an absolute URL there has to name the service`}},
		{"credentials for another service", `
services:
  a:
    baseURL: https://a.example.com
    auth: {type: bearer, env: A}
    allowedOrigins: ["https://*.example.com"]
    credentialOrigins: ["https://*.example.com"]
  b: {baseURL: "https://b.example.com/v1"}
  c: {baseURL: "http://c.example.com"}
  d: {baseURL: "https://badexample.com"}
`, []string{`f.yaml:8: services.a.credentialOrigins[0]: warning: is the origin of services.b.baseURL too, which gets this service's credentials`}},
		{"credentials in clear", `
services:
  a: {baseURL: "http://a.example.com", auth: {type: bearer, env: A}}
  b: {baseURL: "http://10.0.0.1", auth: {type: bearer, env: A}, allowPrivateNetwork: true}
`, []string{`f.yaml:4: services.a.baseURL: warning: is http: the service's credentials are sent in clear`}},
		{"a lookup whose find nobody can take over", `
services:
  a:
    baseURL: https://a.example.com
    lookup: {request: {url: "/jobs?tag={key}"}, found: id}
  b:
    baseURL: https://b.example.com
    protocol: {name: auto}
    lookup: {request: {url: "/jobs?tag={key}"}, found: id}
  c:
    baseURL: https://c.example.com
    protocol: {name: location}
    lookup: {request: {url: "/jobs?tag={key}"}, found: id}
`, []string{
			`f.yaml:4: services.a.protocol.name: warning: is needed beside lookup, here or in each start: what is found is taken over by it, and auto cannot`,
			`f.yaml:9: services.b.protocol.name: warning: is needed beside lookup, here or in each start: what is found is taken over by it, and auto cannot`,
		}},
		{"waits that do not go together", `
worker: {watch: {thresholdSeconds: 700}}
services:
  a:
    baseURL: https://a.example.com
    polling: {intervalSeconds: 3600}
    idempotency: {header: Idempotency-Key, windowSeconds: 30}
`, []string{
			`f.yaml:3: worker.watch.thresholdSeconds: warning: is 700, above windowSeconds 600: nothing is watched for so long`,
			`f.yaml:7: services.a.polling.intervalSeconds: warning: is 3600, not below tokens.lifetimeSeconds 3600: a token is too old before it is sealed anew`,
			`f.yaml:8: services.a.idempotency.windowSeconds: warning: is 30, below limits.requestTimeoutSeconds 60: a key is forgotten before a start is given up`,
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			yaml := "tokens: {keysetFile: k, lifetimeSeconds: 3600}\n" + tt.rest
			require.Equal(t, tt.want, examine(t, t.TempDir(), yaml, &worker.ExamineOptions{SkipEnvironment: true}))
			cfg, err := worker.Parse("f.yaml", []byte(yaml))
			require.NoError(t, err)
			require.NoError(t, cfg.Check())
		})
	}
}

// The configuration of docker-compose.yml.
func TestExamineTheDeployed(t *testing.T) {
	problems, err := worker.Examine("../deploy/perdure.yaml", &worker.ExamineOptions{SkipEnvironment: true})
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestExamineWhatIsNoConfiguration(t *testing.T) {
	_, err := worker.Examine(filepath.Join(t.TempDir(), "none.yaml"), nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Equal(t, []string{"f.yaml: is empty"}, examine(t, t.TempDir(), "# nothing\n", nil))
	require.Equal(t, []string{"f.yaml:2: is no YAML: ',' or ']' must be specified"}, examine(t, t.TempDir(), "a: [1\nb: 2\n", nil))
}
