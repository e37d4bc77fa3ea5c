package worker_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/worker"
)

func get(h http.Handler, path string) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked int
		var server error
		health := worker.NewHealth(func(context.Context) error { asked++; return server })
		h := health.Handler(nil)
		requireAnswer := func(path string, code int, text string) {
			t.Helper()
			gotCode, got := get(h, path)
			require.Equal(t, code, gotCode)
			require.Equal(t, text+"\n", got)
		}

		requireAnswer("/healthz", 200, "ok")
		requireAnswer("/readyz", 503, "starting")
		require.Zero(t, asked)

		health.Serving()
		requireAnswer("/readyz", 200, "ok")
		requireAnswer("/readyz", 200, "ok")
		require.Equal(t, 1, asked, "an answer holds for a second")

		server = errors.New("secret of the server")
		time.Sleep(time.Second)
		requireAnswer("/readyz", 503, "the Temporal server does not answer, or not that it is well")
		require.Equal(t, 2, asked)

		health.Draining()
		requireAnswer("/readyz", 503, "draining")
		requireAnswer("/healthz", 200, "ok")
	})
}

func TestHealthOfAServerThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		health := worker.NewHealth(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		health.Serving()
		start := time.Now()
		code, _ := get(health.Handler(nil), "/readyz")
		require.Equal(t, 503, code)
		require.Equal(t, 2*time.Second, time.Since(start))
	})
}

func TestFurtherPaths(t *testing.T) {
	health := worker.NewHealth(func(context.Context) error { return nil })
	code, _ := get(health.Handler(nil), "/metrics")
	require.Equal(t, 404, code)
	code, body := get(health.Handler(map[string]http.Handler{"GET /metrics": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("perdure_up 1"))
	})}), "/metrics")
	require.Equal(t, 200, code)
	require.Equal(t, "perdure_up 1", body)
}
