package script_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/perdure-dev/perdure/bench/polling/internal/script"
)

func TestAnOperationGoesByItsScript(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		operation string
		start     int
		polls     []string // statuses
	}{
		{"done with its start", `{"batch":"b","name":"x","polls":0}`, http.StatusOK, nil},
		{"done with the second question", `{"batch":"b","name":"x","polls":2}`, http.StatusAccepted, []string{"Running", "Succeeded", "Succeeded"}},
		{"until the batch is finished", `{"batch":"b","name":"x","polls":-1}`, http.StatusAccepted, []string{"Running", "Running", "Running"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := script.New()
			started := ask(s, "POST", "/operations", test.operation)
			require.Equal(t, test.start, started.Code)
			require.Equal(t, test.polls != nil, started.Header().Get("Operation-Location") != "")
			for _, want := range test.polls {
				require.Equal(t, want, status(t, s))
			}
			ask(s, "POST", "/batches/b/finish", "")
			if test.polls != nil {
				require.Equal(t, "Succeeded", status(t, s))
			}
		})
	}
}

func TestCountIsOfItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := script.New()
		ask(s, "POST", "/operations", `{"batch":"b","name":"x","polls":-1}`)
		ask(s, "POST", "/operations", `{"batch":"b","name":"y","polls":-1}`)
		time.Sleep(10 * time.Second)
		count(t, s)

		ask(s, "GET", "/operations/b/x", "")
		time.Sleep(2 * time.Second)
		ask(s, "GET", "/operations/b/x", "")
		time.Sleep(3 * time.Second)
		ask(s, "GET", "/operations/b/y", "")
		time.Sleep(time.Second)
		require.Equal(t, script.Count{
			For: 6 * time.Second, Polls: 3,
			Silence: 3 * time.Second, // before y
			Wait:    5 * time.Second, // of y
		}, count(t, s))

		time.Sleep(time.Second)
		require.Equal(t, script.Count{For: time.Second, Silence: time.Second, Wait: time.Second}, count(t, s))
	})
}

func ask(s *script.Service, method, url, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(method, url, strings.NewReader(body)))
	return w
}

func status(t *testing.T, s *script.Service) string {
	t.Helper()
	var said struct{ Status string }
	require.NoError(t, json.Unmarshal(ask(s, "GET", "/operations/b/x", "").Body.Bytes(), &said))
	return said.Status
}

func count(t *testing.T, s *script.Service) (c script.Count) {
	t.Helper()
	require.NoError(t, json.Unmarshal(ask(s, "POST", "/batches/b/count", "").Body.Bytes(), &c))
	return c
}
