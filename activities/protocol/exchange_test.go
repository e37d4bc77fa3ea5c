package protocol_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

// A URL that an answer names may be relative: it is resolved against the URL that was
// asked. It must be http or https with a host, and at most 16 KiB; a fragment is
// dropped.
//
//rule:answers 4 RFC 3986 section 5.2
func TestResolve(t *testing.T) {
	long := "/" + strings.Repeat("a", perdure.MaxURLBytes-100)
	tests := []struct {
		name, base, ref string
		want            string // "": a violation
	}{
		{"absolute", "https://h/a/b", "https://other.example/c?d=e", "https://other.example/c?d=e"},
		{"another scheme of ours", "https://h/a", "http://h/b", "http://h/b"},
		{"a path", "https://h/a/b?x=1", "/c", "https://h/c"},
		{"beside", "https://h/a/b", "c", "https://h/a/c"},
		{"above", "https://h/a/b/c", "../d", "https://h/a/d"},
		{"above the top", "https://h/a", "../../../d", "https://h/d"},
		{"another host", "https://h/a", "//other.example/b", "https://other.example/b"},
		{"a query", "https://h/a/b", "?x=1", "https://h/a/b?x=1"},
		{"its fragment is dropped", "https://h/a", "/b?c=d#e", "https://h/b?c=d"},
		{"a query stays byte for byte", "https://h/a", "/b?sig=a%2fB+c&&;=,%7E~", "https://h/b?sig=a%2fB+c&&;=,%7E~"},
		{"a path stays as it is spelled", "https://h/a", "/b%2Fc/%7e", "https://h/b%2Fc/%7e"},
		{"bytes that no URL has", "https://h/a", "/ü?q=ü <\">\xff", "https://h/%C3%BC?q=%C3%BC%20%3C%22%3E%FF"},
		{"a long one", "https://h/a", long, "https://h" + long},
		{"nothing", "https://h/a?b=c", "", "https://h/a?b=c"},
		{"a backslash is no slash", "https://h/a", `/\evil.example`, "https://h/%5Cevil.example"},
		{"another scheme", "https://h/a", "ftp://h/b", ""},
		{"script", "https://h/a", "javascript:alert(1)", ""},
		{"opaque", "https://h/a", "http:b", ""},
		{"no host", "https://h/a", "https:///b", ""},
		{"a port alone", "https://h/a", "https://:8080/b", ""},
		{"backslashes for slashes", "https://h/a", `https:\\evil.example`, ""},
		{"a control character", "https://h/a", "/b\x00", ""},
		{"a line end", "https://h/a", "/b\r\nc", ""},
		{"a broken escape", "https://h/a", "/%zz", ""},
		{"a broken host", "https://h/a", "https://[::1", ""},
		{"too long", "https://h/a", "/" + strings.Repeat("a", perdure.MaxURLBytes), ""},
		{"too long once it is escaped", "https://h/a", "/" + strings.Repeat("ü", perdure.MaxURLBytes/4), ""},
		{"a base that is none", "://", "/b", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := protocol.Exchange{URL: tt.base}.Resolve("p", "Location", tt.ref)
			require.Equal(t, tt.want, got)
			if tt.want != "" {
				require.NoError(t, err)
				return
			}
			var violation *perdure.ProtocolError
			require.ErrorAs(t, err, &violation)
			require.Equal(t, "p", violation.Protocol)
			require.NotContains(t, err.Error(), "evil", "an error holds no URL")
		})
	}
}

func FuzzResolve(f *testing.F) {
	for _, seed := range []string{"", "/", "//h", "x", "../x", "?q", "#f", "https://h:8/x?y#z", "http:x", "%", "/ü?ü", "https://u:p@h/", "https://[::1%25x]/", `\\h`, "\x7f", "https://h/?a=\xff"} {
		f.Add("https://h/a/b?c", seed)
	}
	f.Fuzz(func(t *testing.T, base, ref string) {
		got, err := protocol.Exchange{URL: base}.Resolve("p", "Location", ref)
		if err != nil {
			var violation *perdure.ProtocolError
			require.True(t, errors.As(err, &violation))
			require.Empty(t, got)
			return
		}
		require.LessOrEqual(t, len(got), perdure.MaxURLBytes)
		u, err := url.Parse(got)
		require.NoError(t, err)
		require.Contains(t, []string{"http", "https"}, u.Scheme)
		require.NotEmpty(t, u.Hostname())
		require.Empty(t, u.Fragment)
		again, err := protocol.Exchange{URL: "https://elsewhere.example/"}.Resolve("p", "Location", got)
		require.NoError(t, err)
		require.Equal(t, got, again, "an absolute URL is what it is")
	})
}

//rule:answers 3
func TestValue(t *testing.T) {
	tests := []struct {
		name, body, want string
		has              bool
	}{
		{"empty", "", "", false},
		{"white space", " \r\n", "", false},
		{"a byte order mark alone", "\xef\xbb\xbf", "", false},
		{"JSON", ` {"a":1}`, ` {"a":1}`, true},
		{"JSON after a byte order mark", "\xef\xbb\xbf[1]", "[1]", true},
		{"text after a byte order mark", "\xef\xbb\xbfx", "\xef\xbb\xbfx", true},
		{"bytes", "\x00\xff", "\x00\xff", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, has := protocol.Exchange{Body: []byte(tt.body)}.Value()
			require.Equal(t, tt.want, string(got))
			require.Equal(t, tt.has, has)
		})
	}
}
