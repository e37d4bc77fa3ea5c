package worker_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/worker"
	"github.com/perdure-dev/perdure/worker/telemetry"
)

func newTelemetry(t *testing.T) *telemetry.Telemetry {
	t.Helper()
	watched, err := telemetry.New(t.Context(), telemetry.Options{})
	require.NoError(t, err)
	return watched
}

// scraped is what Prometheus gets.
func scraped(t *telemetry.Telemetry) string {
	w := httptest.NewRecorder()
	t.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

func TestOpenOperations(t *testing.T) {
	watched := newTelemetry(t)
	open := worker.NewOpenOperations(func(_ context.Context, service string, state perdure.State) (int64, error) {
		if service == "b" {
			return 0, nil
		}
		return map[perdure.State]int64{perdure.StateAmbiguous: 2, perdure.StateRunning: 40}[state], nil
	}, watched.MetricsHandler(), "a", "b")
	open.Turn(t.Context())
	got := scraped(watched)
	require.Contains(t, got, `perdure_open_operations{service="a",state="ambiguous"} 2`+"\n")
	require.Contains(t, got, `perdure_open_operations{service="a",state="running"} 40`+"\n")
	require.Contains(t, got, `perdure_open_operations{service="b",state="ambiguous"} 0`+"\n")
}

// However many services there are, a turn asks for a few, and the next goes on.
func TestOpenOperationsAreCountedInTurns(t *testing.T) {
	var services []string
	for i := range 25 {
		services = append(services, fmt.Sprintf("s%d", i))
	}
	asked := map[string]int{}
	fail := false
	open := worker.NewOpenOperations(func(_ context.Context, service string, state perdure.State) (int64, error) {
		if fail {
			return 0, errors.New("the server is away")
		}
		asked[service+string(state)]++
		return 0, nil
	}, newTelemetry(t).MetricsHandler(), services...)
	open.Turn(t.Context())
	require.Len(t, asked, 40)
	fail = true
	open.Turn(t.Context())
	fail = false
	open.Turn(t.Context())
	open.Turn(t.Context())
	require.Len(t, asked, 100, "all services in all open states")
	require.Equal(t, 2, asked["s0ambiguous"])
	require.Equal(t, 1, asked["s24canceling"])
}
