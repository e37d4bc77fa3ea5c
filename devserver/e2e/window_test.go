package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure"
	"github.com/perdure-dev/perdure/examples/jobservice"
)

// repeatability lets the service know repeats by OASIS Repeatable Requests, whose key
// it takes for its own. How long it remembers one is for the test to say.
func repeatability(service http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if key := r.Header.Get("Repeatability-Request-Id"); key != "" {
			r.Header.Set("Idempotency-Key", key)
		}
		service.ServeHTTP(w, r)
	})
}

// A key counts from the first sending for as long as the service remembers it, however
// little of that the workers were there.
func TestKilledInAStartUnderARepeatabilityKey(t *testing.T) {
	t.Parallel()
	t.Run("back within the window", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, settings{front: repeatability, extra: "    idempotency: {form: repeatability, windowSeconds: 120}\n"})
		op, _, err := w.killInStart(t, 0)
		require.NoError(t, err)
		value, err := op.Wait(patient(t), nil)
		require.NoError(t, err)
		require.Equal(t, "completed", value.Status)
		books := w.service.Books()
		require.Len(t, books.Operations(), 1, "started once")
		starts := books.Starts()
		require.Len(t, starts, 2)
		require.True(t, starts[1].Repeated)
		require.NotEmpty(t, starts[0].Headers.Get("Repeatability-Request-Id"))
		require.Equal(t, starts[0].Headers["Repeatability-Request-Id"], starts[1].Headers["Repeatability-Request-Id"])
		require.Equal(t, starts[0].Headers["Repeatability-First-Sent"], starts[1].Headers["Repeatability-First-Sent"])
		require.Equal(t, starts[0].Body, starts[1].Body)
	})
	t.Run("back after the window", func(t *testing.T) {
		t.Parallel()
		const window = 3 * time.Second
		w := newWorld(t, settings{front: repeatability, extra: "    idempotency: {form: repeatability, windowSeconds: 3}\n"})
		op, _, err := w.killInStart(t, window)
		bad := &perdure.OperationError{}
		require.ErrorAs(t, err, &bad)
		require.Equal(t, perdure.ErrorStartAmbiguous, bad.Type)
		require.Equal(t, perdure.StateAmbiguous, bad.Status.State)
		require.False(t, bad.Status.Done, "it stays open")
		_, err = op.Resolve(patient(t), perdure.Resolve{Fail: "nobody knows"})
		require.NoError(t, err)
		sent := posts(w.service.Books())
		require.Len(t, sent, 1, "nothing is sent twice")
		require.NotEmpty(t, sent[0].Headers.Get("Repeatability-Request-Id"))
	})
}

// posts gives the requests that would start something.
func posts(b jobservice.Books) (all jobservice.Books) {
	for _, e := range b {
		if e.Method == http.MethodPost {
			all = append(all, e)
		}
	}
	return all
}
