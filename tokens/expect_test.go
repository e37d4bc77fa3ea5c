package tokens_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/tokens"
)

func TestOpenComparesWithWhatIsWanted(t *testing.T) {
	keys := newKeyset(t)
	full := seal(t, keys, fullHeader(), "the state")
	bare := seal(t, keys, tokens.Header{Kind: tokens.KindOperation, IssuedAt: issuedAt}, "the state")
	tests := []struct {
		name   string
		token  tokens.Token
		change func(*tokens.Expect)
		want   string
		says   string
	}{
		{"kind", full, func(e *tokens.Expect) { e.Kind = tokens.KindPage }, "kind", `tokens: wrong kind: the token is for kind "operation", asked for kind "page"`},
		{"service", full, func(e *tokens.Expect) { e.Service = "files" }, "service", `tokens: wrong service: the token is for service "jobs", asked for service "files"`},
		{"service, the token has none", bare, func(e *tokens.Expect) { e.Type, e.Audience = "", "" }, "service", `tokens: wrong service: the token is for no service, asked for service "jobs"`},
		{"type", full, func(e *tokens.Expect) { e.Type = "B" }, "type", `tokens: wrong type: the token is for type "CreateVectorStore", asked for type "B"`},
		{"type, none asked for", full, func(e *tokens.Expect) { e.Type = "" }, "type", `tokens: wrong type: the token is for type "CreateVectorStore", asked for no type`},
		{"type, the token has none", bare, func(e *tokens.Expect) { e.Service, e.Audience = "", "" }, "type", `tokens: wrong type: the token is for no type, asked for type "CreateVectorStore"`},
		{"audience", full, func(e *tokens.Expect) { e.Audience = "tenant-b" }, "audience", `tokens: wrong audience: the token is for audience "tenant-a", asked for audience "tenant-b"`},
		{"audience, none asked for", full, func(e *tokens.Expect) { e.Audience = "" }, "audience", `tokens: wrong audience: the token is for audience "tenant-a", asked for no audience`},
		{"audience, the token has none", bare, func(e *tokens.Expect) { e.Service, e.Type = "", "" }, "audience", `tokens: wrong audience: the token is for no audience, asked for audience "tenant-a"`},
		{"age", full, func(e *tokens.Expect) { e.Now = issuedAt.Add(2 * time.Hour) }, "expired", `tokens: expired: issued at 2026-03-04T05:06:07Z, the lifetime is 1h0m0s`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := fullExpect()
			tt.change(&want)
			opened, err := keys.Open(tt.token, want)
			requireOnly(t, err, tt.want)
			require.EqualError(t, err, tt.says)
			require.Zero(t, opened)
		})
	}
}

func TestOpenTakesAnyServiceWhereNoneIsAskedFor(t *testing.T) {
	keys := newKeyset(t)
	want := fullExpect()
	want.Service = ""
	_, err := keys.Open(seal(t, keys, fullHeader(), "s"), want)
	require.NoError(t, err)
}

func TestLifetime(t *testing.T) {
	const lifetime = time.Hour
	tests := []struct {
		name     string
		lifetime time.Duration
		now      time.Time
		want     string
	}{
		{"just issued", lifetime, issuedAt, ""},
		{"exactly as old as the lifetime", lifetime, issuedAt.Add(lifetime), ""},
		{"a nanosecond older", lifetime, issuedAt.Add(lifetime + 1), "expired"},
		{"years older", lifetime, issuedAt.AddDate(400, 0, 0), "expired"},
		{"a clock that is behind", lifetime, issuedAt.Add(-tokens.MaxSkew), ""},
		{"a nanosecond more behind", lifetime, issuedAt.Add(-tokens.MaxSkew - 1), "expired"},
		{"years behind", lifetime, issuedAt.AddDate(-400, 0, 0), "expired"},
		{"now in another zone", lifetime, issuedAt.In(time.FixedZone("", 3600)), ""},
		{"no limit", 0, issuedAt.AddDate(100, 0, 0), ""},
		{"no limit, from the future", 0, issuedAt.AddDate(-1, 0, 0), ""},
		{"no limit and no clock", 0, time.Time{}, ""},
	}
	keys := newKeyset(t)
	token := seal(t, keys, fullHeader(), "s")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := fullExpect()
			want.Lifetime, want.Now = tt.lifetime, tt.now
			opened, err := keys.Open(token, want)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			requireOnly(t, err, tt.want)
			require.Zero(t, opened)
		})
	}
}

func TestOpenRefusesAWantThatCannotBeChecked(t *testing.T) {
	keys := newKeyset(t)
	token := seal(t, keys, fullHeader(), "s")
	tests := []struct {
		name string
		want tokens.Expect
		says string
	}{
		{"no kind", tokens.Expect{}, "Expect.Kind"},
		{"unknown kind", tokens.Expect{Kind: "job"}, "Expect.Kind"},
		{"negative lifetime", tokens.Expect{Kind: tokens.KindOperation, Lifetime: -1, Now: issuedAt}, "Expect.Lifetime"},
		{"a lifetime and no clock", tokens.Expect{Kind: tokens.KindOperation, Lifetime: 1}, "Expect.Now"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			opened, err := keys.Open(token, tt.want)
			require.ErrorContains(t, err, tt.says)
			for _, sentinel := range sentinels {
				require.NotErrorIs(t, err, sentinel)
			}
			require.Zero(t, opened)
		})
	}
}

func TestOpenRefusesNoToken(t *testing.T) {
	opened, err := newKeyset(t).Open(tokens.Token{}, fullExpect())
	requireOnly(t, err, "malformed")
	require.Zero(t, opened)
}
