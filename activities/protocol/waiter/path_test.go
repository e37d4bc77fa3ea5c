package waiter_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/protocol"
	"github.com/perdure-dev/perdure/activities/protocol/waiter"
)

// What a path cannot be applied to gives nothing; a number too long for a float keeps
// its digits, and cannot be compared.
//
// What a path gives is the service's own JSON, digit for digit, whatever JMESPath
// computes with.
//
//rule:waiter 2a -
func TestResult(t *testing.T) {
	tests := []struct{ name, path, out, want string }{
		{"a long number", "out", `12345678901234567890`, `12345678901234567890`},
		{"a number above 2^53", "out", `9007199254740993`, `9007199254740993`},
		{"a fraction", "out", `0.1`, `0.1`},
		{"a long fraction", "out", `0.12345678901234567890`, `0.12345678901234567890`},
		{"a huge number", "out", `1e400`, `1e400`},
		{"a tiny number", "out", `1e-400`, `1e-400`},
		{"zero", "out", `0`, `0`},
		{"minus zero", "out", `-0`, `-0`},
		{"numbers within", "out[0].n", `[{"n":123456789012345678}]`, `123456789012345678`},
		{"text with markup", "out", `"<&>\u2028"`, `"<&>\u2028"`},
		{"compared", "out[?n > `1`].n", `[{"n":1},{"n":2},{"n":2.5e0}]`, `[2,2.5]`},
		{"equal", "out == `1`", `1.0`, `true`},
		{"sorted", "sort(out)", `[3,1.5,2]`, `[1.5,2,3]`},
		{"an object", "{a: out, b: nothing}", `1`, `{"a":1,"b":null}`},
		{"a function that does not fit", "length(out)", `5`, ``},
		{"an expression reference", "&out", `5`, ``},
		{"nothing", "nothing.at.all", `5`, ``},
		{"null", "out", `null`, ``},
		{"false", "out", `false`, `false`},
		{"a slice of many", "out[9223372036854775807:-1:-1]", `[1,2,3]`, `[]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, err := waiter.Protocol{}.Bind(options(t, map[string]any{"status": "/x", "result": tt.path}))
			require.NoError(t, err)
			step, err := b.Answered([]byte(`{"url":"/x"}`), protocol.Exchange{Status: 200, Body: []byte(`{"state":"DONE","out":` + tt.out + `}`)})
			require.NoError(t, err)
			require.Equal(t, tt.want, string(step.Value))
			require.Equal(t, tt.want != "", step.HasValue)
		})
	}
}

// FuzzPath: no expression and no document makes the protocol panic.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"a", "a[::-1]", "sort_by(@, &a)", "to_number(a)", "a[9223372036854775807:-9223372036854775808:-1]", "map(&@, @)", "max_by(a,&b)", "`{`", "'", "{a: b}.c", "a || b && !c", "join(',', keys(@))", "merge()", "@[*].*[]"} {
		f.Add(seed, []byte(`{"a":[1,2,{"b":"c"}],"state":"DONE"}`))
	}
	f.Fuzz(func(t *testing.T, path string, document []byte) {
		b, err := waiter.Protocol{}.Bind(options(t, map[string]any{"status": "/x/{" + path + "}", "result": path, "progress": path, "percentComplete": path, "error": path}))
		if err != nil {
			return
		}
		_, _ = b.Started(protocol.Exchange{Method: "POST", URL: "https://h/x", Status: 200, Body: document})
		step, err := b.Answered([]byte(`{"url":"/x"}`), protocol.Exchange{Status: 200, Body: document})
		require.NoError(t, err)
		require.Equal(t, step.HasValue, len(step.Value) > 0)
	})
}
