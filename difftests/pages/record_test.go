package pages_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/difftests/internal/play"
)

// recorder is a client of a service in memory, whatever the host, and has every
// request with its query and its body.
type recorder struct {
	t        *testing.T
	service  http.RoundTripper
	requests []string
}

func record(t *testing.T, service *play.Service) *recorder {
	t.Helper()
	return &recorder{t: t, service: service.Client().Transport}
}

func (r *recorder) client() *http.Client { return &http.Client{Transport: r} }

func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	var body []byte
	if request.Body != nil {
		var err error
		body, err = io.ReadAll(request.Body)
		require.NoError(r.t, err)
		request = request.Clone(request.Context())
		request.Body = io.NopCloser(bytes.NewReader(body))
	}
	r.requests = append(r.requests, strings.TrimSpace(request.Method+" "+request.URL.String()+" "+string(body)))
	return r.service.RoundTrip(request)
}

// line is all requests.
func (r *recorder) line() string { return strings.Join(r.requests, "\n") }
