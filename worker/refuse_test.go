package worker_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/worker"
)

func TestParseRefuses(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"empty", "# nothing\n", "f.yaml: is empty"},
		{"no object", "- a\n", "f.yaml:1: is a list, want an object"},
		{"no YAML", "a: [1\nb: 2\n", "f.yaml:2: is no YAML: ',' or ']' must be specified"},
		{"two documents", "taskQueue: a\n---\ntaskQueue: b\n", "f.yaml:3: a second document begins here, want one"},
		{"a key twice", "taskQueue: a\ntaskQueue: b\n", `f.yaml:2: is no YAML: mapping key "taskQueue" already defined at [1:1]`},
		{"unknown key", "taskQueue: a\n\nfoo: 1\n", "f.yaml:3: foo: unknown key, want one of encryption, services, storage, taskQueue, tokens, worker"},
		{"a typo", "services:\n  jobs:\n    limitz: {}\n", `f.yaml:3: services.jobs.limitz: unknown key, did you mean "limits"?`},
		{"another spelling", "services:\n  jobs:\n    base_url: x\n", `f.yaml:3: services.jobs.base_url: unknown key, did you mean "baseURL"?`},
		{"unknown below a list", "services:\n  jobs: {polling: {interval: 3}}\n", "f.yaml:2: services.jobs.polling.interval: unknown key, want one of backoff, ignoreRetryAfter, intervalSeconds, maxIntervalSeconds, notFoundGraceSeconds"},
		{"unknown through a merge", "services:\n  a: &a\n    bse: 1\n  b:\n    <<: *a\n", "f.yaml:3: services.a.bse: unknown key, want one of "},
		{"string for a list", "services:\n  jobs:\n    allow: GET /\n", "f.yaml:3: services.jobs.allow: is a string, want a list"},
		{"number for a string", "taskQueue: 7\n", "f.yaml:1: taskQueue: is a number, want a string, in quotes"},
		{"number in a list of strings", "services:\n  jobs:\n    allow:\n      - GET /\n      - 7\n", "f.yaml:5: services.jobs.allow[1]: is a number, want a string, in quotes"},
		{"string for seconds", "worker:\n  drainSeconds: 30s\n", "f.yaml:2: worker.drainSeconds: is a string, want a number of seconds"},
		{"string for a count", "worker: {concurrentActivities: many}\n", "f.yaml:1: worker.concurrentActivities: is a string, want a number"},
		{"fraction of a count", "worker: {concurrentActivities: 1.5}\n", "f.yaml:1: worker.concurrentActivities: want a whole number"},
		{"no finite number", "worker: {drainSeconds: .nan}\n", "f.yaml:1: worker.drainSeconds: is not finite, want a number of seconds"},
		{"word for a bool", "services: {jobs: {allowPrivateNetwork: yes}}\n", "f.yaml:1: services.jobs.allowPrivateNetwork: is a string, want true or false"},
		{"object for a string", "services:\n  jobs:\n    auth:\n      env: {a: b}\n", "f.yaml:4: services.jobs.auth.env: is an object, want a string, in quotes"},
		{"string for an object", "services:\n  jobs:\n    auth: bearer\n", "f.yaml:3: services.jobs.auth: is a string, want an object"},
		{"list for services", "services:\n  - a\n", "f.yaml:2: services: is a list, want an object"},
		{"a tag", "taskQueue: !!str a\n", "f.yaml:1: taskQueue: has a YAML tag, want a plain value"},
		{"an alias of nothing", "taskQueue: *q\n", "f.yaml:1: taskQueue: is an alias of an anchor that is not defined above"},
		{"an alias of itself", "services: {a: {protocol: {name: x, options: &o {o: *o}}}}\n", "f.yaml:1: services.a.protocol.options.o: is an alias of what it is a part of"},
		{"a merge of itself", "worker: &w\n  <<: *w\n", "f.yaml:2: worker.<<: is an alias of what it is a part of"},
		{"a number without end in an option", "services: {a: {protocol: {name: x, options: {n: .inf}}}}\n", "f.yaml:1: services.a.protocol.options.n: is not finite, want JSON"},
		{"an inline secret", "services:\n  a:\n    auth:\n      type: bearer\n      token: abc\n", "f.yaml:5: services.a.auth.token: unknown key; no secret is written into the configuration: name its source with env or file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg, err := worker.Parse("f.yaml", []byte(tt.yaml))
			require.Nil(t, cfg)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestParseTellsAllProblemsInOrder(t *testing.T) {
	_, err := worker.Parse("f.yaml", []byte("worker:\n  drainSeconds: x\nfoo: 1\ntaskQueue: 3\n"))
	require.Equal(t, []string{
		"f.yaml:2: worker.drainSeconds: is a string, want a number of seconds",
		"f.yaml:3: foo: unknown key, want one of encryption, services, storage, taskQueue, tokens, worker",
		"f.yaml:4: taskQueue: is a number, want a string, in quotes",
	}, strings.Split(err.Error(), "\n"))
}

func TestCheckRefuses(t *testing.T) {
	tests := []struct{ name, service, want string }{
		{"no base URL", "allow: []", "services.a.baseURL: is missing"},
		{"base URL of another scheme", "baseURL: ftp://a", "services.a.baseURL: want an absolute http or https URL"},
		{"base URL with a user", "baseURL: https://u:p@a.example.com", "services.a.baseURL: want no user, query or fragment in it"},
		{"no rule", `allow: ["GET /", "jobs"]`, `services.a.allow[1]: "jobs" is no rule, want "METHOD /path"`},
		{"auth without type", "auth: {env: A}", "services.a.auth.type: is missing, want bearer, apiKey, basic, oauth2, azure, google, aws or custom"},
		{"auth of an unknown type", "auth: {type: Bearer, env: A}", `services.a.auth.type: is unknown, want bearer, apiKey, basic, oauth2, azure, google, aws or custom; did you mean "bearer"?`},
		{"auth without a source", "auth: {type: bearer}", "services.a.auth: want exactly one of env and file"},
		{"auth with two sources", "auth: {type: bearer, env: A, file: b}", "services.a.auth.file: is set beside env, want exactly one of env and file"},
		{"auth with a secret for a variable", "auth: {type: bearer, env: sk-1}", "services.a.auth.env: is no name of an environment variable; no secret is written into the configuration"},
		{"bearer with a header", "auth: {type: bearer, env: A, header: X}", "services.a.auth.header: is no key of type bearer, but of apiKey"},
		{"apiKey without a place", "auth: {type: apiKey, env: A}", "services.a.auth: want exactly one of header and query"},
		{"basic with a colon in the user", "auth: {type: basic, username: 'u:p', env: A}", "services.a.auth.username: has a colon or a control character; no secret is written into the configuration"},
		{"oauth2 without a token endpoint", "auth: {type: oauth2, clientId: x, env: A}", "services.a.auth.tokenURL: is missing"},
		{"oauth2 without a client", "auth: {type: oauth2, tokenURL: 'https://i/token', env: A}", "services.a.auth.clientId: is missing"},
		{"oauth2 without a secret", "auth: {type: oauth2, clientId: x, tokenURL: 'https://i/token'}", "services.a.auth: want exactly one of env and file"},
		{"oauth2 with a relative endpoint", "auth: {type: oauth2, clientId: x, tokenURL: /token, env: A}", "services.a.auth.tokenURL: want an absolute http or https URL without user and fragment"},
		{"oauth2 with a user in the endpoint", "auth: {type: oauth2, clientId: x, tokenURL: 'https://u:p@i/token', env: A}", "services.a.auth.tokenURL: want an absolute http or https URL without user and fragment"},
		{"oauth2 with a secret elsewhere", "auth: {type: oauth2, clientId: x, clientAuth: query, tokenURL: 'https://i/token', env: A}", "services.a.auth.clientAuth: want header or body"},
		{"oauth2 with two scopes in one", "auth: {type: oauth2, clientId: x, tokenURL: 'https://i/token', env: A, scopes: [a, 'b c']}", "services.a.auth.scopes[1]: is no scope: want one each, without spaces"},
		{"azure without scopes", "auth: {type: azure}", "services.a.auth.scopes: is missing"},
		{"azure with a secret", "auth: {type: azure, scopes: [a/.default], env: A}", "services.a.auth.env: is no key of type azure, but of bearer, apiKey, basic or oauth2"},
		{"google with a variable", "auth: {type: google, env: A}", "services.a.auth.env: is no key of type google, but of bearer, apiKey, basic or oauth2"},
		{"aws without a region", "auth: {type: aws, service: bedrock}", "services.a.auth.region: is missing"},
		{"aws without a service", "auth: {type: aws, region: eu-central-1}", "services.a.auth.service: is missing"},
		{"aws with a bad region", "auth: {type: aws, region: EU, service: bedrock}", "services.a.auth.region: want such as eu-central-1"},
		{"custom without a name", "auth: {type: custom}", "services.a.auth.name: is missing"},
		{"apiKey with a bad header", `auth: {type: apiKey, env: A, header: "X Y"}`, "services.a.auth.header: is no header name"},
		{"unknown protocol", "protocol: {name: nope}", `services.a.protocol.name: "nope" is unknown, want auto or azure, google, location, openai, waiter`},
		{"no protocol", "protocol: {options: {}}", "services.a.protocol.name: is missing"},
		{"unknown option", "protocol: {name: openai, options: {nope: 1}}", "services.a.protocol.options.nope: unknown field"},
		{"options of auto", "protocol: {name: auto, options: {x: 1}}", "services.a.protocol.options.x: unknown field"},
		{"a credential as a header", "headers: {authorization: [x]}", "services.a.headers.authorization: is a secret's header (auth), and no secret is written into the configuration"},
		{"a secret header as a header", "secretHeaders: [x-session]\n    headers: {X-Session: [x]}", "services.a.headers.X-Session: is a secret's header (secretHeaders)"},
		{"the credential's header as a header", "auth: {type: apiKey, header: X-Key, env: A}\n    headers: {x-key: [x]}", "services.a.headers.x-key: is a secret's header (auth.header)"},
		{"a connection's header", "headers: {Host: [x]}", "services.a.headers.Host: is the connection's to set"},
		{"a control character in a header", `headers: {X-A: ["a\nb"]}`, "services.a.headers.X-A: has a control character"},
		{"a bad secret header", `secretHeaders: [ok, "a b"]`, "services.a.secretHeaders[1]: is no header name"},
		{"idempotency of nothing", "idempotency: {}", "services.a.idempotency: want exactly one of body, form, header and query"},
		{"idempotency of two", "idempotency: {header: A, body: b}", "services.a.idempotency.header: is set beside body, want exactly one of body, form, header and query"},
		{"idempotency of an unknown form", "idempotency: {form: x}", `services.a.idempotency.form: is "x", want repeatability or operationId`},
		{"idempotency with a bad header", `idempotency: {header: "a b"}`, "services.a.idempotency.header: is no header name"},
		{"idempotency window", "idempotency: {header: A, windowSeconds: 0}", "services.a.idempotency.windowSeconds: is 0, want 1 to 31536000"},
		{"no failure for not started", "notStarted: [503, 202]", "services.a.notStarted[1]: is 202, want 400 to 599"},
		{"polling", "polling: {backoff: 0.5}", "services.a.polling.backoff: is 0.5, want 1 to 100"},
		{"polling upside down", "polling: {intervalSeconds: 9, maxIntervalSeconds: 3}", "services.a.polling.maxIntervalSeconds: is 3, below intervalSeconds 9"},
		{"rate", "limits: {requestsPerSecond: -1}", "services.a.limits.requestsPerSecond: is -1, want 0.001 to 100000"},
		{"concurrency", "limits: {concurrency: 10001}", "services.a.limits.concurrency: is 10001, want 1 to 10000"},
		{"no concurrency", "limits: {concurrency: 0}", "services.a.limits.concurrency: is 0, want 1 to 10000"},
		{"timeout", "limits: {requestTimeoutSeconds: 4000}", "services.a.limits.requestTimeoutSeconds: is 4000, want 0.1 to 3600"},
		{"answer", "limits: {maxResponseBytes: 268435457}", "services.a.limits.maxResponseBytes: is 268435457, want 1024 to 268435456"},
		{"capture", "limits: {captureBytes: 262145}", "services.a.limits.captureBytes: is 262145, want 1 to 262144"},
		{"no origin", `allowedOrigins: ["https://a.example.com/x"]`, `services.a.allowedOrigins[0]: "https://a.example.com/x" is no origin`},
		{"origin with a user", `allowedOrigins: ["https://u:p@a.example.com"]`, "services.a.allowedOrigins[0]: has a user in it"},
		{"an origin in the clear", `allowedOrigins: ["HTTP://a.example.com"]`, "services.a.allowedOrigins[0]: is not encrypted"},
		{"trusted and not allowed", `credentialOrigins: ["https://b.example.com"]`, "services.a.credentialOrigins[0]: is not among allowedOrigins"},
		{"lookup without a request", "lookup: {found: x}", "services.a.lookup.request.url: is missing"},
		{"lookup that cannot tell starts apart", "lookup: {request: {url: /jobs}, found: x}", "services.a.lookup.request.url: has no {key}"},
		{"lookup without a path", "lookup: {request: {url: '/jobs?tag={key}'}, found: '['}", "services.a.lookup.found: does not compile"},
		{"proxy with a user", "proxy: http://u:p@p", "services.a.proxy: has a user in it, and no secret is written into the configuration"},
		{"proxy of another scheme", "proxy: socks5://p:1080", "services.a.proxy: want http://HOST:PORT or https://HOST:PORT"},
		{"proxy without a scheme", "proxy: 'p:3128'", "services.a.proxy: want http://HOST:PORT or https://HOST:PORT"},
		{"proxy with a path", "proxy: http://p:3128/x", "services.a.proxy: want http://HOST:PORT or https://HOST:PORT"},
		{"tls of nothing", "tls: {}", "services.a.tls: want caFile, or certFile and keyFile"},
		{"tls without a key", "tls: {certFile: c.pem}", "services.a.tls.keyFile: is missing beside certFile"},
		{"tls without a certificate", "tls: {keyFile: k.pem}", "services.a.tls.certFile: is missing beside keyFile"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			service := tt.service
			if !strings.Contains(service, "baseURL") && tt.name != "no base URL" {
				service = "baseURL: https://a.example.com\n    " + service
			}
			cfg, err := worker.Parse("f.yaml", []byte("tokens: {keysetFile: k}\nservices:\n  a:\n    "+service+"\n"))
			require.NoError(t, err)
			err = cfg.Check()
			require.Regexp(t, `^f\.yaml:\d+: `, err)
			require.NotContains(t, err.Error(), "\n")
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestCheckRefusesAtTheTop(t *testing.T) {
	const service = "services: {a: {baseURL: \"https://a.example.com\"}}\n"
	tests := []struct{ name, yaml, want string }{
		{"no keyset", service, "f.yaml: tokens.keysetFile: is missing; make one with: perdure keys new FILE"},
		{"no service", "tokens: {keysetFile: k}\nservices: {}\n", "f.yaml:2: services: is missing, want at least one service"},
		{"service name", "tokens: {keysetFile: k}\nservices: {a b: {baseURL: \"https://a\"}}\n", "f.yaml:2: services.a b: want a name of letters"},
		{"task queue", "taskQueue: \"a\\nb\"\ntokens: {keysetFile: k}\n" + service, "f.yaml:1: taskQueue: want at most 200 bytes"},
		{"lifetime", "tokens: {keysetFile: k, lifetimeSeconds: 1}\n" + service, "f.yaml:1: tokens.lifetimeSeconds: is 1, want 60 to 315360000"},
		{"listen", "tokens: {keysetFile: k}\nworker: {listen: \"9464\"}\n" + service, "f.yaml:2: worker.listen: want HOST:PORT"},
		{"drain", "tokens: {keysetFile: k}\nworker: {drainSeconds: -1}\n" + service, "f.yaml:2: worker.drainSeconds: is -1, want 0 to 3600"},
		{"activities", "tokens: {keysetFile: k}\nworker: {concurrentActivities: 0}\n" + service, "f.yaml:2: worker.concurrentActivities: is 0, want 1 to 200000"},
		{"threshold", "tokens: {keysetFile: k}\nworker: {watch: {thresholdSeconds: 9999}}\n" + service, "f.yaml:2: worker.watch.thresholdSeconds: is 9999, want 0.001 to 3600"},
		{"window", "tokens: {keysetFile: k}\nworker: {watch: {windowSeconds: 0.01}}\n" + service, "f.yaml:2: worker.watch.windowSeconds: is 0.01, want 0.1 to 3600"},
		{"deployment without a name", "tokens: {keysetFile: k}\nworker: {deployment: {buildId: b}}\n" + service, "f.yaml:2: worker.deployment.name: is missing"},
		{"deployment with a dot", "tokens: {keysetFile: k}\nworker: {deployment: {name: a.b, buildId: b}}\n" + service, "f.yaml:2: worker.deployment.name: want at most 200 bytes, no dot, colon or control character"},
		{"deployment of Temporal's", "tokens: {keysetFile: k}\nworker: {deployment: {name: __a, buildId: b}}\n" + service, "f.yaml:2: worker.deployment.name: want at most 200 bytes"},
		{"a build without a version", "tokens: {keysetFile: k}\nworker: {deployment: {name: a}}\n" + service, "f.yaml:2: worker.deployment.buildId: is missing, and this program was built without a version"},
		{"a build of Temporal's", "tokens: {keysetFile: k}\nworker: {deployment: {name: a, buildId: __unversioned__}}\n" + service, "f.yaml:2: worker.deployment.buildId: want at most 200 bytes"},
		{"encryption", "tokens: {keysetFile: k}\nencryption: {}\n" + service, "f.yaml:2: encryption.keysetFile: is missing; make one with: perdure keys new FILE"},
		{"encryption with the keys of tokens", "tokens: {keysetFile: k}\nencryption: {keysetFile: k}\n" + service, "f.yaml:2: encryption.keysetFile: is that of tokens, want keys of its own"},
		{"storage", "tokens: {keysetFile: k}\nstorage: {thresholdBytes: 4096}\n" + service, "f.yaml:2: storage.url: is missing, want file:///DIRECTORY or s3://BUCKET/PREFIX"},
		{"storage elsewhere", "tokens: {keysetFile: k}\nstorage: {url: \"gs://b\"}\n" + service, "f.yaml:2: storage.url: want file:///DIRECTORY or s3://BUCKET"},
		{"storage threshold", "tokens: {keysetFile: k}\nstorage: {url: \"s3://b\", thresholdBytes: 12}\n" + service, "f.yaml:2: storage.thresholdBytes: is 12, want 1024 to 1000000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg, err := worker.Parse("f.yaml", []byte(tt.yaml))
			require.NoError(t, err)
			err = cfg.Check()
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestCheckTellsAllProblemsInOrder(t *testing.T) {
	cfg, err := worker.Parse("f.yaml", []byte(`storage: {url: x}
services:
  b: {baseURL: "https://b", allow: [x, "GET /", y]}
  a: {}
`))
	require.NoError(t, err)
	require.Equal(t, []string{
		"f.yaml: tokens.keysetFile: is missing; make one with: perdure keys new FILE",
		"f.yaml:1: storage.url: want file:///DIRECTORY or s3://BUCKET/PREFIX?endpoint=URL&region=REGION",
		`f.yaml:3: services.b.allow[0]: "x" is no rule, want "METHOD /path" with * for one segment and ** for any`,
		`f.yaml:3: services.b.allow[2]: "y" is no rule, want "METHOD /path" with * for one segment and ** for any`,
		"f.yaml:4: services.a.baseURL: is missing",
	}, strings.Split(cfg.Check().Error(), "\n"))
}

func TestCheckWithoutAFile(t *testing.T) {
	cfg := &worker.Config{
		Tokens:   worker.Tokens{KeysetFile: "k", LifetimeSeconds: math.NaN()},
		Services: map[string]worker.Service{"a": {BaseURL: "https://a.example.com"}},
	}
	require.EqualError(t, cfg.Check(), "configuration: tokens.lifetimeSeconds: is NaN, want 60 to 315360000")
	var problem *worker.KeyError
	require.ErrorAs(t, cfg.Check(), &problem)
	require.Equal(t, "tokens.lifetimeSeconds", problem.Key)
}
