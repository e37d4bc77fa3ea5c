package protocol_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/activities/protocol"
)

//rule:adopt 2
func TestAdoptedURL(t *testing.T) {
	tests := []struct {
		name, raw string
		want      string // "": refused
	}{
		{"absolute", "https://h/v1/jobs/7?a=b", "https://h/v1/jobs/7?a=b"},
		{"a path", "/jobs/7", "/jobs/7"},
		{"a path without its slash", "jobs/7:x", "/jobs/7:x"},
		{"as long as it may be", "/" + strings.Repeat("a", perdure.MaxURLBytes-12), "/" + strings.Repeat("a", perdure.MaxURLBytes-12)},
		{"longer", "/" + strings.Repeat("a", perdure.MaxURLBytes-11), ""},
		{"nothing", "", ""},
		{"another scheme", "ftp://h/x", ""},
		{"no host", "https:///x", ""},
		{"a port alone", "https://:443/", ""},
		{"a host that is none", "https://[::1/x", ""},
		{"a bad escape", "/x%zz", ""},
		{"dot segments", "/a/../b", ""},
		{"a fragment", "/a#b", ""},
		{"two slashes", "//evil.example/x", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := protocol.AdoptedURL("adopt.statusURL", tt.raw, 10)
			require.Equal(t, tt.want, got)
			if tt.want != "" {
				require.NoError(t, err)
				return
			}
			var bad *perdure.InputError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, "adopt.statusURL", bad.Field)
		})
	}
}
