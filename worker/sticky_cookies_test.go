package worker_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/activities/transport"
)

func TestStickyCookies(t *testing.T) {
	for _, tt := range []struct{ setting, want string }{
		{"stickyCookies: true", "aff=1"},
		{"stickyCookies: false", ""},
		{"", ""},
	} {
		t.Run(tt.setting, func(t *testing.T) {
			var got string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = r.Header.Get("Cookie")
				http.SetCookie(w, &http.Cookie{Name: "aff", Value: "1"})
			}))
			defer s.Close()
			cfg := written(t, fmt.Sprintf(`tokens: {keysetFile: keyset.json}
services:
  jobs:
    baseURL: %s
    allowPrivateNetwork: true
    %s
`, s.URL, tt.setting))
			o, err := cfg.Activities()
			require.NoError(t, err)
			jobs := o.Services["jobs"]
			u, err := jobs.Resolve("/jobs/7")
			require.NoError(t, err)
			var cookies transport.Cookies
			for range 2 {
				_, err = jobs.Do(t.Context(), transport.Request{Method: http.MethodGet, URL: u, Cookies: &cookies})
				require.NoError(t, err)
			}
			require.Equal(t, tt.want, got)
		})
	}
}
