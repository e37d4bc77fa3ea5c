package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/internal/cli"
)

const inputFile = `# an operation
request:
  service: jobs
  method: POST
  url: /jobs
  headers: {x-name: [file], X-Kept: [kept]}
  body: {json: {n: 12345678901234567890.10, big: 123456789012345678901234567890, on: yes, none: null}}
protocol: {name: openai, options: {a: 1}}
polling: {intervalSeconds: 30, backoff: 1.5}
timeoutSeconds: 60
type: FromFile
`

func TestFlagsGoOverTheFile(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "operation.yaml")
	require.NoError(t, os.WriteFile(file, []byte(inputFile), 0o600))
	data := filepath.Join(folder, "data.json")
	require.NoError(t, os.WriteFile(data, []byte(`{"digits":0.10000000000000000000}`), 0o600))

	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{
			name: "the file alone, every digit kept", want: `{"request":{"service":"jobs","method":"POST","url":"/jobs",
				"headers":{"X-Kept":["kept"],"x-name":["file"]},
				"body":{"json":{"n":12345678901234567890.10,"big":123456789012345678901234567890,"on":"yes","none":null}}},
				"type":"FromFile","protocol":{"name":"openai","options":{"a":1}},"polling":{"intervalSeconds":30,"backoff":1.5},"timeoutSeconds":60}`,
		},
		{
			name: "flags",
			args: []string{
				"put", "/other", "--service", "shop", "--data", "@" + data, "--header", "X-Name: flag", "--header", "x-name: twice",
				"--protocol", "location", "--poll-interval", "1500ms", "--timeout", "0", "--type", "FromFlag", "--audience", "me", "--idempotency-key", "k",
			},
			want: `{"request":{"service":"shop","method":"PUT","url":"/other",
				"headers":{"X-Kept":["kept"],"X-Name":["flag","twice"]},"body":{"json":{"digits":0.10000000000000000000}}},
				"type":"FromFlag","audience":"me","protocol":{"name":"location"},"polling":{"intervalSeconds":1.5,"backoff":1.5},"idempotencyKey":"k"}`,
		},
		{
			name: "options of the file's protocol", args: []string{"--protocol-options", `{"b":2}`},
			want: `{"request":{"service":"jobs","method":"POST","url":"/jobs",
				"headers":{"X-Kept":["kept"],"x-name":["file"]},
				"body":{"json":{"n":12345678901234567890.10,"big":123456789012345678901234567890,"on":"yes","none":null}}},
				"type":"FromFile","protocol":{"name":"openai","options":{"b":2}},"polling":{"intervalSeconds":30,"backoff":1.5},"timeoutSeconds":60}`,
		},
		{
			name: "options of the same protocol", args: []string{"--protocol", "openai", "--protocol-options", `{"b":2}`},
			want: `{"request":{"service":"jobs","method":"POST","url":"/jobs",
				"headers":{"X-Kept":["kept"],"x-name":["file"]},
				"body":{"json":{"n":12345678901234567890.10,"big":123456789012345678901234567890,"on":"yes","none":null}}},
				"type":"FromFile","protocol":{"name":"openai","options":{"b":2}},"polling":{"intervalSeconds":30,"backoff":1.5},"timeoutSeconds":60}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := &fakeEngine{op: running()}
			got := command(t, e, append([]string{"start", "--file", file, "--id", "mine"}, c.args...)...)
			require.Zero(t, got.status, got.stderr)
			require.Equal(t, "mine", e.startedID)
			var want perdure.OperationInput
			require.NoError(t, perdure.Decode([]byte(c.want), &want))
			wantJSON, err := json.Marshal(want)
			require.NoError(t, err)
			gotJSON, err := json.Marshal(e.started)
			require.NoError(t, err)
			require.Equal(t, string(wantJSON), string(gotJSON), "byte for byte: every digit")
		})
	}
}

func TestJSONOfYAML(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ yaml, want string }{
		{"a: 1.50", `{"a":1.50}`},
		{"a: 0x1F", `{"a":31}`},
		{"a: [1, two, 'three', true, ~]", `{"a":[1,"two","three",true,null]}`},
		{"a: &x {b: 1}\nc: *x", `{"a":{"b":1},"c":{"b":1}}`},
		{"a: |\n  two\n  lines\n", `{"a":"two\nlines\n"}`},
		{"a:\nb: ''", `{"a":null,"b":""}`},
		{"1: a\ntrue: b", `{"1":"a","true":"b"}`},
		{"{a: {b: []}}", `{"a":{"b":[]}}`},
		{"a: 2031-05-17", `{"a":"2031-05-17"}`},
		{"a: -0.0e-5", `{"a":-0.0e-5}`},
	} {
		got, err := cli.JSONOfYAML([]byte(c.yaml))
		require.NoError(t, err, c.yaml)
		require.Equal(t, c.want, string(got), c.yaml)
	}
	for _, bad := range []string{"a: !!int 1", "a: *nowhere", "a: &x [*x]", "a: 1\na: 2", "a: .inf", "? [a]\n: b", "<<: {a: 1}", "", "a: 1\n---\nb: 2"} {
		_, err := cli.JSONOfYAML([]byte(bad))
		var wrong *perdure.InputError
		require.ErrorAs(t, err, &wrong, bad)
	}
}

func FuzzJSONOfYAML(f *testing.F) {
	for _, seed := range []string{inputFile, "a: &x {b: 1}\nc: *x", "- 1\n- [2]", "a: |\n  b", "? a\n: b", "%YAML 1.2\n---\na: 1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		got, err := cli.JSONOfYAML(content)
		if err == nil {
			require.True(t, json.Valid(got), "%s", got)
		}
	})
}
