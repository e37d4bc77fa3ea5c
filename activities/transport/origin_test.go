package transport_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/transport"
)

func TestSameOrigin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"https://api.example.com", "HTTPS://API.example.com.:443/v1?x=1", true},
		{"http://api.example.com:80", "http://api.example.com", true},
		{"https://api.example.com", "http://api.example.com", false},
		{"https://api.example.com", "https://api.example.com:8443", false},
		{"/jobs", "/jobs", false},
		{"", "", false},
		{"https://api.example.com:x", "https://api.example.com:x", false},
	} {
		require.Equal(t, c.want, transport.SameOrigin(c.a, c.b), "%q and %q", c.a, c.b)
	}
}

func TestOriginMatches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		entry, target string
		want          bool
	}{
		{"https://api.example.com", "https://api.example.com/v1", true},
		{"https://*.example.com", "https://a.b.Example.com/v1", true},
		{"https://*.example.com:8443", "https://a.example.com:8443", true},
		{"https://*.example.com", "https://example.com", false},
		{"https://*.example.com", "https://badexample.com", false},
		{"https://*.example.com", "http://a.example.com", false},
		{"https://*.example.com", "https://a.example.com:8443", false},
		{"https://*.example.com", "/v1", false},
		{"example.com", "https://example.com", false},
	} {
		require.Equal(t, c.want, transport.OriginMatches(c.entry, c.target), "%q and %q", c.entry, c.target)
	}
}
